//! What people in general do with products, and what follows from it for the next person. Pure, like the core.
//!
//! [`signal`] is what of an event tells something about a product, without saying whose event it was; [`popularity`] what
//! becomes of signals: a [`Trend`] for each item and each category, and [`BestSellers`] of a category or the store;
//! [`neighbours`] which products go with which, and the ranking for a session that follows.
//! [`propensity`] how likely a person is to buy; [`engagement`] what became of decisions that were
//! shown, and [`worth`] what that says of strategies.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

pub mod blend;
pub mod engagement;
pub mod neighbours;
pub mod policy;
pub mod popularity;
pub mod propensity;
pub mod scored;
pub mod session_knn;
pub mod signal;
pub mod worth;

pub use neighbours::{Neighbour, Neighbours};
pub use popularity::{BestSeller, BestSellers, Funnel, Span, Trend};
pub use scored::Scored;
pub use session_knn::SessionIndex;
pub use signal::{Called, Other, Signal, SignalId, SignalKind};
pub use worth::Worth;
