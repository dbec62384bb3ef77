//! The stand-in in memory and the DynamoDB adapter keep the same promises, and a file keeps what was written.

use beckon_cli::laptop;
use beckon_domain::abandonment::SkipReason;
use beckon_domain::id::{EventId, SourceId, UserId};
use beckon_domain::{DurationMs, EpisodeId, Pepper, Profile, ProfileKey, Reminder, Timestamp};
use beckon_store::contract;
use beckon_store::tables::dynamodb::DynamoTables;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ChangeKind, ConfigStore, Contact, ContactStore, DUE_SHARD_COUNT, DocumentKind, LedgerChange,
    OutreachStore, ProfileScan, ProfileStore, Read, ReminderId, RulesetChange, RulesetDocument, RulesetStore,
    Save, Stored, TestCount,
};
use std::path::Path;

async fn embedded(file: Option<&Path>) -> DynamoTables {
    laptop::tables(file).await.expect("the engine starts")
}

fn key(name: &str) -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
}

const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn profile(adds: u64) -> Profile {
    let mut profile = Profile { last_received_at: NOW, ..Profile::default() };
    profile.counts.adds = adds;
    profile
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    Box::pin(contract::all(&MemoryTables::default())).await;
}

#[tokio::test]
async fn the_embedded_engine_keeps_the_contract() {
    Box::pin(contract::all(&embedded(None).await)).await;
}

#[tokio::test]
async fn the_embedded_engine_on_a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    Box::pin(contract::all(&embedded(Some(&folder.path().join("state.db"))).await)).await;
}

#[tokio::test]
async fn what_was_written_is_there_after_the_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    // A folder that does not exist yet is made.
    let file = folder.path().join("deep/er/state.db");
    let (who, contact) = (
        key("anna"),
        Contact { email: Some("anna@shop.example".into()), verified: true, at: NOW, ..Contact::default() },
    );
    let episode =
        EpisodeId::derive(who.as_str(), &SourceId::new("web").unwrap(), &EventId::new("e-1").unwrap());
    let id = ReminderId { episode, step: 2 };
    let document = RulesetDocument { version: "v1".into(), body: "rules: []".into() };
    let change = RulesetChange {
        number: 1,
        id: "change-1".into(),
        at: NOW,
        kind: ChangeKind::Publish,
        from: None,
        to: "v1".into(),
        who: "shop".into(),
        by: None,
        note: None,
        tests: TestCount::default(),
        forced: false,
    };

    let before = embedded(Some(&file)).await;
    assert_eq!(before.save(&who, &profile(7), None, Some(NOW)).await.unwrap(), Save::Saved);
    assert!(before.put_contact(&who, &contact).await.unwrap());
    let row = Reminder::skip(None, &who, SkipReason::NoConsent, None, NOW).unwrap();
    let skip = LedgerChange { id, row, read_version: None, history: None, code: None };
    assert_eq!(before.save_reminder(&skip, NOW).await.unwrap(), Save::Saved);
    assert_eq!(before.change_document(DocumentKind::Ruleset, &document, &change).await.unwrap(), Save::Saved);
    let reminder = before.reminder(&id).await.unwrap();
    drop(before);

    // The first engine lives in its thread to the end of the process; the second reads what is in the file.
    let after = embedded(Some(&file)).await;
    let stored = after.load(std::slice::from_ref(&who), Read::Strong).await.unwrap().remove(&who);
    assert_eq!(stored, Some(Stored { profile: profile(7), version: 1 }));
    let due = after.due(who.shard(DUE_SHARD_COUNT), NOW, None, 10).await.unwrap();
    assert_eq!(due.iter().map(|d| (&d.key, d.at)).collect::<Vec<_>>(), [(&who, NOW)]);
    assert_eq!(after.contact(&who, NOW).await.unwrap(), Some(contact));
    assert!(reminder.is_some());
    assert_eq!(after.reminder(&id).await.unwrap(), reminder);
    assert_eq!(after.active_documents().await.unwrap().ruleset, Some(document));
    assert_eq!(after.ruleset_changes(None, 10).await.unwrap(), [change]);
    assert_eq!(
        after.save(&who, &profile(8), None, None).await.unwrap(),
        Save::Conflict,
        "it is no first write"
    );
    assert_eq!(after.save(&who, &profile(8), Some(1), None).await.unwrap(), Save::Saved);
}

/// What the suite leaves out and callers rely on.
async fn keeps_the_small_print<T: ProfileStore + ProfileScan>(tables: &T) {
    asked_twice(tables).await;
    page_after_an_entry_that_left(tables).await;
}

/// DynamoDB refuses a BatchGetItem that names a key twice; no caller has to know.
async fn asked_twice<T: ProfileStore + ProfileScan>(tables: &T) {
    let (ada, bob) = (key("ada"), key("bob"));
    tables.save(&ada, &profile(1), None, None).await.unwrap();
    let asked = [ada.clone(), bob.clone(), ada.clone(), bob];
    let loaded = tables.load(&asked, Read::Eventual).await.expect("a key named twice is no error");
    assert_eq!(loaded.keys().collect::<Vec<_>>(), [&ada]);
    assert!(tables.load(&[], Read::Strong).await.unwrap().is_empty(), "nobody asked, nobody answered");
    let everybody = tables.scan_profiles().await.unwrap();
    assert_eq!(everybody, [(ada, profile(1))]);
}

/// A run pages through the index while what it did takes entries out of it.
async fn page_after_an_entry_that_left<T: ProfileStore>(tables: &T) {
    let shard = key("due-0").shard(DUE_SHARD_COUNT);
    let mates = (0..200).map(|n| key(&format!("due-{n}"))).filter(|k| k.shard(DUE_SHARD_COUNT) == shard);
    let mates: Vec<_> = mates.take(5).collect();
    for (minute, mate) in (0..).zip(&mates) {
        let at = NOW + DurationMs::from_minutes(minute);
        tables.save(mate, &profile(0), None, Some(at)).await.unwrap();
    }
    let until = NOW + DurationMs::from_minutes(3);
    let first = tables.due(shard, until, None, 2).await.unwrap();
    assert_eq!(first.iter().map(|d| &d.key).collect::<Vec<_>>(), [&mates[0], &mates[1]]);
    tables.save(&mates[1], &profile(0), Some(1), None).await.unwrap();
    let rest = tables.due(shard, until, first.last(), 10).await.unwrap();
    assert_eq!(
        rest.iter().map(|d| &d.key).collect::<Vec<_>>(),
        [&mates[2], &mates[3]],
        "the fifth is not due"
    );
}

#[tokio::test]
async fn memory_keeps_the_small_print() {
    Box::pin(keeps_the_small_print(&MemoryTables::default())).await;
}

#[tokio::test]
async fn the_embedded_engine_keeps_the_small_print() {
    Box::pin(keeps_the_small_print(&embedded(None).await)).await;
}
