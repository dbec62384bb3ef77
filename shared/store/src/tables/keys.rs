//! ConfigTable and AuditTable: the keys that people make.

use super::Save;
use crate::error::StoreError;
use beckon_domain::Timestamp;
use beckon_domain::id::KeyId;
use beckon_domain::key::MadeKey;
use std::future::Future;
use std::pin::Pin;

/// What somebody did with a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyAction {
    /// Made it.
    Create,
    /// Took it back.
    Revoke,
}

impl KeyAction {
    /// The stable name of the action.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Revoke => "revoke",
        }
    }

    /// The action of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Create, Self::Revoke].into_iter().find(|action| action.name() == name)
    }
}

/// A change of the keys: written once, with the change itself, and never altered. It names a key by its id, and holds
/// neither its text nor its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyChange {
    /// Its number: 1 for the first, without gaps.
    pub number: u64,
    /// Unique id: tells one's own write, whose answer got lost, from somebody else's.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: KeyAction,
    /// Which key.
    pub key: KeyId,
    /// What for, as lists show it: kind, source and label.
    pub about: String,
    /// Who: the source of the key that asked.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// All keys that people made, as of their latest change.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeySet {
    /// Number of the latest change; 0 before the first.
    pub number: u64,
    /// The id of the latest change.
    pub change: String,
    /// The keys, oldest first.
    pub keys: Vec<MadeKey>,
}

/// ConfigTable and AuditTable: the keys that people make (`keys` / `active`) and every change of them (`keys` / the
/// number). They are one item, so that a change is one transaction and a reader needs one request.
pub trait KeyStore: Send + Sync {
    /// The keys, for whoever checks one. May be a moment old.
    fn made_keys(&self) -> impl Future<Output = Result<KeySet, StoreError>> + Send;

    /// The keys, for whoever changes them. A strong read.
    fn keys_to_change(&self) -> impl Future<Output = Result<KeySet, StoreError>> + Send;

    /// Replaces the keys and writes the change down, both or neither, if `change.number` follows the latest change.
    fn change_keys(
        &self,
        keys: &[MadeKey],
        change: &KeyChange,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Changes, newest first, at most `limit`. A strong read.
    fn key_changes(&self, limit: u32) -> impl Future<Output = Result<Vec<KeyChange>, StoreError>> + Send;
}

/// A reading of the keys that is under way.
pub type KeyReading = Pin<Box<dyn Future<Output = Result<Vec<MadeKey>, StoreError>> + Send>>;

/// What reads the keys of `tables`, for whoever holds them in memory.
pub fn key_reader<T: KeyStore + Clone + 'static>(
    tables: T,
) -> impl Fn() -> KeyReading + Send + Sync + 'static {
    move || {
        let tables = tables.clone();
        Box::pin(async move { Ok(tables.made_keys().await?.keys) })
    }
}
