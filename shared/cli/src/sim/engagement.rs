//! What became of decisions, behind the network.

use super::ground::{Fate, LateWrite, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::Day;
use beckon_recommend::engagement::{SlotDay, SlotDayRow};
use beckon_store::StoreError;
use beckon_store::tables::{EngagementStore, Read, Save, Versioned};

impl EngagementStore for SimTables {
    async fn load_slot_day(
        &self,
        of: &SlotDay,
        read: Read,
    ) -> Result<Option<Versioned<SlotDayRow>>, StoreError> {
        const NAME: &str = "load a slot's day";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.load_slot_day(of, read).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        const NAME: &str = "save a slot's day";
        let fate = self.net.arrive(NAME, Reach::All, true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let (of, row) = (of.clone(), Box::new(row.clone()));
                self.net.lock().land_late(LateWrite::SlotDay { of, row, read_version });
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        let saved = self.inner.save_slot_day(of, row, read_version).await?;
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(saved) }
    }

    /// Reports read past the network.
    async fn slot_days(&self, from: Day, until: Day) -> Result<Vec<(SlotDay, SlotDayRow)>, StoreError> {
        self.inner.slot_days(from, until).await
    }
}
