//! The experiment of a simulation, and what was found of people in it, behind the network.

use super::bugs::Bug;
use super::ground::{Fate, LateWrite, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::event::EventKind;
use beckon_domain::experiment::{Exposed, Fact, Finding, RunId, RunRow};
use beckon_domain::id::{EffectId, ExperimentId, OrderId};
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{ExperimentStore, PersonStore, RunPage, Trace};

/// Half of all people see one product instead of two. Nobody is held out.
pub(crate) const DOCUMENT: &str = "version: 1
holdout: 0%
goals: [{ id: opened, event: Newsletter Opened }]
experiments:
  - id: one-or-two
    status: running
    window: 2h
    variants: [{ id: two, weight: 50% }, { id: one, weight: 50%, changes: [{ slot: home, count: 1 }] }]
";
/// The goal that the document declares, and what reaches it.
pub(crate) const OPENED: (&str, &str) = ("opened", "Newsletter Opened");
/// How long after being shown a variant what a person does counts.
pub(crate) const WINDOW: DurationMs = DurationMs::from_hours(2);

/// The run of the experiment.
pub(crate) fn run() -> Option<RunId> {
    Some(RunId { experiment: ExperimentId::new("one-or-two").ok()?, number: 1 })
}

impl SimTables {
    /// A finding takes effect, or what a known-bad variant makes of it.
    pub(crate) async fn find(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let bug = self.net.lock().bug;
        match (bug, finding) {
            (Bug::ConversionAgain, Finding::Reached(run, fact)) => {
                let telling = OrderId::new(&format!("{}-{}", fact.id, self.net.lock().call_count));
                let id = telling.map_or(fact.id, |telling| EffectId::of_order(&telling));
                let again = Fact { id, ..fact.clone() };
                self.inner.record_finding(of, &Finding::Reached(run.clone(), again), now).await
            }
            (Bug::JoiningForgotten, Finding::Joined(..)) => Ok(()),
            (Bug::ExposureReplaced, Finding::Exposed(exposed)) => self.replace(of, exposed, now).await,
            _ => self.inner.record_finding(of, finding, now).await,
        }
    }

    /// The known-bad variant that keeps what a person was shown last.
    async fn replace(&self, of: &ProfileKey, exposed: &Exposed, now: Timestamp) -> Result<(), StoreError> {
        let newest = {
            let ground = self.net.lock();
            let told = ground.book.log.iter().flat_map(|logged| &logged.told);
            let told =
                told.filter(|told| told.line.key == of.as_str()).filter_map(|told| match &told.event.kind {
                    EventKind::Exposed { variant, .. } => Some((told.event.occurred_at, variant.clone())),
                    _ => None,
                });
            told.max()
        };
        let page = self.inner.run_page(&exposed.run, None, u32::MAX).await?;
        for row in page.rows.into_iter().filter(|row| row.of() == of) {
            let RunRow::Person { joined_to, .. } = row.clone() else { continue };
            self.inner
                .erase_trace(&Trace::Run(exposed.run.clone(), Box::new(row)), std::slice::from_ref(of))
                .await?;
            if let Some(to) = joined_to {
                let joined = Finding::Joined(exposed.run.clone(), of.clone());
                self.inner.record_finding(&to, &joined, now).await?;
            }
        }
        let (at, variant) = newest.unwrap_or_else(|| (exposed.at, exposed.variant.clone()));
        let newest = Exposed { at, variant, ..exposed.clone() };
        self.inner.record_finding(of, &Finding::Exposed(newest), now).await
    }
}

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
        self.find(of, finding, now).await?;
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(()) }
    }

    /// The oracle reads past the network.
    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        self.inner.run_page(run, after, limit).await
    }
}
