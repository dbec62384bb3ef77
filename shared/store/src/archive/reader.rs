//! An archive in a folder, as whoever learns from it reads it.

use super::folder::objects;
use super::{ArchiveObjects, RewriteArchive};
use crate::error::{ErrorKind, StoreError};
use crate::objects::Kept;
use crate::objects::folder::rewrite_file;
use std::io::ErrorKind as IoErrorKind;
use std::path::PathBuf;

/// The archived objects below a folder.
#[derive(Clone, Debug)]
pub struct FolderReader(PathBuf);

impl FolderReader {
    /// The archive in this folder. One that is not there holds nothing.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl ArchiveObjects for FolderReader {
    async fn list_archived(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        let found = objects(&self.0);
        let mut found = found.map_err(|e| StoreError::new("list archived events", ErrorKind::Refused, e))?;
        found.retain(|kept| kept.key.starts_with(prefix));
        Ok(found)
    }

    async fn read_archived(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match std::fs::read(self.0.join(key)) {
            Ok(document) => Ok(Some(document)),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new("read archived events", ErrorKind::Refused, error)),
        }
    }
}

impl RewriteArchive for FolderReader {
    async fn rewrite_archived(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        rewrite_file(&self.0.join(key), document)
    }
}
