//! What was found of people in experiments, behind the network.

use super::ground::{Fate, LateWrite, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::experiment::{Finding, RunId};
use beckon_domain::{ProfileKey, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{ExperimentStore, RunPage};

impl ExperimentStore for SimTables {
    async fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const NAME: &str = "write a finding down";
        let fate = self.net.arrive(NAME, Reach::One(of), true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let write = LateWrite::Finding { of: of.clone(), finding: Box::new(finding.clone()), now };
                self.net.lock().land_late(write);
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        self.inner.record_finding(of, finding, now).await?;
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(()) }
    }

    /// The oracle reads past the network.
    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        self.inner.run_page(run, after, limit).await
    }
}
