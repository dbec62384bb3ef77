//! The audit chain, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{AuditLog, AuditRecord};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Records by their numbers.
pub(super) type Chain = BTreeMap<u64, AuditRecord>;

impl AuditLog for MemoryTables {
    async fn put_audit(&self, record: &AuditRecord) -> Result<bool, StoreError> {
        match self.lock().audit.entry(record.number) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(record.clone());
                Ok(true)
            }
        }
    }

    async fn audit_head(&self) -> Result<Option<AuditRecord>, StoreError> {
        Ok(self.lock().audit.last_key_value().map(|(_, record)| record.clone()))
    }

    async fn audit_page(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let tables = self.lock();
        let later = tables.audit.range(after.saturating_add(1)..);
        Ok(later.take(limit as usize).map(|(_, record)| record.clone()).collect())
    }
}

impl MemoryTables {
    /// Does to a record what nobody may: for whoever tries whether it is noticed.
    pub fn tamper(&self, number: u64, with: impl FnOnce(&mut AuditRecord)) {
        if let Some(record) = self.lock().audit.get_mut(&number) {
            with(record);
        }
    }
}
