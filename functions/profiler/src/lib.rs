//! The profiler: a Kinesis batch is folded into profiles, each event's effect exactly once.
//!
//! The order of things in one batch is the promise; `process` keeps it, and ARCHITECTURE.md says why it holds.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod batch;
mod config;
mod error;
mod expiry;
mod guard;
mod handler;
mod outbox;
mod process;
mod settle;
mod tally;

pub use config::Config;
pub use error::ProcessError;
pub use handler::handle;
pub use process::{FoldFn, Outcome, Profiler};
pub use tally::Tally;
