//! Admin: what is live, and how it becomes so, for whoever holds a secret key.
//!
//! A ruleset is published by one request: it is compiled, its own tests run, it is kept as a version, and it becomes live
//! together with a record of who did it. [`rollout`] is that path, and the command line takes it too. Products come in by feeds (`catalog`),
//! experiments by a document beside it (`experiments`), discount codes by files or from chance (`codes`), keys from chance alone (`keys`).
//! Sending is paused and resumed here, too (`mail`). What is held on a person is told and erased (`rights`).
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod answer;
mod audit;
mod catalog;
mod change;
pub mod check;
mod codes;
mod config;
mod engagement;
mod error;
mod experiments;
mod handler;
mod keys;
pub mod mail;
mod process;
pub mod rights;
pub mod rollout;

pub use change::{CHANGE_BYTES_MAX, Change, LISTED_MAX, Noted, Values};
pub use check::{Checked, TestSummary, check, run_tests};
pub use config::Config;
pub use error::AdminError;
pub use handler::{AdminTables, MailTables, router};
pub use process::{Admin, Caller};
pub use rollout::{Outcome, Proposal, RolloutError, make_live};
