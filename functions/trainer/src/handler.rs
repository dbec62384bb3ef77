//! A scheduled event in, a report of each kind of model out, of a sweep, or of hours that were reconciled.

use crate::error::TrainerError;
use crate::history::Period;
use crate::kept::{KeptReport, watch};
use crate::process::{Task, Trainer};
use crate::reconcile::{Hours, Reconciler, said};
use crate::sweep::{SweepReport, Sweeper, SweptTables};
use beckon_domain::{DurationMs, Timestamp};
use beckon_runtime::Metrics;
use beckon_store::archive::{ArchiveObjects, RewriteArchive};
use beckon_store::models::ModelObjects;
use beckon_store::objects::{FailedEventArchive, RewriteObjects};
use beckon_store::tables::{EngagementStore, ModelStore, ProfileStore};
use serde::Serialize;
use serde_json::Value;

/// Of what an invocation has, a third is for reading, a third for reading again where people must be drawn, and a third for
/// learning.
const TIME_PARTS: u64 = 3;

/// Trains once, whatever the schedule's input says. A call that comes twice trains twice; the second finds the same.
///
/// # Errors
/// When the training failed; EventBridge Scheduler then tries again.
pub async fn handle<T, A, O>(
    trainer: &Trainer<T, A, O>,
    _input: Value,
    days: u32,
    deadline: Option<Timestamp>,
) -> Result<Value, TrainerError>
where
    T: ModelStore + EngagementStore,
    A: ArchiveObjects,
    O: ModelObjects,
{
    let now = trainer.clock.now();
    let until = deadline.map(|end| now + DurationMs::from_ms(end.since(now).as_ms() / TIME_PARTS));
    let task = Task { period: Period::Days(now, days), until, who: "trainer".to_owned() };
    let reports = trainer.run_all(&task).await?;
    Ok(serde_json::to_value(reports)?)
}

/// What the schedule of the sweep sends: `{"schedule": "sweep"}`.
pub const SWEEP: &str = "sweep";

/// What an hour's look at what is kept came to.
#[derive(Serialize)]
struct Looked {
    #[serde(flatten)]
    sweep: SweepReport,
    #[serde(flatten)]
    kept: KeptReport,
}

/// Counts the failed events that wait, then sweeps once, and begins nothing new in the last tenth of the invocation's time.
///
/// # Errors
/// When a store fails; the next run does the rest. Neither keeps the other from being done.
pub async fn sweep<T, A, F>(
    sweeper: &Sweeper<T, A, F>,
    metrics: &Metrics,
    deadline: Option<Timestamp>,
) -> Result<Value, TrainerError>
where
    T: SweptTables,
    A: ArchiveObjects + RewriteArchive,
    F: FailedEventArchive + RewriteObjects,
{
    let now = sweeper.clock.now();
    let until = deadline.map(|end| now + DurationMs::from_ms(end.since(now).as_ms() / 10 * 9));
    // First, because it is short: an alarm listens to it.
    let kept = watch(&sweeper.failed, metrics, now).await;
    let kept = kept.inspect_err(|error| tracing::error!(error = ?error, "failed events were not counted"));
    let sweep = sweeper.run(until).await;
    let sweep = sweep.inspect_err(|error| tracing::error!(error = ?error, "sweep failed"))?;
    Ok(serde_json::to_value(Looked { sweep, kept: kept? })?)
}

/// What the schedule of reconciliation sends: `{"schedule": "reconcile"}`, which is the last hour that is settled. A person may
/// add `from` and `to`, in RFC 3339.
pub const RECONCILE: &str = "reconcile";

/// Reconciles the hours that the input names, and begins nothing new in the last tenth of the invocation's time.
///
/// # Errors
/// When the hours are not valid or a store fails.
pub async fn reconcile<T, A, F>(
    reconciler: &Reconciler<T, A, F>,
    input: &Value,
    deadline: Option<Timestamp>,
) -> Result<Value, TrainerError>
where
    T: ProfileStore,
    A: ArchiveObjects,
    F: FailedEventArchive,
{
    let now = reconciler.clock.now();
    let until = deadline.map(|end| now + DurationMs::from_ms(end.since(now).as_ms() / 10 * 9));
    let hours = match (input.get("from"), input.get("to")) {
        (None, None) => Some(Hours::settled(now)),
        (Some(from), Some(to)) => {
            let times = beckon_wire::parse_time(from).zip(beckon_wire::parse_time(to));
            times.and_then(|(from, to)| Hours::between(from, to))
        }
        _ => None,
    };
    let reports = reconciler.run(hours.ok_or(TrainerError::Hours)?, until).await;
    let reports = reports.inspect_err(|error| tracing::error!(error = ?error, "reconciliation failed"))?;
    reports.iter().for_each(said);
    Ok(serde_json::to_value(reports)?)
}
