//! Failed events in memory.

use super::{FailedEventStore, object_key};
use crate::error::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Failed events in memory. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryFailedEvents(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryFailedEvents {
    /// Every document kept, by object key.
    #[must_use]
    pub fn documents(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl FailedEventStore for MemoryFailedEvents {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(object_key(id, reason), document);
        Ok(())
    }
}
