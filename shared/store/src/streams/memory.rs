//! A stream in memory: shards, rising sequence numbers, nothing lost until the process ends. For the laptop and tests.

use super::{EventStream, NewRecord, StreamError};
use beckon_domain::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A record as it stands in the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamRecord {
    /// Its shard.
    pub shard: String,
    /// Its number there: decimal, rising.
    pub sequence: String,
    /// Partition key.
    pub partition_key: String,
    /// Data.
    pub data: Vec<u8>,
    /// When it arrived.
    pub arrived_at: Timestamp,
}

struct Inner {
    shard_count: u32,
    next_sequence: u64,
    waiting: Vec<StreamRecord>,
    refuse: usize,
    lines_put: u64,
}

fn line_count(data: &[u8]) -> u64 {
    data.split(|byte| *byte == b'\n').count() as u64
}

type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
type Wake = Arc<dyn Fn() + Send + Sync>;

/// A stream in memory. Clones share it.
#[derive(Clone)]
pub struct MemoryStream {
    inner: Arc<Mutex<Inner>>,
    now: Now,
    wake: Wake,
}

/// The first sequence number: 56 digits as AWS's are, so that nothing on the way can take one for a small integer.
const SEQUENCE_PREFIX: &str = "4954511524349098501828006771497314458218";

impl MemoryStream {
    /// A stream of `shard_count` shards that asks `now` for arrival times and calls `wake` after each put.
    pub fn new(
        shard_count: u32,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let inner = Inner {
            shard_count: shard_count.max(1),
            next_sequence: 1,
            waiting: Vec::new(),
            refuse: 0,
            lines_put: 0,
        };
        Self { inner: Arc::new(Mutex::new(inner)), now: Arc::new(now), wake: Arc::new(wake) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the records that arrived since the last call, in order.
    #[must_use]
    pub fn take(&self) -> Vec<StreamRecord> {
        std::mem::take(&mut self.lock().waiting)
    }

    /// Refuses the next `count` calls of `put`: what a throttled stream does.
    pub fn refuse_next(&self, count: usize) {
        self.lock().refuse = count;
    }

    /// Lines that arrived and were not taken.
    #[must_use]
    pub fn waiting_lines(&self) -> u64 {
        self.lock().waiting.iter().map(|record| line_count(&record.data)).sum()
    }

    /// Lines put so far, over all records.
    #[must_use]
    pub fn lines_put(&self) -> u64 {
        self.lock().lines_put
    }
}

impl EventStream for MemoryStream {
    async fn put(&self, records: Vec<NewRecord>) -> Result<(), StreamError> {
        let arrived_at = (self.now)();
        {
            let mut inner = self.lock();
            if inner.refuse > 0 {
                inner.refuse -= 1;
                let total = records.len();
                return Err(StreamError::Refused { refused: total, total, attempts: 1 });
            }
            for record in records {
                let hash = record.partition_key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                });
                let shard = format!("shardId-{:012}", hash % u64::from(inner.shard_count));
                let sequence = format!("{SEQUENCE_PREFIX}{:016}", inner.next_sequence);
                inner.next_sequence += 1;
                inner.lines_put += line_count(&record.data);
                let NewRecord { partition_key, data } = record;
                inner.waiting.push(StreamRecord { shard, sequence, partition_key, data, arrived_at });
            }
        }
        (self.wake)();
        Ok(())
    }
}
