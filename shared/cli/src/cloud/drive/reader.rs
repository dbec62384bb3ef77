//! The stream, read shard by shard.
//!
//! Every read takes a fresh iterator behind the last record that was read: emulators keep iterators as positions in a
//! list, and forget to move them when records expire.

use crate::error::CliError;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::types::{Shard, ShardIteratorType};
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use beckon_mapping::Entry;
use beckon_mapping::payload::RecordView;
use std::sync::Arc;

/// A record as it stands in the stream.
#[derive(Debug)]
pub(super) struct Record {
    /// Its number, as it is written there: an emulator compares it as a text.
    pub(super) sequence: String,
    partition_key: String,
    data: Vec<u8>,
    arrived_at_ms: i64,
}

impl Record {
    fn of(record: aws_sdk_kinesis::types::Record) -> Self {
        let arrived = record.approximate_arrival_timestamp.and_then(|at| at.to_millis().ok());
        Self {
            sequence: record.sequence_number,
            partition_key: record.partition_key.unwrap_or_default(),
            data: record.data.into_inner(),
            arrived_at_ms: arrived.unwrap_or_default(),
        }
    }

    /// The record as the function is shown it.
    pub(super) fn view<'a>(&'a self, shard: &'a str) -> RecordView<'a> {
        RecordView {
            shard,
            sequence: &self.sequence,
            partition_key: &self.partition_key,
            data: &self.data,
            arrived_at_ms: self.arrived_at_ms,
        }
    }

    /// The record as the mapping takes it; `None` when its number is none.
    pub(super) fn entry(self: &Arc<Self>) -> Option<Entry<Arc<Self>>> {
        Some(Entry {
            sequence: SequenceNumber::parse(&self.sequence)?,
            partition_key: self.partition_key.clone(),
            bytes: self.data.len(),
            arrived_at: Timestamp::from_ms(self.arrived_at_ms),
            record: Arc::clone(self),
        })
    }
}

/// Where a shard is read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Its oldest record.
    Oldest,
    /// What comes next.
    Latest,
    /// Behind this number.
    After(String),
}

/// What one read gave.
pub(super) struct Read {
    pub(super) records: Vec<Arc<Record>>,
    /// Whether records were left for the next read.
    pub(super) has_more: bool,
    /// Whether the shard told its end.
    pub(super) is_end: bool,
    /// Where to go on before the first record has come.
    pub(super) next: Option<String>,
}

/// Why nothing was read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The iterator, or the place it was to begin at, is not known any more.
    Place,
    /// There is no such stream or shard.
    Gone,
    /// The emulator did not answer, or not usefully.
    Trouble(String),
}

/// A stream that is read.
#[derive(Clone)]
pub(super) struct Stream {
    pub(super) client: Client,
    pub(super) arn: String,
}

impl Stream {
    /// All shards that still hold records, parents first.
    pub(super) async fn shards(&self) -> Result<Vec<Shard>, ReadError> {
        let (mut shards, mut token) = (Vec::new(), None::<String>);
        loop {
            let request = self.client.list_shards();
            let request = match token {
                // A token stands for the stream; both together are refused.
                Some(token) => request.next_token(token),
                None => request.stream_arn(&self.arn),
            };
            let page = request.send().await.map_err(|e| why(&e))?;
            shards.extend(page.shards.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                shards.sort_by(|a, b| a.shard_id.cmp(&b.shard_id));
                return Ok(shards);
            }
        }
    }

    /// An iterator at a place of a shard.
    pub(super) async fn iterator(&self, shard: &str, place: &Place) -> Result<String, ReadError> {
        let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let request = match place {
            Place::Oldest => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Place::Latest => request.shard_iterator_type(ShardIteratorType::Latest),
            Place::After(number) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(number),
        };
        let answer = request.send().await.map_err(|e| why(&e))?;
        answer.shard_iterator.ok_or(ReadError::Place)
    }

    /// What an iterator points at.
    pub(super) async fn read(&self, iterator: String) -> Result<Read, ReadError> {
        let answer = self.client.get_records().stream_arn(&self.arn).shard_iterator(iterator).send().await;
        let answer = answer.map_err(|e| why(&e))?;
        Ok(Read {
            has_more: answer.millis_behind_latest.is_some_and(|ms| ms > 0),
            is_end: answer.next_shard_iterator.is_none(),
            next: answer.next_shard_iterator,
            records: answer.records.into_iter().map(|record| Arc::new(Record::of(record))).collect(),
        })
    }
}

fn why<E>(error: &SdkError<E>) -> ReadError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match error.code() {
        Some("ExpiredIteratorException" | "InvalidArgumentException" | "ValidationException") => {
            ReadError::Place
        }
        Some("ResourceNotFoundException") => ReadError::Gone,
        _ => ReadError::Trouble(CliError::caused("the stream did not answer", error).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_ordered_by_its_number_and_shown_as_it_was_written() {
        let record = |sequence: &str| {
            Arc::new(Record {
                sequence: sequence.to_owned(),
                partition_key: "visitor".to_owned(),
                data: b"line".to_vec(),
                arrived_at_ms: 1_763_800_000_123,
            })
        };
        let (nine, ten) = (record("0009"), record("0010"));
        let (a, b) = (nine.entry().unwrap(), ten.entry().unwrap());
        assert!(a.sequence < b.sequence && a.bytes == 4 && a.arrived_at.as_ms() == 1_763_800_000_123);
        assert_eq!(nine.view("shard-0").sequence, "0009", "with its leading zeros");
        assert!(record("not a number").entry().is_none());
    }
}
