//! The ledger in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{LedgerChange, OutreachStore, Save, Versioned};
use beckon_domain::outreach::History;
use beckon_domain::{ContactHash, Reminder, ReminderId, Timestamp};
use std::collections::BTreeMap;

/// Reminders, and what addresses were sent.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) reminders: BTreeMap<ReminderId, Versioned<Reminder>>,
    pub(super) histories: BTreeMap<ContactHash, Versioned<History>>,
}

impl OutreachStore for MemoryTables {
    async fn reminder(&self, id: &ReminderId) -> Result<Option<Versioned<Reminder>>, StoreError> {
        Ok(self.lock().ledger.reminders.get(id).cloned())
    }

    async fn history(&self, recipient: &ContactHash) -> Result<Option<Versioned<History>>, StoreError> {
        Ok(self.lock().ledger.histories.get(recipient).cloned())
    }

    async fn save_reminder(&self, change: &LedgerChange, _now: Timestamp) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        let ledger = &mut tables.ledger;
        let row = ledger.reminders.get(&change.id).map(|row| row.version);
        let history =
            change.history.as_ref().map(|h| ledger.histories.get(&h.recipient).map(|kept| kept.version));
        if row != change.read_version || history != change.history.as_ref().map(|h| h.read_version) {
            return Ok(Save::Conflict);
        }
        if let Some(code) = &change.code
            && tables.codes.take(code, &change.holder()).is_none()
        {
            return Ok(Save::Conflict);
        }
        let ledger = &mut tables.ledger;
        let version = |read: Option<u64>| read.unwrap_or(0) + 1;
        let row = Versioned { state: change.row.clone(), version: version(change.read_version) };
        ledger.reminders.insert(change.id, row);
        if let Some(change) = &change.history {
            let kept = Versioned { state: change.history.clone(), version: version(change.read_version) };
            ledger.histories.insert(change.recipient.clone(), kept);
        }
        Ok(Save::Saved)
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        Ok(self.lock().mail.suppressed.contains_key(contact))
    }
}
