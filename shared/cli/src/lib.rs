//! The `beckon` command: the whole loop on a laptop.
//!
//! [`stack`] wires the real functions to stores and a stream of this process; [`serve`] keeps it running with two pages to
//! watch it, [`smoke`] drives it through the loop once, [`replay`] drives recorded behaviour through it,
//! [`catalog`] tells it what a shop sells, [`codes`] which discount codes it may hand out, [`audit`] says what was asked of it, [`privacy`] exports and erases people, [`failed`] looks at what could not
//! be applied, and puts it again, [`mod@reconcile`] says whether every event came to its end, [`cost`] what a month costs, [`plan`] what so many events a second need.
#![forbid(unsafe_code)]
#![recursion_limit = "256"]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod audit;
pub mod bench;
pub mod canary;
pub mod catalog;
pub mod cloud;
pub mod codes;
pub mod conservation;
pub mod cost;
mod dice;
pub mod error;
pub mod evaluate;
pub mod experiments;
pub mod failed;
pub mod feed;
pub mod keys;
pub mod laptop;
pub mod mail;
pub mod model;
pub mod openapi;
pub mod plan;
pub mod plot;
pub mod preview;
pub mod privacy;
pub mod reconcile;
pub mod replay;
pub mod report;
pub mod rules;
pub mod serve;
pub mod ses_events;
pub mod shop;
pub mod sim;
pub mod smoke;
pub mod stack;
#[cfg(test)]
mod tests;

pub use error::CliError;

/// Prints a line. Whoever closed the pipe has read enough: that is no error.
pub(crate) fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}

pub use stack::Stack;
