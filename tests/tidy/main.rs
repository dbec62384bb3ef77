//! House rules, as tests: what a reviewer would otherwise have to notice.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "assertions of a test")]

mod direction;
mod events;
mod readme;
mod requirements;
mod source;
mod tree;
