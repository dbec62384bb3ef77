//! Kinesis Data Streams: PutRecords, with what it refused put again in order.

use super::{EventStream, NewRecord, StreamError};
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use std::collections::HashSet;
use std::time::Duration;

/// Records of one PutRecords at most (AWS's limit).
const RECORDS_MAX: usize = 500;
/// Bytes of one PutRecords at most, keys included (AWS's limit is 5 MiB; a margin for what is counted differently).
const BYTES_MAX: usize = 4_500_000;
/// Attempts for records that were refused.
const ATTEMPTS_MAX: u32 = 4;

/// A Kinesis stream.
#[derive(Clone, Debug)]
pub struct KinesisStream {
    client: Client,
    name: String,
}

impl KinesisStream {
    /// The stream of this name, by a function's AWS configuration.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig, name: impl Into<String>) -> Self {
        Self::new(Client::new(config), name)
    }

    /// The stream of this name, behind a client.
    #[must_use]
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// One PutRecords. Returns the indices that were refused.
    async fn put_once(&self, records: &[NewRecord]) -> Result<Vec<usize>, StreamError> {
        let mut request = self.client.put_records().stream_name(&self.name);
        for record in records {
            let entry = PutRecordsRequestEntry::builder()
                .partition_key(&record.partition_key)
                .data(Blob::new(record.data.clone()))
                .build()
                .map_err(|e| StreamError::Unavailable(e.into()))?;
            request = request.records(entry);
        }
        let answer = request.send().await.map_err(|e| StreamError::Unavailable(e.into()))?;
        if answer.records.len() != records.len() {
            let detail =
                format!("the answer speaks for {} records of {}", answer.records.len(), records.len());
            return Err(StreamError::Unavailable(detail.into()));
        }
        // A record is acknowledged by its sequence number; no error alone acknowledges nothing.
        let is_refused = |r: &PutRecordsResultEntry| r.error_code.is_some() || r.sequence_number.is_none();
        let refused = answer.records.iter().enumerate().filter(|(_, r)| is_refused(r));
        Ok(refused.map(|(index, _)| index).collect())
    }

    /// Puts one chunk, of `total` records in all, until all of it is taken. One record of a chunk may be refused while
    /// later ones are taken, so a chunk has one record of a key at most.
    async fn put_chunk(&self, mut records: Vec<NewRecord>, total: usize) -> Result<(), StreamError> {
        for attempt in 1..=ATTEMPTS_MAX {
            let refused = self.put_once(&records).await?;
            if refused.is_empty() {
                return Ok(());
            }
            records = refused.iter().map(|index| records[*index].clone()).collect();
            if attempt < ATTEMPTS_MAX {
                tokio::time::sleep(Duration::from_millis(25 << attempt)).await;
            }
        }
        Err(StreamError::Refused { refused: records.len(), total, attempts: ATTEMPTS_MAX })
    }
}

impl EventStream for KinesisStream {
    async fn put(&self, records: Vec<NewRecord>) -> Result<(), StreamError> {
        let total = records.len();
        let (mut chunk, mut chunk_bytes, mut chunk_keys) = (Vec::new(), 0, HashSet::new());
        for record in records {
            let bytes = record.data.len() + record.partition_key.len();
            let is_full =
                chunk.len() == RECORDS_MAX || (chunk_bytes + bytes > BYTES_MAX && !chunk.is_empty());
            if is_full || chunk_keys.contains(&record.partition_key) {
                self.put_chunk(std::mem::take(&mut chunk), total).await?;
                chunk_bytes = 0;
                chunk_keys.clear();
            }
            chunk_bytes += bytes;
            chunk_keys.insert(record.partition_key.clone());
            chunk.push(record);
        }
        if chunk.is_empty() { Ok(()) } else { self.put_chunk(chunk, total).await }
    }
}
