//! A stream of this process with the mapping behind it.

use crate::error::CliError;
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use beckon_mapping::{Entry, Invocation, Mapping, Options, Step};
use beckon_store::streams::line_count;
use beckon_store::streams::memory::{MemoryStream, StreamRecord};
use tokio::sync::{Mutex, MutexGuard};

/// A stream and its mapping, which never gives up on a record.
pub(super) struct Lane {
    stream: MemoryStream,
    mapping: Mutex<Mapping<StreamRecord>>,
}

impl Lane {
    pub(super) fn new(stream: MemoryStream, batch_size: usize) -> Result<Self, CliError> {
        // One reader for each shard, as the trends need it.
        let options = Options { batch_size, report_batch_item_failures: true, ..Options::default() };
        let mapping = Mapping::new(options).map_err(|e| CliError::caused("the stack's mapping", &e))?;
        Ok(Self { stream, mapping: Mutex::new(mapping) })
    }

    /// Whoever holds it delivers.
    pub(super) async fn mapping(&self) -> MutexGuard<'_, Mapping<StreamRecord>> {
        self.mapping.lock().await
    }

    /// What is to be delivered now. Without limits on retries and age, nothing is ever discarded.
    pub(super) fn invocations(
        &self,
        mapping: &mut Mapping<StreamRecord>,
        now: Timestamp,
    ) -> Result<Vec<Invocation<StreamRecord>>, CliError> {
        for record in self.stream.take() {
            let shard = record.shard.clone();
            mapping.push(&shard, entry(record)?, now);
        }
        let mut invocations = Vec::new();
        while let Some(Step::Invoke(invocation)) = mapping.next(now) {
            invocations.push(invocation);
        }
        Ok(invocations)
    }

    /// Lines in the stream that are not done, counted from their positions.
    pub(super) async fn in_flight(&self) -> u64 {
        let mapping = self.mapping.lock().await;
        mapping.undone().map(|record| line_count(&record.data)).sum::<u64>() + self.stream.waiting_lines()
    }
}

fn entry(record: StreamRecord) -> Result<Entry<StreamRecord>, CliError> {
    let sequence = SequenceNumber::parse(&record.sequence)
        .ok_or_else(|| CliError::failed("a sequence number is not a number"))?;
    Ok(Entry {
        sequence,
        partition_key: record.partition_key.clone(),
        bytes: record.data.len(),
        arrived_at: record.arrived_at,
        record,
    })
}
