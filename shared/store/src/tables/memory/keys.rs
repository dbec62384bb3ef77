//! The keys that people make, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{KeyChange, KeySet, KeyStore, Save};
use beckon_domain::key::MadeKey;

#[derive(Default)]
pub(super) struct Keys {
    set: KeySet,
    /// Oldest first.
    changes: Vec<KeyChange>,
}

impl KeyStore for MemoryTables {
    async fn made_keys(&self) -> Result<KeySet, StoreError> {
        Ok(self.lock().keys.set.clone())
    }

    async fn keys_to_change(&self) -> Result<KeySet, StoreError> {
        self.made_keys().await
    }

    async fn change_keys(&self, keys: &[MadeKey], change: &KeyChange) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        if tables.keys.set.number + 1 != change.number {
            return Ok(Save::Conflict);
        }
        tables.keys.set = KeySet { number: change.number, change: change.id.clone(), keys: keys.to_vec() };
        tables.keys.changes.push(change.clone());
        Ok(Save::Saved)
    }

    async fn key_changes(&self, limit: u32) -> Result<Vec<KeyChange>, StoreError> {
        Ok(self.lock().keys.changes.iter().rev().take(limit as usize).cloned().collect())
    }
}
