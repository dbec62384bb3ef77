//! The failed-event stores of the laptop and the tests. S3's adapter shares their object keys; its client is not a
//! dependency here.

use beckon_store::objects::FailedEventStore;
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_store::objects::memory::MemoryFailedEvents;
use std::path::{Path, PathBuf};

/// Ids and reasons that would leave the folder, or hide in it, if they were taken as paths.
const HOSTILE: [(&str, &str); 8] = [
    ("../../escaped", "undecodable"),
    ("/etc/passwd", "undecodable"),
    ("..", "undecodable"),
    ("escaped", ".."),
    ("escaped", "."),
    ("escaped", ""),
    ("escaped", "../.."),
    ("a\\b\0c\nd:e", "not utf8"),
];

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn memory_keeps_the_same_id_once_with_its_last_document() {
    let store = MemoryFailedEvents::default();
    for document in ["first", "second"] {
        store.keep("0-shardId-000000000000-49-0", "undecodable", document.into()).await.unwrap();
    }
    store.keep("0-shardId-000000000000-49-1", "undecodable", b"other".to_vec()).await.unwrap();
    let documents: Vec<_> = store.documents().into_iter().collect();
    let expected = [
        ("failed/undecodable/0-shardId-000000000000-49-0.json".to_owned(), b"second".to_vec()),
        ("failed/undecodable/0-shardId-000000000000-49-1.json".to_owned(), b"other".to_vec()),
    ];
    assert_eq!(documents, expected);
}

#[tokio::test]
async fn a_folder_keeps_the_same_id_once_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderFailedEvents::new(folder.path());
    assert_eq!(store.count().unwrap(), 0, "a folder that does not exist is empty");
    let document: Vec<u8> = (0..=255).collect();
    for document in [b"a longer document that came first".repeat(20), document.clone()] {
        store.keep("0-shardId-000000000000-49-0", "undecodable", document).await.unwrap();
    }
    assert_eq!(store.count().unwrap(), 1);
    store.keep("0-shardId-000000000000-49-1", "wrong_key", b"other".to_vec()).await.unwrap();
    assert_eq!(store.count().unwrap(), 2);
    let kept = folder.path().join("failed/undecodable/0-shardId-000000000000-49-0.json");
    assert_eq!(std::fs::read(kept).unwrap(), document, "nothing of the longer one is left");
}

#[tokio::test]
async fn a_folder_is_never_left_whatever_the_id_and_the_reason() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("deep/kept");
    let store = FolderFailedEvents::new(&folder);
    for (id, reason) in HOSTILE {
        let before = files_below(outside.path()).len();
        store.keep(id, reason, id.into()).await.unwrap();
        assert_eq!(files_below(outside.path()).len(), before + 1, "{id:?} for {reason:?} is kept");
    }
    for file in files_below(outside.path()) {
        // One folder for the reason, one file in it: what `count` counts.
        let below = file.strip_prefix(folder.join("failed")).expect("it is in the store's folder");
        assert_eq!(below.components().count(), 2, "{}", below.display());
    }
    assert_eq!(store.count().unwrap(), HOSTILE.len() as u64);
}

#[tokio::test]
async fn memory_uses_the_keys_that_a_folder_uses() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, kept) = (MemoryFailedEvents::default(), FolderFailedEvents::new(folder.path()));
    for (id, reason) in HOSTILE {
        memory.keep(id, reason, id.into()).await.unwrap();
        kept.keep(id, reason, id.into()).await.unwrap();
    }
    for (key, document) in memory.documents() {
        assert_eq!(std::fs::read(folder.path().join(&key)).unwrap(), document, "{key}");
    }
    assert_eq!(memory.documents().len() as u64, kept.count().unwrap());
}
