//! The contract of the HTTP APIs, generated: an OpenAPI 3.1 document for each, and JSON Schemas of events.
//!
//! The command and tests link this crate, and no Lambda does. Answers are the types of [`beckon_wire`], whose schemas
//! `utoipa` derives; what is asked is described here, from the limits that the readers enforce. Tests hold all of it
//! against the code: `tests/e2e/contract.rs`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod admin;
pub mod api;
mod collector;
mod decisions;
pub mod events;
pub mod examples;
pub mod operation;
mod preferences;
mod preview;
pub mod schema;
