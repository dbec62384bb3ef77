//! The collector: events come in over HTTP, are checked one by one, and enter the stream.
//!
//! It answers only after the stream has acknowledged. It never reads a profile.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod error;
mod guard;
mod handler;
mod identity;
mod measuring;
mod orders;
mod process;
mod proof;
mod settings;
mod sorted;

pub use config::Config;
pub use error::CollectError;
pub use guard::{Guard, PagePurchases, Rates};
pub use handler::router;
pub use process::{Collector, Told};
