//! What is promised of rulesets: versions that stay, and changes that are complete, numbered and never lost.

use super::minute;
use crate::tables::{
    ChangeKind, ConfigStore, Keep, MailContentStore, NotKept, RulesetChange, RulesetDocument, RulesetStore,
    Save, TestCount,
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
    versions(tables).await;
    changes(tables).await;
    pages(tables).await;
}

/// The content of mails changes as rulesets do, and apart from them.
async fn mail_content<T: ConfigStore + RulesetStore + MailContentStore>(tables: &T) {
    assert_eq!(tables.active_mail_content().await.unwrap(), None);
    assert_eq!(tables.live_mail_content().await.unwrap(), None);
    let first = change(1, None, "m1");
    let second = RulesetChange { note: Some("why".to_owned()), ..change(2, Some("m1"), "m2") };
    let early = tables.change_mail_content(&document("m2"), &second).await.unwrap();
    assert_eq!(early, Save::Conflict);
    for (version, change) in [("m1", &first), ("m2", &second)] {
        assert_eq!(tables.change_mail_content(&document(version), change).await.unwrap(), Save::Saved);
        assert_eq!(tables.change_mail_content(&document("m3"), change).await.unwrap(), Save::Conflict);
        assert_eq!(tables.active_mail_content().await.unwrap(), Some(document(version)));
    }
    let live = tables.live_mail_content().await.unwrap().unwrap();
    assert_eq!((live.number, live.from.as_deref(), &live.document), (2, Some("m1"), &document("m2")));
    assert_eq!(tables.mail_content_changes(1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(tables.mail_content_changes(9).await.unwrap(), [second, first]);
    assert_eq!(tables.active_ruleset().await.unwrap(), None, "a ruleset is another thing");
}

/// A version stays what it was, is no live one by itself, and is refused when no item holds it.
async fn versions<T: ConfigStore + RulesetStore>(tables: &T) {
    assert_eq!(tables.ruleset("a").await.unwrap(), None);
    for at in [0, 9] {
        assert_eq!(tables.put_ruleset(&document("a"), minute(at)).await.unwrap(), Keep::Kept);
    }
    assert_eq!(tables.ruleset("a").await.unwrap(), Some(document("a")));
    let other = RulesetDocument { body: "another text".to_owned(), ..document("a") };
    assert_eq!(tables.put_ruleset(&other, minute(10)).await.unwrap(), Keep::Not(NotKept::Taken));
    assert_eq!(tables.ruleset("a").await.unwrap(), Some(document("a")));

    // A text of a million letters is kept as long as it compresses; noise is not.
    let long = RulesetDocument { version: "long".to_owned(), body: "products: tent\n".repeat(69_000) };
    assert_eq!(tables.put_ruleset(&long, minute(0)).await.unwrap(), Keep::Kept);
    assert_eq!(tables.ruleset("long").await.unwrap(), Some(long));
    let mut state = 1_u32;
    let mut digit = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + u8::try_from((state >> 16) % 90).unwrap())
    };
    let noise: String = (0..900_000).map(|_| digit()).collect();
    let noise = RulesetDocument { version: "noise".to_owned(), body: noise };
    let refused = tables.put_ruleset(&noise, minute(0)).await.unwrap();
    assert!(matches!(refused, Keep::Not(NotKept::TooLarge(_))), "{refused:?}");
    assert_eq!(tables.active_ruleset().await.unwrap(), None, "to keep a version makes nothing live");
    assert_eq!(tables.live_ruleset().await.unwrap(), None);
}

/// A change names the number that it follows: the second of two that follow the same one is told so, and leaves no trace.
async fn changes<T: ConfigStore + RulesetStore>(tables: &T) {
    let first = change(1, None, "a");
    assert_eq!(tables.change_ruleset(&document("a"), &change(2, None, "a")).await.unwrap(), Save::Conflict);
    assert_eq!(tables.change_ruleset(&document("a"), &first).await.unwrap(), Save::Saved);
    assert_eq!(tables.active_ruleset().await.unwrap(), Some(document("a")));

    let second = RulesetChange {
        kind: ChangeKind::Rollback,
        by: Some("ops".to_owned()),
        note: Some("a note with ümlauts".to_owned()),
        tests: TestCount { passed: 3, failed: 1 },
        forced: true,
        ..change(2, Some("a"), "b")
    };
    let late = RulesetChange { id: "late".to_owned(), ..change(2, Some("a"), "c") };
    assert_eq!(tables.change_ruleset(&document("b"), &second).await.unwrap(), Save::Saved);
    for stale in [&late, &first, &change(4, Some("b"), "c")] {
        assert_eq!(tables.change_ruleset(&document("c"), stale).await.unwrap(), Save::Conflict);
    }
    let live = tables.live_ruleset().await.unwrap().unwrap();
    assert_eq!((live.number, live.from.as_deref(), &live.document), (2, Some("a"), &document("b")));
    assert_eq!(tables.active_ruleset().await.unwrap(), Some(document("b")));
    assert_eq!(tables.ruleset_changes(None, 10).await.unwrap(), [second, first], "with every word of them");
}

/// Newest first, and pages neither skip nor repeat.
async fn pages<T: RulesetStore>(tables: &T) {
    let mut from = "b".to_owned();
    for number in 3..=12 {
        let to = format!("v{number}");
        let saved = tables.change_ruleset(&document(&to), &change(number, Some(&from), &to)).await.unwrap();
        assert_eq!(saved, Save::Saved);
        from = to;
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = tables.ruleset_changes(before, 5).await.unwrap();
        assert!(page.len() <= 5);
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        found.extend(page.iter().map(|change| change.number));
    }
    assert_eq!(found, (1..=12).rev().collect::<Vec<_>>());
}
