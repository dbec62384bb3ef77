//! The decisions function: a page asks what to show in its slots, and is always told.
//!
//! It reads state and writes none. A store that fails costs the personal part of an answer, never the answer.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod aged;
mod answer;
mod best_sellers;
mod catalog;
mod client;
mod config;
mod error;
mod explain;
mod handler;
mod items;
mod knowledge;
mod person;
mod process;
mod propensity;
mod session_index;

pub use best_sellers::{BestSellerLists, LIST_AGE_MAX};
pub use catalog::{CATALOG_AGE_MAX, CATALOG_CHECK_PAUSE, LiveCatalog};
pub use config::Config;
pub use error::DecideError;
pub use handler::router;
pub use process::Decider;
pub use session_index::{INDEX_AGE_MAX, LOOK_AGAIN_AFTER, LiveSessionIndex};
