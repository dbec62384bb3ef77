//! What AWS documents of an event source mapping for Kinesis, rule by rule. Each test names the page.
//!
//! Pages of the AWS Lambda developer guide, by the short names that the comments use:
//! - *processing*: "How Lambda processes records from Amazon Kinesis Data Streams"
//! - *batching*: "How Lambda processes records from stream and queue-based event sources", "Batching behavior"
//! - *partial*: "Configuring partial batch response with Kinesis Data Streams and Lambda"
//! - *discards*: "Retain discarded batch records for a Kinesis Data Streams event source in Lambda"
//! - *parameters*: "Lambda parameters for Amazon Kinesis Data Streams event source mappings"
//! - *metrics*: "Types of metrics for Lambda functions", IteratorAge
//!
//! And of the Lambda API reference, *create*: "CreateEventSourceMapping".
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod batching;
mod bisecting;
mod filtering;
mod limits;
mod order;
mod resharding;
mod retries;

use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use beckon_mapping::{Answer, Completed, Discarded, Entry, Invocation, Mapping, Options, Step};

pub const SHARD: &str = "shardId-000000000000";

/// Seconds of virtual time.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_ms(i64::try_from(seconds).unwrap() * 1_000)
}

pub fn sequence(n: u64) -> SequenceNumber {
    SequenceNumber::parse(&n.to_string()).unwrap()
}

pub fn entry(n: u64, key: &str, arrived_at: Timestamp) -> Entry<u64> {
    Entry { sequence: sequence(n), partition_key: key.to_owned(), bytes: 100, arrived_at, record: n }
}

pub fn mapping(options: Options) -> Mapping<u64> {
    Mapping::new(options).unwrap()
}

/// A mapping that has read records of one shard and one key at second 0.
pub fn with_records(options: Options, numbers: impl IntoIterator<Item = u64>) -> Mapping<u64> {
    let mut mapping = mapping(options);
    for n in numbers {
        assert!(mapping.push(SHARD, entry(n, "key", at(0)), at(0)));
    }
    mapping
}

pub fn invoke(mapping: &mut Mapping<u64>, now: Timestamp) -> Invocation<u64> {
    match mapping.next(now) {
        Some(Step::Invoke(invocation)) => invocation,
        other => panic!("an invocation was due: {other:?}"),
    }
}

pub fn discard(mapping: &mut Mapping<u64>, now: Timestamp) -> Discarded<u64> {
    match mapping.next(now) {
        Some(Step::Discard(discarded)) => discarded,
        other => panic!("a discard was due: {other:?}"),
    }
}

/// Invokes, answers, and tells what the function was given.
pub fn round(mapping: &mut Mapping<u64>, answer: &Answer, now: Timestamp) -> (Vec<u64>, Completed<u64>) {
    let invocation = invoke(mapping, now);
    let completed = mapping.complete(invocation.id, answer, now);
    (invocation.batch.records, completed)
}

pub fn success() -> Answer {
    Answer::Returned(Vec::new())
}

pub fn failed(ids: &[&str]) -> Answer {
    Answer::Returned(ids.iter().map(|id| Some((*id).to_owned())).collect())
}

pub fn reporting() -> Options {
    Options { report_batch_item_failures: true, ..Options::default() }
}

pub fn records(discarded: &Discarded<u64>) -> Vec<u64> {
    discarded.entries.iter().map(|entry| entry.record).collect()
}
