//! What goes into a mapping and what comes out: records, invocations, answers, discards.

use beckon_domain::mark::SequenceNumber;
use beckon_domain::{DurationMs, Timestamp};
use std::fmt;

/// A record as it was read from its shard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry<R> {
    /// Its number.
    pub sequence: SequenceNumber,
    /// Its partition key: the lane, if there are several.
    pub partition_key: String,
    /// The length of its data, before base64.
    pub bytes: usize,
    /// Its approximate arrival time: where its age begins.
    pub arrived_at: Timestamp,
    /// The record.
    pub record: R,
}

/// Records of one shard, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch<R> {
    /// The shard.
    pub shard: String,
    /// The records.
    pub records: Vec<R>,
}

/// Names an invocation until its answer. Never used twice by a mapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InvocationId(pub(crate) u64);

/// One call of the function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invocation<R> {
    /// What [`crate::Mapping::complete`] wants to know.
    pub id: InvocationId,
    /// The attempt, from 1, as `MaximumRetryAttempts` counts: splits and invocations that did not take place are not
    /// counted.
    pub attempt: u32,
    /// The batch.
    pub batch: Batch<R>,
}

/// What the mapping does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step<R> {
    /// The function is to be invoked; the answer goes to [`crate::Mapping::complete`].
    Invoke(Invocation<R>),
    /// Records have become too old and are done with: they belong in the failure destination.
    Discard(Discarded<R>),
}

/// What came of an invocation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The function returned, with the `itemIdentifier`s of `batchItemFailures` as they stood there
    /// ([`crate::payload::parse_answer`]).
    Returned(Vec<Option<String>>),
    /// The function failed: an error or a timeout.
    FunctionError,
    /// The function was not invoked: a throttle (429), or Lambda's own failure (5xx).
    NotInvoked,
}

/// What an answer meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completed<R> {
    /// Records of the batch that are done.
    pub done_count: usize,
    /// Records of the batch that are delivered again.
    pub again_count: usize,
    /// Records of the batch whose retries are exhausted: they belong in the failure destination.
    pub discarded: Option<Discarded<R>>,
    /// `IteratorAge`: how old the last record of the batch was when its function ended. `None` for an answer that nobody
    /// waited for.
    pub iterator_age: Option<DurationMs>,
}

/// Records that the mapping has given up. The shard goes on behind them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discarded<R> {
    /// Their shard.
    pub shard: String,
    /// Why.
    pub reason: DiscardReason,
    /// How often the function was invoked with them, about: AWS's `approximateInvokeCount`.
    pub invoke_count: u32,
    /// The records, in order; never none.
    pub entries: Vec<Entry<R>>,
}

/// Why records were given up: the `condition` of an invocation record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiscardReason {
    /// `MaximumRetryAttempts` is reached.
    RetryAttemptsExhausted,
    /// The records are older than `MaximumRecordAgeInSeconds`.
    RecordAgeExceeded,
}

impl DiscardReason {
    /// The word in the invocation record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

impl fmt::Display for DiscardReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
