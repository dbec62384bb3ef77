//! Failed events in memory.

use super::{
    FailedEventArchive, FailedEventStore, Kept, REDRIVEN_PREFIX, RewriteObjects, object_key, redriven_key,
};
use crate::error::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Failed events in memory. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryFailedEvents(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryFailedEvents {
    /// Every document kept, by object key; without the notes that some were put into the stream again.
    #[must_use]
    pub fn documents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut documents = self.lock().clone();
        documents.retain(|key, _| !key.starts_with(REDRIVEN_PREFIX));
        documents
    }

    /// Puts any object, such as a batch that a mapping gave up on.
    pub fn insert(&self, key: &str, document: Vec<u8>) {
        self.lock().insert(key.to_owned(), document);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FailedEventStore for MemoryFailedEvents {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        self.insert(&object_key(id, reason), document);
        Ok(())
    }
}

impl FailedEventArchive for MemoryFailedEvents {
    async fn list(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        let objects = self.lock();
        let below = objects.iter().filter(|(key, _)| key.starts_with(prefix));
        let kept = |(key, document): (&String, &Vec<u8>)| Kept {
            key: key.clone(),
            bytes: document.len() as u64,
            at: None,
        };
        Ok(below.map(kept).collect())
    }

    async fn list_first(&self, prefix: &str, count_max: usize) -> Result<Vec<Kept>, StoreError> {
        let mut kept = self.list(prefix).await?;
        kept.truncate(count_max);
        Ok(kept)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(key).cloned())
    }

    async fn note_redriven(&self, key: &str, note: Vec<u8>) -> Result<(), StoreError> {
        self.insert(&redriven_key(key), note);
        Ok(())
    }
}

impl RewriteObjects for MemoryFailedEvents {
    async fn rewrite(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        match document {
            Some(document) => self.insert(key, document),
            None => drop(self.lock().remove(key)),
        }
        Ok(())
    }
}
