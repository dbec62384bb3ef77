//! Models in memory.

use super::{ModelObjects, within};
use crate::error::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Models in memory. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryModels(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryModels {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelObjects for MemoryModels {
    async fn put_model(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.lock().insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn model_object(&self, key: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.lock().get(key).cloned();
        found.map(|bytes| within(bytes.len() as u64, bytes_max).map(|()| bytes)).transpose()
    }
}
