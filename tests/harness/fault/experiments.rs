//! Faults between whoever tells or reads findings and the tables.

use super::{Faulty, store_error};
use beckon_domain::experiment::{Finding, RunId};
use beckon_domain::{ProfileKey, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{ExperimentStore, RunPage};

impl<T: ExperimentStore> ExperimentStore for Faulty<T> {
    async fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let recorded = self.inner.record_finding(of, finding, now);
        self.faults.around("record_finding", recorded, store_error).await
    }

    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        self.faults.around("run_page", self.inner.run_page(run, after, limit), store_error).await
    }
}
