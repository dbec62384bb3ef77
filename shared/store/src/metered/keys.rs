//! The keys that people make, passed on and counted.

use super::Metered;
use super::size::ItemSize;
use crate::error::StoreError;
use crate::tables::{KeyChange, KeySet, KeyStore, Save};
use beckon_domain::key::MadeKey;

/// Bytes of the item, near enough: its attributes beside the texts take some 120 for each key.
fn keys_bytes(set: &KeySet) -> u32 {
    let item = set.keys.iter().fold(ItemSize::default(), |item, key| {
        let origins = key.origins.iter().fold(item, |item, origin| item.text("", origin.as_str()));
        origins.text("id", key.id.as_str()).text("source", key.source.as_str()).text("rest", &"-".repeat(120))
    });
    item.bytes()
}

impl<T: KeyStore> KeyStore for Metered<T> {
    async fn made_keys(&self) -> Result<KeySet, StoreError> {
        let set = self.tables.made_keys().await?;
        self.config_read(keys_bytes(&set), false);
        Ok(set)
    }

    async fn keys_to_change(&self) -> Result<KeySet, StoreError> {
        let set = self.tables.keys_to_change().await?;
        self.config_read(keys_bytes(&set), true);
        Ok(set)
    }

    async fn change_keys(&self, keys: &[MadeKey], change: &KeyChange) -> Result<Save, StoreError> {
        // A person makes or revokes one now and then: not counted.
        self.tables.change_keys(keys, change).await
    }

    async fn key_changes(&self, limit: u32) -> Result<Vec<KeyChange>, StoreError> {
        self.tables.key_changes(limit).await
    }
}
