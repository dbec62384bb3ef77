//! Where state is kept: ports (one narrow trait per need) and their adapters.
//!
//! [`tables`] has the ports of the five tables with an in-memory and a DynamoDB adapter, [`streams`] the event stream
//! (Kinesis, and one in memory), [`bus`] the bus on which others
//! hear of what happens (EventBridge, and one in memory), [`objects`] the failed-event store (S3, and a folder), [`archive`] every line that came
//! (a folder, and a reader of S3), [`catalog`] the snapshot of all products that decisions hold. [`models`] what is learned
//! and too large for an item (S3, a folder, and memory). [`switching`] turns the switch of sending,
//! [`erasing`] takes a person out of the tables. An adapter and its stand-in pass the same contract suite (feature `contract`). No port
//! knows a clock: time is an argument.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod active_model;
pub mod archive;
pub mod bus;
pub mod catalog;
#[cfg(feature = "contract")]
pub mod contract;
pub mod erasing;
pub mod error;
pub mod metered;
pub mod models;
pub mod objects;
pub mod propensity;
pub mod ruleset;
pub mod streams;
pub mod switching;
pub mod tables;
pub mod worth;

pub use error::{ErrorKind, StoreError};
