//! Failed events in a folder of the laptop.

use super::{FailedEventArchive, FailedEventStore, Kept, RewriteObjects, object_key, redriven_key};
use crate::error::{ErrorKind, StoreError};
use beckon_domain::Timestamp;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Failed events in a folder.
#[derive(Clone, Debug)]
pub struct FolderFailedEvents(PathBuf);

impl FolderFailedEvents {
    /// Failed events below this folder; it is made when the first one comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// How many are kept.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn count(&self) -> std::io::Result<u64> {
        let root = self.0.join("failed");
        if !root.exists() {
            return Ok(0);
        }
        let mut count = 0;
        for reason in std::fs::read_dir(root)? {
            count += std::fs::read_dir(reason?.path())?.count() as u64;
        }
        Ok(count)
    }
}

/// Writes a whole file or none: beside it first, because a reader may come at any time.
pub(crate) fn write(path: &Path, document: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, document)?;
    std::fs::rename(beside, path)
}

/// The files below a folder, by their keys.
pub(crate) fn walk(folder: &Path, key: &str, found: &mut Vec<Kept>) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let key = if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            walk(&entry.path(), &key, found)?;
        } else if !name.ends_with(".part") {
            let at = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            let at = at.and_then(|at| i64::try_from(at.as_millis()).ok()).map(Timestamp::from_ms);
            found.push(Kept { key, bytes: metadata.len(), at });
        }
    }
    Ok(())
}

impl FailedEventStore for FolderFailedEvents {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        write(&self.0.join(object_key(id, reason)), &document)
            .map_err(|e| StoreError::new("keep a failed event", ErrorKind::Ambiguous, e))
    }
}

impl FailedEventArchive for FolderFailedEvents {
    async fn list(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        let mut found = Vec::new();
        // The first part of a prefix is a whole folder's name: others hold what is not an object, such as the tables.
        let top = prefix.split('/').next().unwrap_or_default();
        walk(&self.0.join(top), top, &mut found)
            .map_err(|e| StoreError::new("list failed events", ErrorKind::Refused, e))?;
        found.retain(|kept| kept.key.starts_with(prefix));
        found.sort();
        Ok(found)
    }

    async fn list_first(&self, prefix: &str, count_max: usize) -> Result<Vec<Kept>, StoreError> {
        let mut kept = self.list(prefix).await?;
        kept.truncate(count_max);
        Ok(kept)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = Path::new(key);
        if key.is_empty() || !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(None);
        }
        match std::fs::read(self.0.join(path)) {
            Ok(document) => Ok(Some(document)),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new("read a failed event", ErrorKind::Refused, error)),
        }
    }

    async fn note_redriven(&self, key: &str, note: Vec<u8>) -> Result<(), StoreError> {
        write(&self.0.join(redriven_key(key)), &note)
            .map_err(|e| StoreError::new("note a redriven event", ErrorKind::Ambiguous, e))
    }
}

/// Puts a document in the place of a file, or deletes it.
pub(crate) fn rewrite_file(path: &Path, document: Option<Vec<u8>>) -> Result<(), StoreError> {
    let done = match document {
        Some(document) => write(path, &document),
        None => match std::fs::remove_file(path) {
            Err(error) if error.kind() != IoErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    };
    done.map_err(|e| StoreError::new("rewrite an object", ErrorKind::Ambiguous, e))
}

impl RewriteObjects for FolderFailedEvents {
    async fn rewrite(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        rewrite_file(&self.0.join(key), document)
    }
}
