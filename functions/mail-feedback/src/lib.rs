//! Mail feedback: what SES tells of a mail becomes the ledger's, a suppression, and the sender's reputation.
//!
//! Each event may come twice, late and in any order: the ledger and suppression come to the same, and a figure counts
//! each fact once. When bounces or complaints are too many, the brake closes: `brake` turns the switch that the cart
//! mailer looks at, and a person turns it back.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod brake;
mod config;
mod error;
mod handler;
mod ledger;
mod process;

pub use config::Config;
pub use error::FeedbackError;
pub use handler::handle;
pub use process::{Feedback, FeedbackTables, Report};
