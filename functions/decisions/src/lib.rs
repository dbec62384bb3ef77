//! The decisions function: a page asks what to show in its slots, and is always told.
//!
//! It reads state and writes none; that somebody is shown a variant of an experiment for the first time is a line in the
//! event stream. A store that fails costs the personal part of an answer, never the answer.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod aged;
mod answer;
mod best_sellers;
mod catalog;
mod client;
mod config;
mod error;
mod experiments;
mod explain;
mod handler;
mod items;
mod knowledge;
mod person;
mod process;
mod propensity;
mod scene;
mod session_index;

pub use best_sellers::{BestSellerLists, LIST_AGE_MAX};
pub use catalog::{CATALOG_AGE_MAX, CATALOG_CHECK_PAUSE, LiveCatalog};
pub use config::Config;
pub use error::DecideError;
pub use experiments::{EXPOSURE_BUDGET, Exposures};
pub use handler::router;
pub use process::{Browser, Decider};
pub use session_index::{INDEX_AGE_MAX, LOOK_AGAIN_AFTER, LiveSessionIndex};
