//! The event stream: records in, acknowledged or not.

use std::future::Future;

pub mod kinesis;
pub mod memory;

/// What is put: the data of one record and the key that decides its shard and its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRecord {
    /// Partition key: a profile key.
    pub partition_key: String,
    /// Lines of JSON.
    pub data: Vec<u8>,
}

/// Lines in the data of a record.
#[must_use]
pub fn line_count(data: &[u8]) -> u64 {
    data.split(|byte| *byte == b'\n').count() as u64
}

impl NewRecord {
    /// Records of one key, in order.
    #[must_use]
    pub fn of_key(partition_key: &str, datas: Vec<Vec<u8>>) -> Vec<Self> {
        datas.into_iter().map(|data| Self { partition_key: partition_key.to_owned(), data }).collect()
    }
}

/// Why records were not all taken.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Some were refused, again and again. Those before may be in the stream: put all of them again, event ids make
    /// that harmless.
    #[error("{refused} of {total} records were refused after {attempts} attempts")]
    Refused {
        /// Records refused.
        refused: usize,
        /// Records put.
        total: usize,
        /// Attempts made.
        attempts: u32,
    },
    /// The stream could not be reached, or refused the whole request.
    #[error("failed to put records")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StreamError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        true
    }
}

/// A stream that can be put to.
pub trait EventStream: Send + Sync {
    /// Puts records. `Ok` means that the stream has acknowledged every one of them; records of one partition key keep
    /// their order.
    fn put(&self, records: Vec<NewRecord>) -> impl Future<Output = Result<(), StreamError>> + Send;
}
