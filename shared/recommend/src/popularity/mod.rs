//! Popularity: how often an item, or anything of a category, is viewed, put into carts and bought, lately and over all.
//!
//! Nothing is recomputed as time passes: weights are decayed forward ([`beckon_domain::decay`]), so a list of best
//! sellers keeps its order while nothing happens, and two states that counted the same signals count the same whatever
//! the order.

mod best_sellers;
mod funnel;
pub mod packed;
pub(crate) mod recent;
mod span;
mod trend;

pub use best_sellers::{BestSeller, BestSellers};
pub use funnel::Funnel;
pub use span::Span;
pub use trend::{Delivered, Totals, Trend, fold};

#[cfg(test)]
mod tests;
