//! The cart mailer: each minute, the carts that were left become e-mails, each at most once.
//!
//! It never writes a profile. After a reminder has ended it puts `Timer Due` into the stream, and the profiler clears the
//! due entry. A timer of the rules that is due becomes a line in the stream too. [`mail`] renders, [`send`] is the port to
//! SES, and the ledger decides who may send.
//! Beside that, [`mod@canary`] asks the stack's own API each five minutes whether an event still becomes a decision.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod canary;
mod compose;
mod config;
mod conversions;
mod dry_run;
mod error;
mod experiments;
mod handler;
pub mod mail;
mod pace;
mod pools;
mod process;
mod reminder;
pub mod send;
mod situation;
mod timers;

pub use canary::{CANARY, Canary, CanaryReport};
pub use config::Config;
pub use dry_run::{DryRun, Planned, told as dry_run_told};
pub use error::MailerError;
pub use handler::handle;
pub use process::{MailTables, Mailer, Report};
