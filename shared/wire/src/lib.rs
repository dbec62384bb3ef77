//! The contracts of Beckon: what comes in over HTTP, what travels in the stream, what goes out.
//!
//! Everything here can be read by somebody else's program, so it changes only in ways that old readers survive.
//! [`capture`] is Segment's protocol as the collector accepts it, [`stream`] the lines of a stream record, [`signal`]
//! those of the stream of signals, [`bus`] what is put on the event bus, [`decisions`] the decisions API, [`admin`] the admin
//! API, [`catalog`] product feeds and what admin says of products, [`codes`] of discount codes, [`keys`] of keys, [`ses`] what SES tells of a mail, [`failed`] a failed
//! event, [`problem`] an error
//! (RFC 9457), [`auth`] how a write key is presented, [`signature`] how a body is signed, and [`bots`] who is nobody.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod admin;
pub mod audit;
pub mod auth;
pub mod bots;
pub mod bus;
pub mod capture;
pub mod catalog;
pub mod codes;
pub mod decisions;
pub mod engagement;
pub mod experiments;
pub mod failed;
mod fields;
pub mod keys;
pub mod limits;
pub mod mail_report;
pub mod path;
pub mod privacy;
pub mod problem;
pub mod rights;
pub mod sending;
pub mod ses;
pub mod signal;
pub mod signature;
pub mod slot_signal;
pub mod stream;
pub mod token;

/// Reads RFC 3339 / ISO 8601 with an offset (`2026-11-22T05:00:01.000Z`), or milliseconds since 1970.
#[must_use]
pub fn parse_time(value: &serde_json::Value) -> Option<beckon_domain::Timestamp> {
    match value {
        serde_json::Value::String(text) => {
            let time: jiff::Timestamp = text.trim().parse().ok()?;
            Some(beckon_domain::Timestamp::from_ms(time.as_millisecond()))
        }
        serde_json::Value::Number(number) => number.as_i64().map(beckon_domain::Timestamp::from_ms),
        _ => None,
    }
}

/// Writes a time as RFC 3339 with milliseconds, in UTC.
#[must_use]
pub fn format_time(time: beckon_domain::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(time.as_ms())
        .map_or_else(|_| time.as_ms().to_string(), |time| format!("{time:.3}"))
}
