//! The use case: what the archive holds becomes models, and what is not worse than what is live becomes live.

use crate::error::TrainerError;
use crate::history::{History, Limits, Period, read};
use crate::propensity::{Live, train};
use crate::publish::{Ended, record};
use beckon_domain::consent::ConsentDefault;
use beckon_domain::{Policy, Timestamp};
use beckon_recommend::propensity::Model;
use beckon_recommend::propensity::features::NAMES;
use beckon_runtime::{Clock, fresh_id};
use beckon_store::archive::ArchiveObjects;
use beckon_store::models::{ModelObjects, fetch, keep};
use beckon_store::tables::{
    EngagementStore, LiveModel, ModelKind, ModelStanding, ModelStore, TrainingEnd, TrainingRecord,
};
use serde::Serialize;

/// Everything the trainer needs.
#[derive(Clone)]
pub struct Trainer<T, A, O> {
    /// ConfigTable, AuditTable and ExperimentTable.
    pub tables: T,
    /// The archive of the stream.
    pub archive: A,
    /// Where large models lie.
    pub objects: O,
    /// The time.
    pub clock: Clock,
    /// How much is read.
    pub limits: Limits,
    /// How sessions are cut, as the profiler cuts them.
    pub policy: Policy,
    /// What people agreed to who chose nothing.
    pub consent_default: ConsentDefault,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Task {
    /// Which part of the archive is learned from.
    pub period: Period,
    /// When nothing new is begun any more.
    pub until: Option<Timestamp>,
    /// In whose name.
    pub who: String,
}

/// How the training of one kind of model ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which kind.
    pub kind: &'static str,
    /// `published` or `refused`.
    pub end: &'static str,
    /// Why.
    pub reason: String,
    /// The version that was live before.
    pub from: Option<String>,
    /// The version that was made.
    pub made: Option<String>,
    /// Its number among the trainings of its kind.
    pub number: u64,
    /// Of each thousand people, how many were learned from.
    pub people_per_thousand: u32,
    /// Whether older events were left out.
    pub is_cut: bool,
}

impl<T: ModelStore, A: ArchiveObjects, O: ModelObjects> Trainer<T, A, O> {
    /// Learns how likely people are to buy, and publishes what is good enough. The reason of either end is logged and
    /// written down.
    ///
    /// # Errors
    /// When something fails, or another training ended in between; what is live stays.
    pub async fn run(&self, task: &Task) -> Result<Report, TrainerError> {
        let history = self.read(task).await?;
        said(self.train_propensity(task, &history).await)
    }

    async fn read(&self, task: &Task) -> Result<History, TrainerError> {
        let read = read(&self.archive, task.period, self.limits, (&self.clock, task.until)).await;
        read.inspect_err(|error| tracing::error!(error = ?error, "training failed"))
    }

    async fn train_propensity(&self, task: &Task, history: &History) -> Result<Report, TrainerError> {
        let kind = ModelKind::Propensity;
        let standing = self.tables.model_standing(kind).await?;
        let live = self.live(&standing).await?;
        let at = self.clock.now();
        let made = train(history, live.as_ref(), &self.policy, at)?;
        let mut ended = Ended {
            id: fresh_id(),
            at,
            who: task.who.clone(),
            reason: String::new(),
            card: String::new(),
            made: None,
            publish: None,
        };
        match made {
            Err(reason) => ended.reason = reason,
            Ok(made) => {
                ended.card = serde_json::to_string(&made.card)?;
                ended.reason = made.verdict.reason;
                ended.made = Some(made.card.version.clone());
                if made.verdict.is_published {
                    ended.publish = Some(LiveModel {
                        version: made.card.version,
                        made_at: at,
                        judged_at: at,
                        card: ended.card.clone(),
                        place: keep(&self.objects, kind, made.bytes).await?,
                    });
                }
            }
        }
        let record = record(&self.tables, kind, &standing, ended).await?;
        Ok(report(kind, history, record))
    }

    /// What is live. What is stored and cannot be used is no champion: it is said, and the next model replaces it.
    async fn live(&self, standing: &ModelStanding) -> Result<Option<Live>, TrainerError> {
        let Some(live) = &standing.live else { return Ok(None) };
        let model = match fetch(&self.objects, &live.place).await {
            Ok(bytes) => Model::unpack(&bytes, &NAMES).map_err(|error| error.to_string()),
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = &model {
            tracing::error!(error, model.version = live.version, "live model not valid");
        }
        Ok(Some(Live { version: live.version.clone(), model: model.ok() }))
    }
}

impl<T: ModelStore + EngagementStore, A: ArchiveObjects, O: ModelObjects> Trainer<T, A, O> {
    /// Learns models of every kind from one reading. One that fails keeps no other from becoming live.
    ///
    /// # Errors
    /// When the archive cannot be read; of trainings that failed the first, after all have ended.
    pub async fn run_all(&self, task: &Task) -> Result<Vec<Report>, TrainerError> {
        let history = self.read(task).await?;
        let propensity = said(self.train_propensity(task, &history).await);
        let index = said(self.train_session_index(task, &history).await);
        let worth = said(self.train_worth(task).await);
        Ok(vec![propensity?, index?, worth?])
    }
}

/// Logs how a training ended.
fn said(ended: Result<Report, TrainerError>) -> Result<Report, TrainerError> {
    match &ended {
        Ok(report) if report.end == TrainingEnd::Published.name() => {
            tracing::info!(model.kind = report.kind, reason = report.reason, "model published");
        }
        Ok(report) if report.made.is_none() => {
            tracing::info!(model.kind = report.kind, reason = report.reason, "nothing learned");
        }
        Ok(report) => {
            // An alarm counts this line, whatever the level of the log.
            tracing::error!(model.kind = report.kind, reason = report.reason, "model refused");
        }
        Err(error) => tracing::error!(error = ?error, "training failed"),
    }
    ended
}

/// How a training ended, for whoever asked for it.
pub(crate) fn report(kind: ModelKind, history: &History, record: TrainingRecord) -> Report {
    Report {
        people_per_thousand: history.people_per_thousand,
        is_cut: history.is_cut,
        ..report_of(kind, record)
    }
}

/// The same of a training that read all there is.
pub(crate) fn report_of(kind: ModelKind, record: TrainingRecord) -> Report {
    Report {
        kind: kind.name(),
        end: record.end.name(),
        reason: record.reason,
        from: record.from,
        made: record.made,
        number: record.number,
        people_per_thousand: 1_000,
        is_cut: false,
    }
}
