//! A stream in memory: shards, rising sequence numbers, nothing lost until the process ends. For the laptop and tests.

use super::{EventStream, NewRecord, StreamError, line_count};
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
    copy_to: Option<Copy>,
    /// What was put while the stream held back; `None` while it does not.
    held: Option<Vec<NewRecord>>,
}

type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
type Wake = Arc<dyn Fn() + Send + Sync>;
type Copy = Box<dyn Fn(&StreamRecord) + Send>;

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
            copy_to: None,
            held: None,
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

    /// From now on each record is shown to `copy` as it arrives, in the stream's order: what an archive is written from.
    /// It is called under the stream's lock, so it must not use the stream.
    pub fn copy_to(&self, copy: impl Fn(&StreamRecord) + Send + 'static) {
        self.lock().copy_to = Some(Box::new(copy));
    }

    /// From now on what is put is acknowledged and held back, for a caller who has it already: a replay.
    pub fn hold_back(&self) {
        self.lock().held.get_or_insert_default();
    }

    /// Takes in again what is put, and returns what was held back.
    #[must_use]
    pub fn let_go(&self) -> Vec<NewRecord> {
        self.lock().held.take().unwrap_or_default()
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
            if let Some(held) = &mut inner.held {
                held.extend(records);
                return Ok(());
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
                let record = StreamRecord { shard, sequence, partition_key, data, arrived_at };
                if let Some(copy) = &inner.copy_to {
                    copy(&record);
                }
                inner.waiting.push(record);
            }
        }
        (self.wake)();
        Ok(())
    }
}
