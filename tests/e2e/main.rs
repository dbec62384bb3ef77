//! The loop from end to end: real handlers, real event JSON, a clock that is moved by hand.
//!
//! `scenarios` and `http_cases` run files and need no Rust for another one; the rest is what files cannot say.
#![forbid(unsafe_code)]
#![recursion_limit = "256"]
// A test stops with the reason at the first thing that is not as it must be.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod abuse;
mod archiving;
mod auditing;
mod canary;
mod catalog;
mod codes;
mod collecting;
mod commands;
mod concurrency;
mod contract;
mod conversions;
mod corrupt_profile;
mod deadline;
mod deciding;
mod deciding_best_sellers;
mod deciding_round_trips;
mod degrading;
mod engagement;
mod erasing;
mod everybody;
mod experimenting;
mod experiments;
mod experiments_admin;
mod explaining;
mod feedback;
mod gpc;
mod http_cases;
mod keys;
mod mail_switch;
mod mailing;
mod matrix;
mod measuring;
mod mutating;
mod panicking;
mod partial_batch;
mod paying;
mod pepper;
mod pool_codes;
mod previewing;
mod privacy;
mod reacting;
mod recommending;
mod reconciling;
mod record_age;
mod redelivery;
mod redriving;
mod replaying;
mod rollout;
mod ruleset_tests;
mod scenario;
mod scenarios;
mod secrets;
mod send_errors;
mod series;
mod shopping;
mod training;
mod trends;
mod unsubscribing;
