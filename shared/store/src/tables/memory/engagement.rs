//! What became of decisions, in memory: the packed bytes, as DynamoDB would hold them.

use super::MemoryTables;
use crate::error::{ErrorKind, StoreError};
use crate::tables::{EngagementStore, Read, Save, Versioned};
use beckon_domain::Day;
use beckon_recommend::engagement::{SlotDay, SlotDayRow, pack_slot_day, unpack_slot_day};
use std::collections::BTreeMap;

/// A packed row and its version, by slot and day.
pub(super) type SlotDays = BTreeMap<SlotDay, (Vec<u8>, u64)>;

fn unpacked(operation: &'static str, packed: &[u8]) -> Result<SlotDayRow, StoreError> {
    unpack_slot_day(packed).map_err(|error| StoreError::new(operation, ErrorKind::Corrupt, error))
}

impl EngagementStore for MemoryTables {
    async fn load_slot_day(
        &self,
        of: &SlotDay,
        _read: Read,
    ) -> Result<Option<Versioned<SlotDayRow>>, StoreError> {
        let tables = self.lock();
        let Some((packed, version)) = tables.slot_days.get(of) else { return Ok(None) };
        Ok(Some(Versioned { state: unpacked("load a slot's day", packed)?, version: *version }))
    }

    async fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let packed = pack_slot_day(row);
        let packed = packed.map_err(|e| StoreError::new("save a slot's day", ErrorKind::Refused, e))?;
        let mut tables = self.lock();
        if tables.slot_days.get(of).map(|(_, version)| *version) != read_version {
            return Ok(Save::Conflict);
        }
        let version = read_version.unwrap_or_default() + 1;
        tables.slot_days.insert(of.clone(), (packed, version));
        Ok(Save::Saved)
    }

    async fn slot_days(&self, from: Day, until: Day) -> Result<Vec<(SlotDay, SlotDayRow)>, StoreError> {
        let tables = self.lock();
        let within = tables.slot_days.iter().filter(|(of, _)| from <= of.day && of.day <= until);
        within.map(|(of, (packed, _))| Ok((of.clone(), unpacked("list slots' days", packed)?))).collect()
    }
}
