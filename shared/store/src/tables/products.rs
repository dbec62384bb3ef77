//! CatalogTable and AuditTable as whoever tells a shop's products sees them: the facts of each product, and what every
//! import did.

use super::{Read, catalog::TextKey};
use crate::error::StoreError;
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;

/// The key of a product's facts, beside `item#…` and `best#…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ProductKey(pub ProductId);

impl TextKey for ProductKey {
    fn to_text(&self) -> String {
        format!("product#{}", self.0)
    }

    fn of_text(text: &str) -> Option<Self> {
        ProductId::new(text.strip_prefix("product#")?).ok().map(Self)
    }
}

/// What became of a telling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// It counts.
    Taken,
    /// Something newer is known, or something that weighs more: nothing was written.
    Older,
}

/// Some products, and where the next ones begin.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProductPage {
    /// The products, in no order. A page may be empty and not be the last one.
    pub products: Vec<ProductFacts>,
    /// What to name for the next page; `None` after the last one. It means nothing to anybody else.
    pub next: Option<String>,
}

/// What one request of an import did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ImportCounts {
    /// Rows that held something.
    pub rows: u64,
    /// Products that were written.
    pub written: u64,
    /// Products of which something newer was known.
    pub older: u64,
    /// Products that were deleted.
    pub deleted: u64,
    /// Rows that gave no product.
    pub refused: u64,
}

impl ImportCounts {
    /// Both together.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            written: self.written + other.written,
            older: self.older + other.older,
            deleted: self.deleted + other.deleted,
            refused: self.refused + other.refused,
        }
    }
}

/// One request of an import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportPart {
    /// Which import.
    pub import: String,
    /// When the shop said it: one time for all of an import.
    pub told_at: Timestamp,
    /// Which part of it. The same part again is counted once.
    pub part: String,
    /// When it came.
    pub at: Timestamp,
    /// Who: the source of the key.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why, in the caller's words.
    pub note: Option<String>,
    /// What it did.
    pub counts: ImportCounts,
}

/// What an import did so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportRecord {
    /// Which import.
    pub import: String,
    /// When the shop said it.
    pub told_at: Timestamp,
    /// When its last request came.
    pub at: Timestamp,
    /// Who: the source of the key.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why, in the caller's words.
    pub note: Option<String>,
    /// Requests.
    pub parts: u64,
    /// What it did.
    pub counts: ImportCounts,
}

impl ImportRecord {
    /// What a part did, with the parts that were written down before it.
    #[must_use]
    pub(crate) fn with(before: Option<Self>, part: ImportPart) -> Self {
        let counts = before.as_ref().map_or_else(ImportCounts::default, |before| before.counts);
        Self {
            at: before.as_ref().map_or(part.at, |before| before.at.max(part.at)),
            parts: before.map_or(0, |before| before.parts) + 1,
            counts: counts.plus(&part.counts),
            import: part.import,
            told_at: part.told_at,
            who: part.who,
            by: part.by,
            note: part.note,
        }
    }
}

/// CatalogTable's products.
pub trait ProductStore: Send + Sync {
    /// Takes facts over, unless newer ones are known. A feed's facts replace those of an event, whatever their times; an
    /// event's replace neither a feed's nor a deletion.
    fn put_product(&self, facts: &ProductFacts) -> impl Future<Output = Result<Told, StoreError>> + Send;

    /// Deletes a product, unless newer facts are known of it. That it is deleted stays known until `forgotten_at`, so that
    /// neither an event nor an older feed brings it back.
    fn delete_product(
        &self,
        id: &ProductId,
        told_at: Timestamp,
        forgotten_at: Timestamp,
    ) -> impl Future<Output = Result<Told, StoreError>> + Send;

    /// Facts of products; those that nobody told or that are deleted are left out.
    fn products(
        &self,
        ids: &[ProductId],
        read: Read,
    ) -> impl Future<Output = Result<BTreeMap<ProductId, ProductFacts>, StoreError>> + Send;

    /// A page of all products. Reads the whole table in the end: for whoever makes a snapshot, never for a page.
    fn product_page(
        &self,
        after: Option<&str>,
    ) -> impl Future<Output = Result<ProductPage, StoreError>> + Send;
}

/// AuditTable's imports.
pub trait ImportLog: Send + Sync {
    /// Writes down what a part did, once and never altered. Returns whether it was new.
    fn record_import(&self, part: &ImportPart) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The import that tells the newest, with what all its parts did. A strong read.
    fn latest_import(&self) -> impl Future<Output = Result<Option<ImportRecord>, StoreError>> + Send;
}
