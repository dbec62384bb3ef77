//! The ports, passed on and counted.

use super::size::{ItemSize, due_entry, read_half_units};
use super::{Metered, Put};
use crate::error::StoreError;
use crate::tables::{
    Contact, ContactStore, ConversionRow, ConversionStore, Due, LedgerChange, LedgerPage, LedgerScan,
    OutreachStore, ProfileScan, ProfileStore, Read, Reminder, ReminderId, Save, Stored, Versioned,
};
use beckon_domain::outreach::History;
use beckon_domain::{ContactHash, Profile, ProfileKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of one BatchGetItem at most.
pub(super) const BATCH_GET_KEYS_MAX: usize = 100;

impl<T: ProfileStore> ProfileStore for Metered<T> {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        let distinct: BTreeSet<&ProfileKey> = keys.iter().collect();
        {
            let mut counted = self.meter.lock();
            counted.usage.profile.read_requests += distinct.len().div_ceil(BATCH_GET_KEYS_MAX) as u64;
            for key in distinct {
                // Each item of a BatchGetItem is rounded up by itself.
                let bytes = counted.profiles.get(key).copied().unwrap_or_default();
                counted.usage.profile.read(bytes, read == Read::Strong);
            }
        }
        self.tables.load(keys, read).await
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        let saved = self.tables.save(key, profile, read_version, due_at).await?;
        let version = read_version.unwrap_or_default() + 1;
        self.meter.profile_put(key, profile, Put { version, due_at, held: saved == Save::Saved });
        Ok(saved)
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let page = self.tables.due(shard, until, after, limit).await?;
        // A query's items are added up before they are rounded.
        let bytes = page.iter().map(|due| due_entry(&due.key, due.at)).sum();
        let mut counted = self.meter.lock();
        let usage = &mut counted.usage.profile;
        usage.read_requests += 1;
        usage.read_items += page.len() as u64;
        usage.read_half_units += read_half_units(bytes, false);
        Ok(page)
    }
}

impl<T: ProfileScan> ProfileScan for Metered<T> {
    async fn scan_profiles(&self) -> Result<Vec<(ProfileKey, Profile)>, StoreError> {
        // For reports, never in a function: not counted.
        self.tables.scan_profiles().await
    }
}

fn contact_bytes(key: &ProfileKey, contact: &Contact) -> u32 {
    let fields = [
        ("email", &contact.email),
        ("phone", &contact.phone),
        ("first_name", &contact.first_name),
        ("last_name", &contact.last_name),
    ];
    let item = ItemSize::default().text("pk", key.as_str()).flag("verified").time("at", contact.at);
    let item = fields.iter().fold(item, |item, (name, value)| match value {
        Some(value) => item.text(name, value),
        None => item,
    });
    let expiry = contact.expires_at.map(|at| (at, at.as_ms().unsigned_abs() / 1_000));
    expiry.map_or(item, |(at, seconds)| item.time("expires_at", at).number("x", seconds)).bytes()
}

impl<T: ContactStore> ContactStore for Metered<T> {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        let changed = self.tables.put_contact(key, contact).await?;
        let mut counted = self.meter.lock();
        let (bytes, usage) = (contact_bytes(key, contact), &mut counted.usage.contact);
        // A strong read, then a put if the telling changes the row.
        usage.read_requests += 1;
        usage.read(bytes, true);
        if changed {
            usage.write_requests += 1;
            usage.write_units += super::size::write_units(None, Some(bytes));
        }
        Ok(changed)
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        let contact = self.tables.contact(key, now).await?;
        let bytes = contact.as_ref().map_or(0, |contact| contact_bytes(key, contact));
        let mut counted = self.meter.lock();
        counted.usage.contact.read_requests += 1;
        counted.usage.contact.read(bytes, true);
        Ok(contact)
    }
}

impl<T> Metered<T> {
    /// A write to the ledger. Its rows are a few short texts, far below the kilobyte of one unit.
    pub(super) fn outreach_write(&self, held: bool) {
        let mut counted = self.meter.lock();
        let usage = &mut counted.usage.outreach;
        usage.write_requests += 1;
        usage.write_units += 1;
        usage.failed_conditions += u64::from(!held);
    }

    pub(super) fn outreach_read(&self) {
        let mut counted = self.meter.lock();
        counted.usage.outreach.read_requests += 1;
        counted.usage.outreach.read(0, true);
    }
}

impl<T: LedgerScan> LedgerScan for Metered<T> {
    async fn scan_ledger(&self, after: Option<&str>, limit: u32) -> Result<LedgerPage, StoreError> {
        // For reports: no replay reads the whole ledger, so nothing of it is counted.
        self.tables.scan_ledger(after, limit).await
    }
}

impl<T: ConversionStore> ConversionStore for Metered<T> {
    async fn record_conversion(&self, row: &ConversionRow, now: Timestamp) -> Result<bool, StoreError> {
        let is_new = self.tables.record_conversion(row, now).await?;
        self.outreach_write(is_new);
        Ok(is_new)
    }
}

impl<T: OutreachStore> OutreachStore for Metered<T> {
    async fn reminder(&self, id: &ReminderId) -> Result<Option<Versioned<Reminder>>, StoreError> {
        self.outreach_read();
        self.tables.reminder(id).await
    }

    async fn history(&self, recipient: &ContactHash) -> Result<Option<Versioned<History>>, StoreError> {
        self.outreach_read();
        self.tables.history(recipient).await
    }

    async fn save_reminder(&self, change: &LedgerChange, now: Timestamp) -> Result<Save, StoreError> {
        let saved = self.tables.save_reminder(change, now).await?;
        // AWS: each item of a transaction takes two units.
        let codes = if change.code.is_some() { 6 } else { 0 };
        for _ in 0..codes + if change.history.is_some() { 4 } else { 1 } {
            self.outreach_write(saved == Save::Saved);
        }
        Ok(saved)
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        self.outreach_read();
        self.tables.is_suppressed(contact).await
    }
}
