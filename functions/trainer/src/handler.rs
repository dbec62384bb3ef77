//! A scheduled event in, a report of each kind of model out.

use crate::error::TrainerError;
use crate::history::Period;
use crate::process::{Task, Trainer};
use beckon_domain::{DurationMs, Timestamp};
use beckon_store::archive::ArchiveObjects;
use beckon_store::models::ModelObjects;
use beckon_store::tables::ModelStore;
use serde_json::Value;

/// Learning takes time after reading has ended: a third of what an invocation has is kept for it.
const LEARNING_PART: u64 = 3;

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
    T: ModelStore,
    A: ArchiveObjects,
    O: ModelObjects,
{
    let now = trainer.clock.now();
    // The days themselves must be over: today is none of them, but its beginning is read along.
    let until = deadline.map(|end| end - DurationMs::from_ms(end.since(now).as_ms() / LEARNING_PART * 2));
    let task = Task { period: Period::Days(now, days), until, who: "trainer".to_owned() };
    let reports = trainer.run_all(&task).await?;
    Ok(serde_json::to_value(reports)?)
}
