//! The command as it is typed, on a folder that this test makes.

use super::place::Place;
use super::{FailedArgs, is_agreed, run};
use crate::error::CliError;
use crate::laptop;
use beckon_domain::id::AnonymousId;
use beckon_domain::{Pepper, ProfileKey};
use beckon_store::objects::FailedEventStore;
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_store::tables::ProfileScan;
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use clap::Parser;
use data_encoding::BASE64;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: FailedArgs,
}

async fn beckon_failed(folder: &Path, words: &str) -> Result<(), CliError> {
    let folder = folder.to_string_lossy().into_owned();
    let words = ["failed", "--folder", &folder].into_iter().chain(words.split(' '));
    let typed = Typed::try_parse_from(words).map_err(CliError::usage)?;
    Box::pin(run(typed.args)).await
}

async fn refused(folder: &Path, words: &str) -> String {
    beckon_failed(folder, words).await.unwrap_err().to_string()
}

fn visitor() -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap())
}

/// A failed event of the visitor, kept as the profiler keeps it.
async fn keep(folder: &Path, number: u32, reason: FailedReason) {
    keep_of(folder, number, reason, StreamName::Events).await;
}

/// The same of another stream.
async fn keep_of(folder: &Path, number: u32, reason: FailedReason, stream: StreamName) {
    let line = json!({
        "v": 1, "key": visitor().as_str(), "id": format!("m-{number}"), "source": "web", "type": "page",
        "occurred_at": 1_763_800_000_000_i64, "received_at": 1_763_800_000_000_i64,
    });
    let event = FailedEvent {
        id: format!("e:shardId-000000000000-{number}-0"),
        reason,
        detail: "d".to_owned(),
        partition_key: visitor().as_str().to_owned(),
        payload_base64: BASE64.encode(line.to_string().as_bytes()),
        failed_at: 1_763_800_000_000,
        stream,
    };
    let document = serde_json::to_vec(&event).unwrap();
    FolderFailedEvents::new(folder).keep(&event.id, reason.code(), document).await.unwrap();
}

async fn applied_and_duplicate(folder: &Path) -> Vec<(u64, u64)> {
    let tables = laptop::tables(Some(&folder.join("dynamodb.sqlite"))).await.unwrap();
    let profiles = tables.scan_profiles().await.unwrap();
    profiles.iter().map(|(_, profile)| (profile.tallies.applied, profile.tallies.duplicate)).collect()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("beckon-failed-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[tokio::test]
async fn what_serve_could_not_apply_is_listed_shown_and_applied_once() {
    let folder = folder("once");
    beckon_failed(&folder, "list").await.unwrap();
    keep(&folder, 1, FailedReason::Expired).await;
    keep(&folder, 2, FailedReason::WrongKey).await;
    let message = refused(&folder, "redrive --all").await;
    assert!(message.contains("no state of `beckon serve`"), "{message}");
    laptop::tables(Some(&folder.join("dynamodb.sqlite"))).await.unwrap();

    beckon_failed(&folder, "list --json --redriven").await.unwrap();
    beckon_failed(&folder, "show e:shardId-000000000000-2-0").await.unwrap();
    beckon_failed(&folder, "redrive --all").await.unwrap();
    assert_eq!(applied_and_duplicate(&folder).await, [(1, 0)]);
    beckon_failed(&folder, "redrive --all").await.unwrap();
    assert_eq!(applied_and_duplicate(&folder).await, [(1, 0)], "there is nothing left to put");

    // The note gets lost: it is put once more, and known.
    std::fs::remove_dir_all(folder.join("redriven")).unwrap();
    beckon_failed(&folder, "redrive e:shardId-000000000000-1-0").await.unwrap();
    assert_eq!(applied_and_duplicate(&folder).await, [(1, 1)]);
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn a_mistake_is_said_in_one_line_that_names_the_way_out() {
    let folder = folder("mistakes");
    keep(&folder, 12, FailedReason::NotUtf8).await;
    keep_of(&folder, 13, FailedReason::CorruptTrend, StreamName::Signals).await;
    for (words, expected) in [
        ("show nobody", "beckon failed list"),
        ("list --reason bad_luck", "choose one of"),
        ("redrive --reason not_utf8", "is not UTF-8"),
        ("redrive e:shardId-000000000000-12-0", "is not UTF-8"),
        ("redrive e:shardId-000000000000-13-0", "it is a signal"),
    ] {
        let message = refused(&folder, words).await;
        assert!(message.contains(expected) && !message.contains('\n'), "{words}: {message}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn without_a_terminal_many_are_put_only_with_yes() {
    let place = Place::Folder(PathBuf::from("target/beckon"));
    let message = is_agreed("11 failed events", &place, false).unwrap_err().to_string();
    assert!(message.contains("say --yes") && message.contains("target/beckon"), "{message}");
}
