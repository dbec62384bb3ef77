//! A batch as Lambda's Kinesis mapping hands it over: what every function behind a stream has in common.
//!
//! [`record`] is the event's JSON in and the partial-batch answer out, [`lines`] takes a record apart into lines with
//! their positions and sets aside what can never be read, [`panics`] finds the line that makes a fold panic, [`time_left`] is
//! the end of the invocation.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod lines;
pub mod panics;
pub mod record;
pub mod time_left;

pub use lines::{Lines, read_lines};
pub use record::{Record, answer, lower, lowest, records};
pub use time_left::TimeLeft;
