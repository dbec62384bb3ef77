//! Faults between admin and the keys.

use super::{Faulty, store_error};
use beckon_domain::key::MadeKey;
use beckon_store::StoreError;
use beckon_store::tables::{KeyChange, KeySet, KeyStore, Save};

impl<T: KeyStore> KeyStore for Faulty<T> {
    async fn made_keys(&self) -> Result<KeySet, StoreError> {
        self.faults.around("made_keys", self.inner.made_keys(), store_error).await
    }

    async fn keys_to_change(&self) -> Result<KeySet, StoreError> {
        self.faults.around("keys_to_change", self.inner.keys_to_change(), store_error).await
    }

    async fn change_keys(&self, keys: &[MadeKey], change: &KeyChange) -> Result<Save, StoreError> {
        self.faults.around("change_keys", self.inner.change_keys(keys, change), store_error).await
    }

    async fn key_changes(&self, limit: u32) -> Result<Vec<KeyChange>, StoreError> {
        self.faults.around("key_changes", self.inner.key_changes(limit), store_error).await
    }
}
