//! Lambda's Kinesis event source mapping, modelled: what AWS documents of it, as a pure state machine.
//!
//! The same model drives the profiler on a laptop, in tests and in simulations. Modelled so far: batches of one shard in
//! order, one batch of a shard at a time, the checkpoint, and partial-batch answers. Not modelled yet: windows, retry and
//! age limits, bisecting, failure destinations, parallelization, resharding; a failed batch is delivered again until it is
//! done.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod model;
pub mod payload;

pub use model::{Answer, Batch, Completed, Mapping, Options};
