//! Kinesis event in, partial-batch answer out.

use crate::process::Profiler;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use beckon_batch::{answer, records};
use beckon_domain::Timestamp;
use beckon_store::bus::EventBus;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ExperimentStore, ProfileStore};

/// Applies a batch and reports the lowest sequence number that is not done. The invocation is ended at `deadline`; a
/// caller in the same process names none.
pub async fn handle<T, S, F, B>(
    profiler: &Profiler<T, S, F, B>,
    event: KinesisEvent,
    deadline: Option<Timestamp>,
) -> KinesisEventResponse
where
    T: ProfileStore + ConfigStore + ExperimentStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    let outcome = profiler.process(&records(&event), deadline).await;
    answer(&event, outcome.failed_from.as_ref())
}
