//! Preferences: the public page behind the unsubscribe link, and RFC 8058's one click.
//!
//! `GET` shows a page and changes nothing, because scanners follow every link in a mail. `POST` acts at once, without
//! cookies or a login, and the page that answers lets a person take it back. The token names one address's hash and
//! nothing else.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod config;
mod error;
mod form;
mod handler;
mod language;
mod page;
mod process;

pub use config::Config;
pub use error::PreferencesError;
pub use handler::router;
pub use process::Preferences;
