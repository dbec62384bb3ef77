//! A batch that Lambda's event source mapping gave up on, as it keeps it in S3 (AWS Lambda developer guide, "Retain
//! discarded batch records for a Kinesis Data Streams event source in Lambda"). Whether its records were applied is not
//! certain: an invocation may have applied some and lost its answer.

use beckon_domain::ProfileKey;
use data_encoding::BASE64;
use serde::Deserialize;

/// Where the mapping keeps such batches in its bucket.
pub const PREFIX: &str = "aws/lambda/";

/// A batch that was given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscardedBatch {
    /// Why, in Lambda's words: `RetryAttemptsExhausted`, `RecordAgeExceeded`, ...
    pub condition: String,
    /// When, as Lambda writes it.
    pub discarded_at: String,
    /// The shard.
    pub shard: String,
    /// The first number.
    pub first_sequence: String,
    /// The last number.
    pub last_sequence: String,
    /// How many records.
    pub record_count: u64,
    /// The records; `None` when the document does not hold them.
    pub records: Option<Vec<DiscardedRecord>>,
}

/// A record of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscardedRecord {
    /// Its number.
    pub sequence: String,
    /// Partition key.
    pub partition_key: String,
    /// Data.
    pub data: Vec<u8>,
}

/// Why a document is not such a batch. Never holds values of the payload.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an invocation record of a Kinesis mapping: {0}")]
pub struct DiscardedError(String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    request_context: RequestContext,
    timestamp: String,
    #[serde(rename = "KinesisBatchInfo")]
    batch: BatchInfo,
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct RequestContext {
    condition: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchInfo {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    batch_size: u64,
}

/// The guide shows a text and does not say whether it is the event's JSON quoted or in place: both are read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Payload {
    Quoted(String),
    InPlace(Event),
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<EventRecord>,
}

#[derive(Deserialize)]
struct EventRecord {
    kinesis: KinesisRecord,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisRecord {
    sequence_number: String,
    partition_key: String,
    data: String,
}

impl DiscardedBatch {
    /// Whether it is of the stream of signals: no record has the key of a profile. `false` where nobody can tell.
    #[must_use]
    pub fn is_of_signals(&self) -> bool {
        let is_profile = |record: &DiscardedRecord| ProfileKey::parse(&record.partition_key).is_ok();
        self.records.as_ref().is_some_and(|records| !records.is_empty() && !records.iter().any(is_profile))
    }

    /// Reads a document.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn parse(document: &[u8]) -> Result<Self, DiscardedError> {
        let Document { request_context, timestamp, batch, payload } =
            serde_json::from_slice(document).map_err(|e| without_values("document", &e))?;
        let event = match payload {
            None => None,
            Some(Payload::InPlace(event)) => Some(event),
            Some(Payload::Quoted(text)) => {
                Some(serde_json::from_str(&text).map_err(|e| without_values("payload", &e))?)
            }
        };
        let records = event.map(|Event { records }| records.into_iter().map(record).collect());
        Ok(Self {
            condition: request_context.condition,
            discarded_at: timestamp,
            shard: batch.shard_id,
            first_sequence: batch.start_sequence_number,
            last_sequence: batch.end_sequence_number,
            record_count: batch.batch_size,
            records: records.transpose()?,
        })
    }
}

fn record(record: EventRecord) -> Result<DiscardedRecord, DiscardedError> {
    let KinesisRecord { sequence_number, partition_key, data } = record.kinesis;
    let data = BASE64.decode(data.as_bytes());
    let data = data.map_err(|_| DiscardedError("the data of a record is not base64".to_owned()))?;
    Ok(DiscardedRecord { sequence: sequence_number, partition_key, data })
}

fn without_values(what: &str, error: &serde_json::Error) -> DiscardedError {
    DiscardedError(format!("{:?} error at column {} of its {what}", error.classify(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn document(payload: Option<Value>) -> Vec<u8> {
        let mut document = json!({
            "requestContext": { "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1 },
            "version": "1.0",
            "timestamp": "2019-11-14T00:38:06.021Z",
            "KinesisBatchInfo": {
                "shardId": "shardId-000000000001", "startSequenceNumber": "17", "endSequenceNumber": "18",
                "batchSize": 1, "streamArn": "arn:aws:kinesis:us-east-2:123456789012:stream/mystream",
            },
        });
        if let Some(payload) = payload {
            document["payload"] = payload;
        }
        serde_json::to_vec(&document).unwrap()
    }

    #[test]
    fn the_payload_is_read_quoted_in_place_and_missing() {
        let event = json!({ "Records": [
            { "kinesis": { "sequenceNumber": "17", "partitionKey": "k", "data": "aGVsbG8=" }, "eventID": "x" },
        ]});
        let expected = [DiscardedRecord {
            sequence: "17".to_owned(),
            partition_key: "k".to_owned(),
            data: b"hello".to_vec(),
        }];
        for payload in [json!(event.to_string()), event] {
            let batch = DiscardedBatch::parse(&document(Some(payload))).unwrap();
            assert_eq!(batch.records.as_deref(), Some(&expected[..]));
            assert_eq!((batch.first_sequence.as_str(), batch.last_sequence.as_str()), ("17", "18"));
            assert_eq!(batch.condition, "RetryAttemptsExhausted");
        }
        assert_eq!(DiscardedBatch::parse(&document(None)).unwrap().records, None);
    }

    #[test]
    fn what_is_of_another_form_is_said_without_its_values() {
        for bad in [b"{\"requestContext\":{}}".to_vec(), document(Some(json!("secret-value"))), Vec::new()] {
            let message = DiscardedBatch::parse(&bad).unwrap_err().to_string();
            assert!(!message.contains("secret-value"), "{message}");
        }
    }
}
