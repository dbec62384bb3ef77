//! What was found in experiments, passed on and counted.

use super::Metered;
use crate::error::StoreError;
use crate::tables::{ExperimentStore, RunPage};
use beckon_domain::experiment::{Finding, RunId};
use beckon_domain::{ProfileKey, Timestamp};

impl<T: ExperimentStore> ExperimentStore for Metered<T> {
    async fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.tables.record_finding(of, finding, now).await?;
        let mut counted = self.meter.lock();
        // A row is far below the kilobyte of one unit. A crossover is one write more, and so rare that it is left out.
        counted.usage.experiment.write_requests += 1;
        counted.usage.experiment.write_units += 1;
        Ok(())
    }

    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        // For reports: no replay reads them, so nothing of it is counted.
        self.tables.run_page(run, after, limit).await
    }
}
