//! Kinesis event in, partial-batch answer out.

use crate::process::Trends;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use beckon_batch::{answer, records};
use beckon_domain::Timestamp;
use beckon_store::objects::FailedEventStore;
use beckon_store::tables::{CatalogStore, EngagementStore, ProductStore};

/// Counts a batch and reports the lowest sequence number that is not done. The invocation is ended at `deadline`; a
/// caller in the same process names none.
pub async fn handle<T: CatalogStore + ProductStore + EngagementStore, F: FailedEventStore>(
    trends: &Trends<T, F>,
    event: KinesisEvent,
    deadline: Option<Timestamp>,
) -> KinesisEventResponse {
    let outcome = trends.process(&records(&event), deadline).await;
    answer(&event, outcome.failed_from.as_ref())
}
