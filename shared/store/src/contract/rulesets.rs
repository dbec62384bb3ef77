//! What is promised of rulesets and experiments: versions that stay, and changes that are complete, numbered and never lost.

use super::minute;
use crate::tables::{
    ChangeKind, ConfigStore, DocumentKind, Keep, MailContentStore, NotKept, RulesetChange, RulesetDocument,
    RulesetStore, Save, TestCount,
};

fn document(version: &str) -> RulesetDocument {
    RulesetDocument { version: version.to_owned(), body: format!("body of {version}\n").repeat(40) }
}

fn change(number: u64, from: Option<&str>, to: &str) -> RulesetChange {
    RulesetChange {
        number,
        id: format!("change-{number}"),
        at: minute(number),
        kind: ChangeKind::Publish,
        from: from.map(ToOwned::to_owned),
        to: to.to_owned(),
        who: "shop".to_owned(),
        by: None,
        note: None,
        tests: TestCount::default(),
        forced: false,
    }
}

/// Runs the suite on empty tables.
pub(super) async fn all<T: ConfigStore + RulesetStore + MailContentStore>(tables: &T) {
    mail_content(tables).await;
    for kind in [DocumentKind::Ruleset, DocumentKind::Experiments] {
        versions(tables, kind).await;
        changes(tables, kind).await;
        pages(tables, kind).await;
    }
    let active = tables.active_documents().await.unwrap();
    assert_eq!(active.ruleset, Some(document("v12")));
    assert_eq!(active.experiments, Some(document("v12")), "each is another thing, and both are read at once");
}

/// What is live of a kind, as the data path reads it.
async fn active<T: ConfigStore>(tables: &T, kind: DocumentKind) -> Option<RulesetDocument> {
    let active = tables.active_documents().await.unwrap();
    match kind {
        DocumentKind::Ruleset => active.ruleset,
        DocumentKind::Experiments => active.experiments,
    }
}

/// The content of mails changes as rulesets do, and apart from them.
async fn mail_content<T: ConfigStore + RulesetStore + MailContentStore>(tables: &T) {
    assert_eq!(tables.active_mail_content().await.unwrap(), None);
    assert_eq!(tables.mail_content("m1").await.unwrap(), None);
    assert_eq!(tables.live_mail_content().await.unwrap(), None);
    let first = change(1, None, "m1");
    let second = RulesetChange { note: Some("why".to_owned()), ..change(2, Some("m1"), "m2") };
    let early = tables.change_mail_content(&document("m2"), &second).await.unwrap();
    assert_eq!(early, Save::Conflict);
    for (version, change) in [("m1", &first), ("m2", &second)] {
        assert_eq!(tables.change_mail_content(&document(version), change).await.unwrap(), Save::Saved);
        assert_eq!(tables.change_mail_content(&document("m3"), change).await.unwrap(), Save::Conflict);
        assert_eq!(tables.active_mail_content().await.unwrap(), Some(document(version)));
        assert_eq!(tables.mail_content(version).await.unwrap(), Some(document(version)));
    }
    let live = tables.live_mail_content().await.unwrap().unwrap();
    assert_eq!((live.number, live.from.as_deref(), &live.document), (2, Some("m1"), &document("m2")));
    assert_eq!(tables.mail_content_changes(1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(tables.mail_content_changes(9).await.unwrap(), [second, first]);
    assert_eq!(active(tables, DocumentKind::Ruleset).await, None, "a ruleset is another thing");
}

/// A version stays what it was, is no live one by itself, and is refused when no item holds it.
async fn versions<T: ConfigStore + RulesetStore>(tables: &T, kind: DocumentKind) {
    assert_eq!(tables.document(kind, "a").await.unwrap(), None);
    for at in [0, 9] {
        assert_eq!(tables.put_document(kind, &document("a"), minute(at)).await.unwrap(), Keep::Kept);
    }
    assert_eq!(tables.document(kind, "a").await.unwrap(), Some(document("a")));
    let other = RulesetDocument { body: "another text".to_owned(), ..document("a") };
    assert_eq!(tables.put_document(kind, &other, minute(10)).await.unwrap(), Keep::Not(NotKept::Taken));
    assert_eq!(tables.document(kind, "a").await.unwrap(), Some(document("a")));

    // A text of a million letters is kept as long as it compresses; noise is not.
    let long = RulesetDocument { version: "long".to_owned(), body: "products: tent\n".repeat(69_000) };
    assert_eq!(tables.put_document(kind, &long, minute(0)).await.unwrap(), Keep::Kept);
    assert_eq!(tables.document(kind, "long").await.unwrap(), Some(long));
    let mut state = 1_u32;
    let mut digit = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + u8::try_from((state >> 16) % 90).unwrap())
    };
    let noise: String = (0..900_000).map(|_| digit()).collect();
    let noise = RulesetDocument { version: "noise".to_owned(), body: noise };
    let refused = tables.put_document(kind, &noise, minute(0)).await.unwrap();
    assert!(matches!(refused, Keep::Not(NotKept::TooLarge(_))), "{refused:?}");
    assert_eq!(active(tables, kind).await, None, "to keep a version makes nothing live");
    assert_eq!(tables.live_document(kind).await.unwrap(), None);
}

/// A change names the number that it follows: the second of two that follow the same one is told so, and leaves no trace.
async fn changes<T: ConfigStore + RulesetStore>(tables: &T, kind: DocumentKind) {
    let first = change(1, None, "a");
    assert_eq!(
        tables.change_document(kind, &document("a"), &change(2, None, "a")).await.unwrap(),
        Save::Conflict
    );
    assert_eq!(tables.change_document(kind, &document("a"), &first).await.unwrap(), Save::Saved);
    assert_eq!(active(tables, kind).await, Some(document("a")));

    let second = RulesetChange {
        kind: ChangeKind::Rollback,
        by: Some("ops".to_owned()),
        note: Some("a note with ümlauts".to_owned()),
        tests: TestCount { passed: 3, failed: 1 },
        forced: true,
        ..change(2, Some("a"), "b")
    };
    let late = RulesetChange { id: "late".to_owned(), ..change(2, Some("a"), "c") };
    assert_eq!(tables.change_document(kind, &document("b"), &second).await.unwrap(), Save::Saved);
    for stale in [&late, &first, &change(4, Some("b"), "c")] {
        assert_eq!(tables.change_document(kind, &document("c"), stale).await.unwrap(), Save::Conflict);
    }
    let live = tables.live_document(kind).await.unwrap().unwrap();
    assert_eq!((live.number, live.from.as_deref(), &live.document), (2, Some("a"), &document("b")));
    assert_eq!(active(tables, kind).await, Some(document("b")));
    assert_eq!(
        tables.document_changes(kind, None, 10).await.unwrap(),
        [second, first],
        "with every word of them"
    );
}

/// Newest first, and pages neither skip nor repeat.
async fn pages<T: RulesetStore>(tables: &T, kind: DocumentKind) {
    let mut from = "b".to_owned();
    for number in 3..=12 {
        let to = format!("v{number}");
        let saved =
            tables.change_document(kind, &document(&to), &change(number, Some(&from), &to)).await.unwrap();
        assert_eq!(saved, Save::Saved);
        from = to;
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = tables.document_changes(kind, before, 5).await.unwrap();
        assert!(page.len() <= 5);
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        found.extend(page.iter().map(|change| change.number));
    }
    assert_eq!(found, (1..=12).rev().collect::<Vec<_>>());
}
