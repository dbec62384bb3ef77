//! The options of a mapping, with AWS's names, defaults and limits.

use beckon_domain::DurationMs;
use thiserror::Error;

/// The options of a mapping. Names, defaults and limits are those of Lambda's `CreateEventSourceMapping`, but for the
/// last three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Records of one batch at most. AWS: 100 by default, 1 to 10,000.
    pub batch_size: usize,
    /// How long a batch gathers, from the answer before it or from its first record. AWS: 0 by default, at most 300.
    pub maximum_batching_window_in_seconds: u32,
    /// Batches of one shard at a time; the order of a partition key holds. AWS: 1 by default, at most 10.
    pub parallelization_factor: usize,
    /// Retries after a batch has failed for the first time. AWS: -1 by default, here `None`: for ever; at most 10,000.
    pub maximum_retry_attempts: Option<u32>,
    /// Age above which a record is discarded. AWS: -1 by default, here `None`: for ever; 60 to 604,800.
    pub maximum_record_age_in_seconds: Option<u32>,
    /// Whether a failed batch is split in two. AWS: off by default.
    pub bisect_batch_on_function_error: bool,
    /// Whether `FunctionResponseTypes` holds `ReportBatchItemFailures`: the answer's list counts. AWS: off by default.
    pub report_batch_item_failures: bool,
    /// Bytes of the event's JSON at most. AWS: 6 MB, not adjustable.
    pub payload_limit_bytes: usize,
    /// Pause before a failed batch is tried again. AWS does not document its own; 0 by default.
    pub backoff: DurationMs,
    /// Not AWS's behaviour but a known-bad variant of it, so that a simulation can show that it would notice: splitting a
    /// batch uses up a retry.
    #[doc(hidden)]
    pub splits_use_up_retries: bool,
}

impl Options {
    /// The largest `batch_size`.
    pub const BATCH_SIZE_MAX: usize = 10_000;
    /// The largest `maximum_batching_window_in_seconds`.
    pub const BATCHING_WINDOW_SECONDS_MAX: u32 = 300;
    /// The largest `parallelization_factor`.
    pub const PARALLELIZATION_FACTOR_MAX: usize = 10;
    /// The largest `maximum_retry_attempts`.
    pub const RETRY_ATTEMPTS_MAX: u32 = 10_000;
    /// The smallest `maximum_record_age_in_seconds`.
    pub const RECORD_AGE_SECONDS_MIN: u32 = 60;
    /// The largest `maximum_record_age_in_seconds`: a week.
    pub const RECORD_AGE_SECONDS_MAX: u32 = 604_800;
    /// The largest `payload_limit_bytes`, which is also its default: what Lambda takes of a synchronous invocation.
    pub const PAYLOAD_BYTES_MAX: usize = 6 * 1_024 * 1_024;

    /// Whether AWS would take these options.
    ///
    /// # Errors
    /// The first option that is out of its limits.
    pub fn check(&self) -> Result<(), OptionsError> {
        let retries = self.maximum_retry_attempts.unwrap_or(0);
        let age = self.maximum_record_age_in_seconds.unwrap_or(Self::RECORD_AGE_SECONDS_MIN);
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let limits = [
            ("BatchSize", number(self.batch_size), 1, number(Self::BATCH_SIZE_MAX)),
            (
                "MaximumBatchingWindowInSeconds",
                u64::from(self.maximum_batching_window_in_seconds),
                0,
                u64::from(Self::BATCHING_WINDOW_SECONDS_MAX),
            ),
            (
                "ParallelizationFactor",
                number(self.parallelization_factor),
                1,
                number(Self::PARALLELIZATION_FACTOR_MAX),
            ),
            ("MaximumRetryAttempts", u64::from(retries), 0, u64::from(Self::RETRY_ATTEMPTS_MAX)),
            (
                "MaximumRecordAgeInSeconds",
                u64::from(age),
                u64::from(Self::RECORD_AGE_SECONDS_MIN),
                u64::from(Self::RECORD_AGE_SECONDS_MAX),
            ),
            ("the payload limit", number(self.payload_limit_bytes), 1, number(Self::PAYLOAD_BYTES_MAX)),
        ];
        match limits.into_iter().find(|(_, value, min, max)| !(min..=max).contains(&value)) {
            Some((option, value, min, max)) => Err(OptionsError { option, value, min, max }),
            None => Ok(()),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_size: 100,
            maximum_batching_window_in_seconds: 0,
            parallelization_factor: 1,
            maximum_retry_attempts: None,
            maximum_record_age_in_seconds: None,
            bisect_batch_on_function_error: false,
            report_batch_item_failures: false,
            payload_limit_bytes: Self::PAYLOAD_BYTES_MAX,
            backoff: DurationMs::ZERO,
            splits_use_up_retries: false,
        }
    }
}

/// An option that AWS would not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{option} of the event source mapping is {value}: choose {min} to {max}")]
pub struct OptionsError {
    /// AWS's name of the option.
    pub option: &'static str,
    /// What it was.
    pub value: u64,
    /// The least it may be.
    pub min: u64,
    /// The most it may be.
    pub max: u64,
}
