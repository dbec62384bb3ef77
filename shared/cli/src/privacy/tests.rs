use super::erase::would_go;
use super::export::joined;
use super::*;
use crate::rules::place::PlaceArgs;
use beckon_domain::Timestamp;
use beckon_store::archive::folder::{FolderArchive, Limits};
use beckon_store::objects::FailedEventStore;
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use indicatif::ProgressBar;

#[test]
fn nobody_is_meant_by_nothing() {
    let error = PersonArgs::default().body().unwrap_err().to_string();
    assert!(error.contains("--user-id or --anonymous-id"), "{error}");
    assert_eq!(PersonArgs::default().any(), json!({}));
    let both = PersonArgs { user_id: Some("u1".into()), anonymous_id: Some("a1".into()) };
    assert_eq!(both.body().unwrap(), json!({ "userId": "u1", "anonymousId": "a1" }));
}

#[test]
fn the_pages_of_an_export_are_one_document() {
    let first = json!({ "profiles": [1], "outreach": [1, 2], "next": "x" });
    let whole = joined(joined(Value::Null, first), json!({ "outreach": [3], "next": null }));
    assert_eq!(whole, json!({ "profiles": [1], "outreach": [1, 2, 3] }));
}

#[test]
fn an_erasure_says_what_is_done_and_what_remains() {
    let mut erasure = json!({
        "id": "er-1", "state": "erased", "at": "2026-01-01T00:00:00Z", "completeBy": "2026-01-02T00:00:00Z",
        "until": "2026-04-01T00:00:00Z", "removed": { "profiles": 2, "outreach": 3 }, "scans": {},
    });
    let told = lines(&erasure).join("\n");
    for part in ["by 2026-01-02", "2 profiles, 3 mails", "archive not yet", "until 2026-04-01"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    erasure["state"] = json!("complete");
    assert!(lines(&erasure)[1].contains("complete"));
    assert!(would_go(&json!({ "found": { "profiles": 2 } })).starts_with("found now: 2 profiles"));
}

#[tokio::test]
async fn an_export_has_the_persons_archived_lines_and_failed_events_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FolderArchive::open(folder.path().join("archive"), Limits::default()).unwrap();
    for (key, n) in [("c1_a", 1), ("c1_b", 2), ("a1_a", 3)] {
        let line = format!("{}\n", json!({ "key": key, "n": n }));
        archive.append(Timestamp::from_ms(1_800_000_000_000), line.as_bytes()).unwrap();
    }
    archive.flush().unwrap();
    let failed = FolderFailedEvents::new(folder.path());
    for key in ["c1_a", "c1_b"] {
        let event = FailedEvent {
            id: format!("1-s-{key}-0"),
            reason: FailedReason::WrongKey,
            detail: String::new(),
            partition_key: key.to_owned(),
            payload_base64: data_encoding::BASE64.encode(b"{}"),
            failed_at: 0,
            stream: StreamName::Events,
        };
        let document = serde_json::to_vec(&event).unwrap();
        failed.keep(&event.id, event.reason.code(), document).await.unwrap();
    }
    let mut document = json!({ "keys": ["c1_a", "a1_a"] });
    let (place, bar) = (PlaceArgs::default(), ProgressBar::hidden());
    objects::add(&mut document, &place, folder.path(), &bar).await.unwrap();
    assert_eq!(document["archive"], json!([{ "key": "c1_a", "n": 1 }, { "key": "a1_a", "n": 3 }]));
    let told = document["failedEvents"].as_array().unwrap();
    assert_eq!((told.len(), &told[0]["data"]), (1, &json!("{}")));
}
