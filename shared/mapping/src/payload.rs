//! The event that Lambda hands to a function for a Kinesis batch, as its developer guide shows it.

use data_encoding::BASE64;
use serde_json::{Value, json};

/// A record, as it stands in the stream.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a> {
    /// Shard.
    pub shard: &'a str,
    /// Sequence number.
    pub sequence: &'a str,
    /// Partition key.
    pub partition_key: &'a str,
    /// Data.
    pub data: &'a [u8],
    /// Arrival, milliseconds since 1970.
    pub arrived_at_ms: i64,
}

/// The stream that the events name.
const STREAM_ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/beckon-events";

/// The event for a batch.
pub fn kinesis_event<'a>(records: impl IntoIterator<Item = RecordView<'a>>) -> Value {
    let records: Vec<Value> = records.into_iter().map(record).collect();
    json!({ "Records": records })
}

fn record(record: RecordView<'_>) -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence,
            "data": BASE64.encode(record.data),
            "approximateArrivalTimestamp": record.arrived_at_ms as f64 / 1_000.0,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{}:{}", record.shard, record.sequence),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::000000000000:role/beckon-profiler",
        "awsRegion": "us-east-1",
        "eventSourceARN": STREAM_ARN,
    })
}
