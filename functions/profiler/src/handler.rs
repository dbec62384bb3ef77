//! Kinesis event in, partial-batch answer out.

use crate::batch::Record;
use crate::process::Profiler;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::{KinesisBatchItemFailure, KinesisEventResponse};
use beckon_domain::Timestamp;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ProfileStore};

/// Applies a batch and reports the lowest sequence number that is not done, and only that one: everything after it comes
/// again in any case (AWS Lambda developer guide, "Configuring partial batch response with Kinesis"). The invocation is ended at `deadline`; a caller in the same
/// process names none.
pub async fn handle<T, S, F>(
    profiler: &Profiler<T, S, F>,
    event: KinesisEvent,
    deadline: Option<Timestamp>,
) -> KinesisEventResponse
where
    T: ProfileStore + ConfigStore,
    S: EventStream,
    F: FailedEventStore,
{
    let records: Vec<Record<'_>> = event
        .records
        .iter()
        .map(|record| Record {
            shard: shard(record.event_id.as_deref().unwrap_or_default()),
            sequence: &record.kinesis.sequence_number,
            partition_key: record.kinesis.partition_key.as_str(),
            data: &record.kinesis.data.0,
            arrived_at: arrived_at(record.kinesis.approximate_arrival_timestamp.timestamp_millis()),
        })
        .collect();
    let outcome = profiler.process(&records, deadline).await;
    let mut response = KinesisEventResponse::default();
    if let Some(sequence) = outcome.failed_from {
        // As the record had it: the mapping compares texts.
        let mut as_given = event.records.iter().map(|record| &record.kinesis.sequence_number);
        let identifier = as_given
            .find(|given| given.trim_start_matches('0') == sequence.as_str())
            .map_or_else(|| sequence.to_string(), ToString::to_string);
        let mut failure = KinesisBatchItemFailure::default();
        failure.item_identifier = Some(identifier);
        response.batch_item_failures = vec![failure];
    }
    response
}

/// The shard of a record: `eventID` is `shardId-000000000006:4959…` in AWS's own sample event.
fn shard(event_id: &str) -> &str {
    event_id.rsplit_once(':').map_or("", |(shard, _)| shard)
}

/// A record that arrived in 1970 does not say when it did.
fn arrived_at(ms: i64) -> Option<Timestamp> {
    (ms > 0).then(|| Timestamp::from_ms(ms))
}
