//! Lambda's Kinesis event source mapping, modelled: what AWS documents of it, as a pure state machine in virtual time.
//!
//! The same model drives the profiler on a laptop, in tests and in simulations: batches, windows, lanes, retries, limits
//! of attempts and age, bisecting, partial answers, resharding. Discarded records are handed to the caller. What is
//! modelled, on whose word, and what is a choice: `shared/mapping/README.md`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod failure;
mod lane;
mod model;
mod options;
pub mod payload;
mod shard;
mod step;

pub use model::Mapping;
pub use options::{Options, OptionsError};
pub use step::{Answer, Batch, Completed, DiscardReason, Discarded, Entry, Invocation, InvocationId, Step};
