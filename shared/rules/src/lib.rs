#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]
mod error;
mod tree;
pub use error::{PROBLEM_COUNT_MAX, Problem, RulesetError};
