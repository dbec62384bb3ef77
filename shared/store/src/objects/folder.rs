//! Failed events in a folder of the laptop.

use super::{FailedEventStore, object_key};
use crate::error::{ErrorKind, StoreError};
use std::path::PathBuf;

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

impl FailedEventStore for FolderFailedEvents {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        let path = self.0.join(object_key(id, reason));
        let write = || {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, document)
        };
        write().map_err(|e| StoreError::new("keep a failed event", ErrorKind::Ambiguous, e))
    }
}
