//! Kinesis event in, partial-batch answer out.

use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::{KinesisBatchItemFailure, KinesisEventResponse};
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;

/// A record as the mapping hands it over.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Its shard.
    pub shard: &'a str,
    /// Its number there.
    pub sequence: &'a str,
    /// Partition key.
    pub partition_key: &'a str,
    /// Data.
    pub data: &'a [u8],
    /// When the stream took it, about; `None` when the record does not say. Up to 0.9 s before what AWS said:
    /// `aws_lambda_events` takes the decimals of a second for a number, so that 7.18 s is 7 s and 18 ms.
    pub arrived_at: Option<Timestamp>,
}

/// The records of an event, in order.
#[must_use]
pub fn records(event: &KinesisEvent) -> Vec<Record<'_>> {
    let records = event.records.iter().map(|record| Record {
        shard: shard(record.event_id.as_deref().unwrap_or_default()),
        sequence: &record.kinesis.sequence_number,
        partition_key: record.kinesis.partition_key.as_str(),
        data: &record.kinesis.data.0,
        arrived_at: arrived_at(record.kinesis.approximate_arrival_timestamp.timestamp_millis()),
    });
    records.collect()
}

/// The shard of a record: `eventID` is `shardId-000000000006:4959…` in AWS's own sample event.
fn shard(event_id: &str) -> &str {
    event_id.rsplit_once(':').map_or("", |(shard, _)| shard)
}

/// A record that arrived in 1970 does not say when it did.
fn arrived_at(ms: i64) -> Option<Timestamp> {
    (ms > 0).then(|| Timestamp::from_ms(ms))
}

/// The lowest number of a batch: what is reported when something without a number must come again.
#[must_use]
pub fn lowest(records: &[Record<'_>]) -> Option<SequenceNumber> {
    records.iter().filter_map(|record| SequenceNumber::parse(record.sequence)).min()
}

/// The lower of two numbers from which on something comes again.
#[must_use]
pub fn lower(one: Option<SequenceNumber>, other: Option<SequenceNumber>) -> Option<SequenceNumber> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Reports the lowest sequence number that is not done, and only that one: everything after it comes again in any case
/// (AWS Lambda developer guide, "Configuring partial batch response with Kinesis").
#[must_use]
pub fn answer(event: &KinesisEvent, failed_from: Option<&SequenceNumber>) -> KinesisEventResponse {
    let mut response = KinesisEventResponse::default();
    if let Some(sequence) = failed_from {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_seems_to_arrive_at_most_nine_tenths_of_a_second_before_it_did_and_never_after() {
        for ms in 1_763_800_000_000..1_763_800_001_000_i64 {
            let event = serde_json::json!({ "Records": [{
                "eventID": "shardId-000000000006:1", "eventVersion": "1.0", "eventSource": "aws:kinesis",
                "kinesis": { "sequenceNumber": "1", "partitionKey": "k", "data": "", "kinesisSchemaVersion": "1.0",
                    "approximateArrivalTimestamp": ms as f64 / 1_000.0 },
            }] });
            let event: KinesisEvent = serde_json::from_value(event).expect("AWS's form");
            let read = records(&event)[0].arrived_at.map(Timestamp::as_ms).expect("it says when");
            assert!((0..=900).contains(&(ms - read)), "{ms} is read as {read}");
        }
    }
}
