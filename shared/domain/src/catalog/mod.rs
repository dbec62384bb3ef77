//! What a shop says of its products: the facts of each, and a snapshot of all of them that fits into memory.
//!
//! [`ProductFacts`] is what one row of a product feed says; [`CatalogSnapshot`] is what decisions look products up in. It
//! is built whole ([`SnapshotBuilder`]), never changed, and knows its age.

mod build;
mod facts;
pub mod packed;
mod snapshot;
mod texts;

pub use build::SnapshotBuilder;
pub use facts::{Availability, FactsSource, ProductFacts, Sale};
pub use packed::SnapshotError;
pub use snapshot::{CatalogEntry, CatalogSnapshot};

#[cfg(test)]
mod tests;
