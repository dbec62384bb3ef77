//! ExperimentTable: who was in which run of an experiment, and what they did then. Reports fold these rows.
//!
//! Each telling is a fact, so the order in which they come does not matter, nor that one comes twice: of two exposures the
//! earlier one stays, a crossover stays, of two tellings of one fact the lesser one stays, and a joining may come before the
//! exposure that it is about.

use crate::error::StoreError;
use beckon_domain::experiment::{Finding, RunId, RunRow};
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use std::future::Future;

/// Parts of a run's rows: one key would be hot, so people are spread over these.
pub const RUN_SHARD_COUNT: u32 = 8;
/// How long a row is kept after what it tells of.
pub const RUN_RETENTION: DurationMs = DurationMs::from_days(400);

/// Some rows of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunPage {
    /// The rows, in no order. There may be none although it is not the last page.
    pub rows: Vec<RunRow>,
    /// What to name for the next page; `None` after the last one.
    pub next: Option<String>,
}

/// ExperimentTable.
pub trait ExperimentStore: Send + Sync {
    /// Writes a finding of a person down. The same again changes nothing.
    fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of the rows of a run, at most `limit`.
    fn run_page(
        &self,
        run: &RunId,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<RunPage, StoreError>> + Send;
}
