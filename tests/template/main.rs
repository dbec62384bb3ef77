//! The template, held against the rules of this project and against the code that it deploys.
//!
//! A rule is a function from a template to what is wrong with it, each fault with the logical id to mend. Beside each rule
//! is a small template that it passes, and edits of it that it must find.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "assertions of a test")]

mod alarms;
mod aliases;
mod buckets;
mod calls;
mod dashboard;
mod deploying;
mod documents;
mod environment;
mod functions;
mod http;
mod known;
mod mail;
mod mapping;
mod model;
mod parameters;
mod policies;
mod promises;
mod routers;
mod samconfig;
mod source;
mod tables;
mod watched;
mod yaml;
