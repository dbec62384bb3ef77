//! The trainer: each day, what the archive holds becomes models, and only what is not worse than what is live becomes live.
//!
//! [`history`] reads the archive within limits, [`propensity`] makes a model of how likely people are to buy and judges it,
//! [`session_index`] an index of what they looked at, [`worth`] what strategies are worth, [`publish`] writes down how a training ended. They
//! read and write no profile. Beside them [`mod@sweep`] takes out of the archive, and of what else only a scan finds, who
//! was erased, [`kept`] counts the failed events that wait for somebody, and [`mod@reconcile`] holds the archive's lines of an
//! hour against what became of them.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod error;
mod handler;
pub mod history;
pub mod kept;
mod process;
pub mod propensity;
pub mod publish;
pub mod reconcile;
pub mod session_index;
pub mod sweep;
pub mod worth;

pub use config::Config;
pub use error::TrainerError;
pub use handler::{RECONCILE, SWEEP, handle, reconcile, sweep};
pub use history::{Limits, Period};
pub use process::{Report, Task, Trainer};
pub use reconcile::{HourReport, HourStatus, Hours, Reconciler};
pub use sweep::{SweepReport, Sweeper};
