//! The trends: a Kinesis batch of signals is folded into the trends of items and categories, and into best sellers.
//!
//! It is the profiler's twin on the stream of signals: one read and one write for each item, marks that recognise what is
//! delivered again, failed events for what can never be counted. `lists` follows from what `settle` wrote. Signals
//! about slots share the stream: `slots` adds them up per slot and day.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod batch;
mod config;
mod error;
mod gaps;
mod handler;
mod lists;
mod process;
mod settle;
mod slots;

pub use config::Config;
pub use error::ProcessError;
pub use gaps::SeenProducts;
pub use handler::handle;
pub use process::{Outcome, Trends};
