//! The decisions function: a page asks what to show in its slots, and is always told.
//!
//! It reads state and writes none but what it decided, for a while; that somebody is shown a variant of an experiment for the
//! first time is a line in the event stream. A store that fails costs the personal part of an answer, never the answer.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod admit;
mod aged;
mod answer;
mod beside;
mod best_sellers;
mod budget;
mod canary;
mod catalog;
mod client;
mod config;
mod degrading;
mod error;
mod everybody;
mod experiments;
mod explain;
mod explained;
mod handler;
mod items;
mod knowledge;
mod log;
mod measuring;
mod person;
mod preview;
mod process;
mod propensity;
mod reading;
mod session_index;
mod slots;

pub use beside::{Beside, Work};
pub use best_sellers::{BestSellerLists, LIST_AGE_MAX};
pub use budget::BUDGET_DEFAULT;
pub use catalog::{CATALOG_AGE_MAX, CATALOG_CHECK_PAUSE, LiveCatalog};
pub use config::Config;
pub use error::DecideError;
pub use experiments::Exposures;
pub use handler::router;
pub use log::DecisionLog;
pub use process::{Browser, Decided, Decider};
pub use session_index::{INDEX_AGE_MAX, LOOK_AGAIN_AFTER, LiveSessionIndex};
