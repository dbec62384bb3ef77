//! Models in a folder of the laptop.

use super::{KEEP, ModelObjects, READ, within};
use crate::error::{ErrorKind, StoreError};
use crate::objects::folder::write;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Component, Path, PathBuf};

/// Models in a folder; it is made when the first one comes.
#[derive(Clone, Debug)]
pub struct FolderModels(PathBuf);

impl FolderModels {
    /// Models below this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The file of a key; `None` for a key that would leave the folder.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let path = Path::new(key);
        let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
        (!key.is_empty() && stays).then(|| self.0.join(path))
    }
}

impl ModelObjects for FolderModels {
    async fn put_model(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let refused = || StoreError::new(KEEP, ErrorKind::Refused, "its key would leave the folder");
        let file = self.file(key).ok_or_else(refused)?;
        write(&file, &bytes).map_err(|e| StoreError::new(KEEP, ErrorKind::Ambiguous, e))
    }

    async fn model_object(&self, key: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(file) = self.file(key) else { return Ok(None) };
        let failed = |error| StoreError::new(READ, ErrorKind::Refused, error);
        let size = match std::fs::metadata(&file) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        within(size, bytes_max)?;
        std::fs::read(&file).map(Some).map_err(failed)
    }
}
