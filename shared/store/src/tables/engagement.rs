//! ExperimentTable: what became of decisions, a row for each slot and day.
//!
//! Reports and the trainer ask for all slots of some days, and the trends write a few rows of today with every batch: so all
//! rows are one partition, ordered by day, and a report is one query. The trends write each row once a batch, far below what
//! one partition takes.

use super::{Read, Save, Versioned};
use crate::error::StoreError;
use beckon_domain::Day;
use beckon_recommend::engagement::{SlotDay, SlotDayRow};
use std::future::Future;

/// What became of decisions.
pub trait EngagementStore: Send + Sync {
    /// Loads the row of a slot and day, if there is one.
    fn load_slot_day(
        &self,
        of: &SlotDay,
        read: Read,
    ) -> impl Future<Output = Result<Option<Versioned<SlotDayRow>>, StoreError>> + Send;

    /// Writes a row if the stored version is still `read_version` (`None`: if there is none).
    fn save_slot_day(
        &self,
        of: &SlotDay,
        row: &SlotDayRow,
        read_version: Option<u64>,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// The rows of all slots on these days, both included, by day and slot. One that cannot be read is an error.
    fn slot_days(
        &self,
        from: Day,
        until: Day,
    ) -> impl Future<Output = Result<Vec<(SlotDay, SlotDayRow)>, StoreError>> + Send;
}
