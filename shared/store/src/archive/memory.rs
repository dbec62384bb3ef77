//! An archive in memory, for tests.

use super::{ArchiveObjects, RewriteArchive};
use crate::error::StoreError;
use crate::objects::Kept;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Archived objects in memory. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryArchive(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryArchive {
    /// Puts an object: lines, plain (`.jsonl`) or compressed (`.gz`).
    pub fn insert(&self, key: &str, document: Vec<u8>) {
        self.lock().insert(key.to_owned(), document);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ArchiveObjects for MemoryArchive {
    async fn list_archived(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        let objects = self.lock();
        let below = objects.iter().filter(|(key, _)| key.starts_with(prefix) && super::is_object(key));
        Ok(below
            .map(|(key, document)| Kept { key: key.clone(), bytes: document.len() as u64, at: None })
            .collect())
    }

    async fn read_archived(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(key).cloned())
    }
}

impl RewriteArchive for MemoryArchive {
    async fn rewrite_archived(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        match document {
            Some(document) => self.insert(key, document),
            None => drop(self.lock().remove(key)),
        }
        Ok(())
    }
}
