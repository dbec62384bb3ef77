//! The tables in memory: same contract as DynamoDB's, no I/O. For tests, simulations and replays.

mod audit;
mod catalog;
mod codes;
mod conversions;
mod decisions;
mod engagement;
mod erasing;
mod experiments;
mod keys;
mod models;
mod outreach;
mod products;
mod rulesets;
mod sending;

use super::{
    Contact, ContactRow, ContactStore, DocumentKind, Due, ErasureRequest, ProfileScan, ProfileStore, Read,
    Reminder, ReminderId, Save, Stored, Versioned,
};
use crate::error::{ErrorKind, StoreError};
use crate::tables::DUE_SHARD_COUNT;
use beckon_domain::{ErasureId, Profile, ProfileKey, Timestamp, packed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Default)]
struct Tables {
    profiles: BTreeMap<ProfileKey, Row>,
    due: BTreeMap<u32, BTreeSet<(Timestamp, ProfileKey)>>,
    contacts: BTreeMap<ProfileKey, ContactRow>,
    erasures: BTreeMap<ErasureId, Versioned<ErasureRequest>>,
    ledger: outreach::Ledger,
    conversions: conversions::Conversions,
    mail: sending::Mail,
    codes: codes::Codes,
    runs: experiments::Runs,
    slot_days: engagement::SlotDays,
    decisions: decisions::Decisions,
    keys: keys::Keys,
    documents: BTreeMap<DocumentKind, rulesets::Versions>,
    mail_content: rulesets::Versions,
    models: models::Models,
    catalog: BTreeMap<String, catalog::Row>,
    products: products::Products,
    audit: audit::Chain,
}

struct Row {
    packed: Vec<u8>,
    version: u64,
    due_at: Option<Timestamp>,
}

/// All tables, in memory. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryTables(Arc<Mutex<Tables>>);

impl MemoryTables {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        // A panic elsewhere cannot leave a map half written in a way that matters here: each call does one step.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Every reminder, in id order.
    #[must_use]
    pub fn reminders(&self) -> Vec<(ReminderId, Reminder)> {
        self.lock().ledger.reminders.iter().map(|(id, row)| (*id, row.state.clone())).collect()
    }

    /// The earliest entry of the due index.
    #[must_use]
    pub fn earliest_due(&self) -> Option<Timestamp> {
        self.lock().due.values().filter_map(|part| part.first()).map(|(at, _)| *at).min()
    }
}

fn unpack(operation: &'static str, row: &Row) -> Result<Profile, StoreError> {
    packed::unpack(&row.packed).map_err(|e| StoreError::new(operation, ErrorKind::Corrupt, e))
}

impl ProfileStore for MemoryTables {
    async fn load(
        &self,
        keys: &[ProfileKey],
        _read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        let tables = self.lock();
        keys.iter()
            .filter_map(|key| tables.profiles.get_key_value(key))
            .map(|(key, row)| {
                let profile = unpack("load profiles", row)?;
                Ok((key.clone(), Stored { profile, version: row.version }))
            })
            .collect()
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        let packed =
            packed::pack(profile).map_err(|e| StoreError::new("save a profile", ErrorKind::Refused, e))?;
        let mut tables = self.lock();
        let (version_before, due_before) =
            tables.profiles.get(key).map_or((None, None), |row| (Some(row.version), row.due_at));
        if version_before != read_version {
            return Ok(Save::Conflict);
        }
        let shard = key.shard(DUE_SHARD_COUNT);
        if let Some(at) = due_before {
            tables.due.entry(shard).or_default().remove(&(at, key.clone()));
        }
        if let Some(at) = due_at {
            tables.due.entry(shard).or_default().insert((at, key.clone()));
        }
        let version = read_version.unwrap_or_default() + 1;
        tables.profiles.insert(key.clone(), Row { packed, version, due_at });
        Ok(Save::Saved)
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        use std::ops::Bound;
        let tables = self.lock();
        let Some(part) = tables.due.get(&shard) else { return Ok(Vec::new()) };
        let from = after.map(|due| (due.at, due.key.clone()));
        let range = match &from {
            Some(from) => part.range((Bound::Excluded(from), Bound::Unbounded)),
            None => part.range(..),
        };
        let due = range
            .take_while(|(at, _)| *at <= until)
            .take(limit as usize)
            .map(|(at, key)| Due { key: key.clone(), at: *at })
            .collect();
        Ok(due)
    }
}

impl ProfileScan for MemoryTables {
    async fn scan_profiles(&self) -> Result<Vec<(ProfileKey, Profile)>, StoreError> {
        let tables = self.lock();
        tables.profiles.iter().map(|(key, row)| Ok((key.clone(), unpack("list profiles", row)?))).collect()
    }
}

impl ContactStore for MemoryTables {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let told = ContactRow::told(tables.contacts.get(key), contact);
        let changed = told.is_some();
        if let Some(told) = told {
            tables.contacts.insert(key.clone(), told);
        }
        Ok(changed)
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        let contact = self.lock().contacts.get(key).and_then(|row| row.contact.clone());
        Ok(contact.filter(|c| c.expires_at.is_none_or(|at| now < at)))
    }
}
