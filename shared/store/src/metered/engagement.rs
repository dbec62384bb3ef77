//! What became of decisions, passed on and counted.

use super::Metered;
use super::size::{ItemSize, write_units};
use crate::error::StoreError;
use crate::tables::{EngagementStore, Read, Save, Versioned};
use beckon_domain::Day;
use beckon_recommend::engagement::{SlotDay, SlotDayRow, pack_slot_day};

impl<T: EngagementStore> EngagementStore for Metered<T> {
    async fn load_slot_day(
        &self,
        of: &SlotDay,
        read: Read,
    ) -> Result<Option<Versioned<SlotDayRow>>, StoreError> {
        let found = self.tables.load_slot_day(of, read).await?;
        let bytes = found.as_ref().map_or(0, |found| item_bytes(&found.state));
        let mut counted = self.meter.lock();
        counted.usage.experiment.read_requests += 1;
        counted.usage.experiment.read(bytes, read == Read::Strong);
        Ok(found)
    }

    async fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let saved = self.tables.save_slot_day(of, row, read_version).await?;
        let mut counted = self.meter.lock();
        counted.usage.experiment.write_requests += 1;
        counted.usage.experiment.failed_conditions += u64::from(saved == Save::Conflict);
        // A row only grows, but for its list of shards: what was there is no larger.
        counted.usage.experiment.write_units += write_units(None, Some(item_bytes(row)));
        Ok(saved)
    }

    async fn slot_days(&self, from: Day, until: Day) -> Result<Vec<(SlotDay, SlotDayRow)>, StoreError> {
        // For reports and the trainer: no replay reads them, so nothing of it is counted.
        self.tables.slot_days(from, until).await
    }
}

fn item_bytes(row: &SlotDayRow) -> u32 {
    let packed_bytes = pack_slot_day(row).map_or(0, |packed| packed.len());
    ItemSize::default().text("pk", "engagement").bytes_attribute("s", packed_bytes).number("v", 1).bytes()
}
