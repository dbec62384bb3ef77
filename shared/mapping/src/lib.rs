//! Lambda's Kinesis event source mapping, modelled: what AWS documents of it, as a pure state machine in virtual time.
//!
//! The same model drives the profiler on a laptop, in tests and in simulations: batches, windows, lanes, retries, limits
//! of attempts and age, bisecting, partial answers, resharding. Discarded records are handed to the caller.
//!
//! | AWS | Here |
//! |---|---|
//! | `BatchSize`, `MaximumBatchingWindowInSeconds`, 6 MB of payload | modelled (`lane`, `payload`) |
//! | `ParallelizationFactor`: lanes by partition key | modelled (`shard`); AWS's hash is not documented |
//! | at least once; order of a shard and of a key | modelled; duplicates by restarting, or by the caller |
//! | `MaximumRetryAttempts`, `MaximumRecordAgeInSeconds`, bisecting without using up retries | modelled (`lane`) |
//! | `ReportBatchItemFailures`: lowest number, unusable identifiers | modelled (`lane`, `payload`) |
//! | throttled and failed invocations are no attempts | modelled ([`Answer::NotInvoked`]) |
//! | filters on `data` | modelled ([`filter`]); Beckon uses none |
//! | on-failure destination | the record and its key in S3 ([`failure`]); SQS and SNS are not |
//! | resharding: parents before children | modelled ([`Mapping::open_shard`]) |
//! | `IteratorAge` | [`Completed::iterator_age`] |
//! | reading a shard once a second, positions, retention | the caller's |
//! | tumbling windows, enhanced fan-out, KPL aggregation, provisioned pollers | not modelled |
//!
//! On whose word each rule stands, with its test, and what is a choice: `shared/mapping/README.md`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod failure;
pub mod filter;
mod lane;
mod model;
mod options;
pub mod payload;
mod shard;
mod step;

pub use model::Mapping;
pub use options::{Options, OptionsError};
pub use shard::lane_of;
pub use step::{Answer, Batch, Completed, DiscardReason, Discarded, Entry, Invocation, InvocationId, Step};
