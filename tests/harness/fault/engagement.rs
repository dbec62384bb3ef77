//! Faults between whoever counts decisions and the tables.

use super::{Faulty, store_error};
use beckon_domain::Day;
use beckon_recommend::engagement::{SlotDay, SlotDayRow};
use beckon_store::StoreError;
use beckon_store::tables::{EngagementStore, Read, Save, Versioned};

impl<T: EngagementStore> EngagementStore for Faulty<T> {
    async fn load_slot_day(
        &self,
        of: &SlotDay,
        read: Read,
    ) -> Result<Option<Versioned<SlotDayRow>>, StoreError> {
        self.faults.around("load_slot_day", self.inner.load_slot_day(of, read), store_error).await
    }

    async fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let saved = self.inner.save_slot_day(of, row, read_version);
        self.faults.around("save_slot_day", saved, store_error).await
    }

    async fn slot_days(&self, from: Day, until: Day) -> Result<Vec<(SlotDay, SlotDayRow)>, StoreError> {
        self.faults.around("slot_days", self.inner.slot_days(from, until), store_error).await
    }
}
