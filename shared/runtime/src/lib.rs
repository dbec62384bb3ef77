//! What a running function needs from the world: a clock, its environment, its secrets, AWS clients, HTTPS, logs, metrics,
//! CORS.
//!
//! Nothing here knows what Beckon decides. Whatever reads the wall clock, the environment or randomness lives here, so
//! that everything else can be driven by a test.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod aws;
pub mod clock;
pub mod env;
pub mod http;
pub mod keys;
pub mod logs;
pub mod metrics;
pub mod secrets;
pub mod timer;
pub mod web;

pub use clock::Clock;
pub use getrandom::Error as NoRandomness;
pub use keys::{KeysUnavailable, MadeKeys};
pub use metrics::Metrics;
pub use secrets::Secrets;
pub use timer::{Deadline, Timer};
pub use web::{WebClient, WebError};

/// A fresh unique id (UUIDv7: it sorts by time).
#[must_use]
pub fn fresh_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Thirty-two bytes that nobody can predict, from the operating system.
///
/// # Errors
/// When it has none, which no machine that runs Lambda does.
pub fn fresh_seed() -> Result<[u8; 32], NoRandomness> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}
