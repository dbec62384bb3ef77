//! The event that Lambda hands to a function for a Kinesis batch, as its developer guide shows it, and what it makes of
//! the answer.

use crate::step::Answer;
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

/// What an event says of where it came from. By default, an account that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamSource {
    /// The stream that the events name.
    pub stream_arn: String,
    /// The role that the function is invoked as.
    pub invoke_identity_arn: String,
    /// The region.
    pub region: String,
}

impl Default for StreamSource {
    fn default() -> Self {
        Self {
            stream_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/beckon-events".to_owned(),
            invoke_identity_arn: "arn:aws:iam::000000000000:role/beckon-profiler".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }
}

/// The event for a batch of the default source.
pub fn kinesis_event<'a>(records: impl IntoIterator<Item = RecordView<'a>>) -> Value {
    kinesis_event_from(&StreamSource::default(), records)
}

/// The event for a batch.
pub fn kinesis_event_from<'a>(
    source: &StreamSource,
    records: impl IntoIterator<Item = RecordView<'a>>,
) -> Value {
    let records: Vec<Value> = records.into_iter().map(|view| record(source, view)).collect();
    json!({ "Records": records })
}

fn record(source: &StreamSource, record: RecordView<'_>) -> Value {
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
        "invokeIdentityArn": source.invoke_identity_arn,
        "awsRegion": source.region,
        "eventSourceARN": source.stream_arn,
    })
}

/// Bytes of a record in the event beside its key and data: field names, the numbers, names of stream and role.
const ENVELOPE_BYTES: usize = 640;

/// About how many bytes of the event a record takes: base64 makes four characters of three bytes.
pub(crate) fn event_bytes(partition_key: &str, data_bytes: usize) -> usize {
    let base64 = data_bytes.div_ceil(3).saturating_mul(4);
    base64.saturating_add(partition_key.len()).saturating_add(ENVELOPE_BYTES)
}

/// What a function's answer says, for a mapping that reports batch item failures.
///
/// No body, `null`, an empty object, a missing or empty or `null` list are a success. An entry whose `itemIdentifier`
/// is missing, `null`, not a text, or under another name fails the whole batch. AWS does not document the rest: here,
/// what is no object is a success, and a list that is no list fails the whole batch.
#[must_use]
pub fn parse_answer(body: &Value) -> Answer {
    match &body["batchItemFailures"] {
        Value::Null => Answer::Returned(Vec::new()),
        Value::Array(failures) => {
            let identifiers = failures.iter().map(|f| f["itemIdentifier"].as_str().map(ToOwned::to_owned));
            Answer::Returned(identifiers.collect())
        }
        _ => Answer::Returned(vec![None]),
    }
}

/// [`parse_answer`] of the bytes that a function returned. What is not JSON is a success, as no body is.
#[must_use]
pub fn parse_answer_bytes(body: &[u8]) -> Answer {
    serde_json::from_slice(body).map_or_else(|_| Answer::Returned(Vec::new()), |body| parse_answer(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(sequence: &'a str, data: &'a [u8]) -> RecordView<'a> {
        RecordView {
            shard: "shardId-000000000001",
            sequence,
            partition_key: "visitor",
            data,
            arrived_at_ms: 1_763_800_060_123,
        }
    }

    #[test]
    fn a_record_is_never_larger_in_the_event_than_it_was_reckoned() {
        let sequence = "9".repeat(56);
        for length in [0_usize, 1, 2, 3, 4, 1_000, 1_000_000] {
            let data = vec![7; length];
            let one = kinesis_event([view(&sequence, &data)]).to_string().len();
            let two = kinesis_event([view(&sequence, &data), view(&sequence, &data)]).to_string().len();
            let (actual, reckoned) = (two - one, event_bytes("visitor", length));
            assert!(actual <= reckoned && reckoned < actual + 256, "{length}: {actual}, {reckoned}");
        }
    }

    // AWS Lambda developer guide, "Configuring partial batch response with Kinesis Data Streams and Lambda", "Success
    // and failure conditions".
    #[test]
    fn what_counts_as_a_success_has_no_failures() {
        let bodies =
            ["", "null", "{}", r#"{"batchItemFailures": []}"#, r#"{"batchItemFailures": null}"#, "done"];
        for body in bodies {
            assert_eq!(parse_answer_bytes(body.as_bytes()), Answer::Returned(Vec::new()), "{body}");
        }
    }

    #[test]
    fn an_identifier_that_is_null_or_misnamed_stands_as_none_and_the_others_as_they_are() {
        let cases = [
            (r#"{"batchItemFailures": [{"itemIdentifier": "17"}]}"#, vec![Some("17".to_owned())]),
            (r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, vec![Some(String::new())]),
            (r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, vec![None]),
            (r#"{"batchItemFailures": [{"itemIdentifier": 17}]}"#, vec![None]),
            (r#"{"batchItemFailures": [{"sequenceNumber": "17"}]}"#, vec![None]),
            (r#"{"batchItemFailures": ["17"]}"#, vec![None]),
            (r#"{"batchItemFailures": "17"}"#, vec![None]),
        ];
        for (body, identifiers) in cases {
            assert_eq!(parse_answer_bytes(body.as_bytes()), Answer::Returned(identifiers), "{body}");
        }
    }

    #[test]
    fn an_event_names_its_source() {
        let source = StreamSource { stream_arn: "arn:stream".to_owned(), ..StreamSource::default() };
        let event = kinesis_event_from(&source, [view("17", b"hello")]);
        assert_eq!(event["Records"][0]["eventSourceARN"], "arn:stream");
        assert_eq!(event["Records"][0]["eventID"], "shardId-000000000001:17");
        assert_eq!(event["Records"][0]["kinesis"]["data"], "aGVsbG8=");
        assert_eq!(event["Records"][0]["kinesis"]["approximateArrivalTimestamp"], 1_763_800_060.123);
    }
}
