//! Orders that followed reminders, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{ConversionRow, ConversionStore, LedgerPage, LedgerRow, LedgerScan};
use beckon_domain::Timestamp;
use beckon_domain::id::EffectId;
use std::collections::BTreeMap;

/// Orders, each once.
pub(super) type Conversions = BTreeMap<EffectId, ConversionRow>;

impl ConversionStore for MemoryTables {
    async fn record_conversion(&self, row: &ConversionRow, _now: Timestamp) -> Result<bool, StoreError> {
        let key = row.conversion.id;
        let mut tables = self.lock();
        let is_new = !tables.conversions.contains_key(&key);
        if is_new {
            tables.conversions.insert(key, row.clone());
        }
        Ok(is_new)
    }
}

impl LedgerScan for MemoryTables {
    async fn scan_ledger(&self, after: Option<&str>, limit: u32) -> Result<LedgerPage, StoreError> {
        let tables = self.lock();
        let reminders = tables.ledger.reminders.iter();
        let reminders = reminders.map(|(id, row)| LedgerRow::Reminder(*id, Box::new(row.state.clone())));
        let orders = tables.conversions.values().map(|row| LedgerRow::Conversion(Box::new(row.clone())));
        let from = after.and_then(|after| after.parse().ok()).unwrap_or_default();
        let rows: Vec<LedgerRow> = reminders.chain(orders).skip(from).take(limit as usize).collect();
        let next = (rows.len() == limit as usize).then(|| (from + rows.len()).to_string());
        Ok(LedgerPage { rows, next })
    }
}

impl MemoryTables {
    /// Every order that followed a reminder.
    #[must_use]
    pub fn conversions(&self) -> Vec<ConversionRow> {
        self.lock().conversions.values().cloned().collect()
    }
}
