//! How a training of any kind is written down, and what it made becomes live: one transaction, by the number of the
//! training before.

use crate::error::TrainerError;
use beckon_store::ErrorKind;
use beckon_store::tables::{
    LiveModel, ModelKind, ModelStanding, ModelStore, Save, TrainingEnd, TrainingRecord,
};

/// How a training ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Unique id.
    pub id: String,
    /// When.
    pub at: beckon_domain::Timestamp,
    /// Who trained.
    pub who: String,
    /// Why it ended so.
    pub reason: String,
    /// The card of what it made; empty when it made nothing.
    pub card: String,
    /// The version that it made, if any.
    pub made: Option<String>,
    /// What is to become live; `None` when nothing changes.
    pub publish: Option<LiveModel>,
}

/// Writes down how a training ended, after what was read as standing.
///
/// # Errors
/// When another training ended in between, or a table fails.
pub async fn record<T: ModelStore>(
    tables: &T,
    kind: ModelKind,
    standing: &ModelStanding,
    ended: Ended,
) -> Result<TrainingRecord, TrainerError> {
    let Ended { id, at, who, reason, card, made, publish } = ended;
    let number = standing.number + 1;
    let end = if publish.is_some() { TrainingEnd::Published } else { TrainingEnd::Refused };
    let from = standing.live.as_ref().map(|live| live.version.clone());
    let record = TrainingRecord { number, id, at, end, from, made, who, reason, card };
    let live = publish.as_ref().or(standing.live.as_ref());
    let error = match tables.record_training(kind, live, &record).await {
        Ok(Save::Saved) => return Ok(record),
        Ok(Save::Conflict) => None,
        Err(error) if error.kind == ErrorKind::Ambiguous => Some(error),
        Err(error) => return Err(error.into()),
    };
    // Was it we, after an answer that got lost, or somebody else?
    let latest = tables.trainings(kind, Some(number + 1), 1).await?.into_iter().next();
    match (latest.filter(|latest| latest.number == number), error) {
        (Some(latest), _) if latest.id == record.id => Ok(latest),
        (None, Some(error)) => Err(error.into()),
        _ => Err(TrainerError::Overtaken),
    }
}
