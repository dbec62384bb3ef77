//! What the admin API says of the catalog.

use super::feed::{FeedProduct, RowError, RowNote};
use serde::Serialize;

/// What became of a part of an import.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The import that it is a part of.
    pub import: String,
    /// When the shop said it.
    pub as_of: String,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Rows that held something.
    pub rows: u64,
    /// Products that were written, or would be.
    pub written: u64,
    /// Products of which something newer is known: they stay as they are.
    pub older: u64,
    /// Rows that gave no product.
    pub errors: Vec<RowError>,
    /// What else there is to tell of rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<RowNote>,
}

/// What became of a deletion.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeletedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The import that it is a part of.
    pub import: String,
    /// When the shop said it.
    pub as_of: String,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Products that are deleted now, or would be.
    pub deleted: u64,
    /// Products of which something newer is known: they stay.
    pub older: u64,
}

/// A product of a list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListedProduct {
    /// Its id.
    pub id: String,
    /// `feed` or `event`.
    pub source: &'static str,
    /// When it was told.
    pub as_of: String,
}

/// A page of products.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductsAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The products, in no order. A page may be empty and not be the last one.
    pub products: Vec<ListedProduct>,
    /// `after` of the next page, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A product.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// `feed` or `event`.
    pub source: &'static str,
    /// When it was told.
    pub as_of: String,
    /// Its facts, as a feed would say them.
    pub product: FeedProduct,
    /// What people do with it, where any event told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<LearnedAnswer>,
}

/// What people do with a product: counts over all, and what goes with it lately.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LearnedAnswer {
    /// Time of the latest event of it.
    pub as_of: String,
    /// Views.
    pub views: u64,
    /// Times it was put into a cart.
    pub carts: u64,
    /// Orders of it.
    pub purchases: u64,
    /// Carts of views, 0 to 1; none without views.
    pub cart_rate: Option<f64>,
    /// Orders of carts, 0 to 1; none without carts.
    pub purchase_rate: Option<f64>,
    /// Orders of views, 0 to 1; none without views.
    pub conversion: Option<f64>,
    /// What is viewed in one session with it, the strongest first.
    pub viewed_together: Vec<BesideAnswer>,
    /// What is ordered with it, the strongest first.
    pub bought_together: Vec<BesideAnswer>,
}

/// A product beside another.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BesideAnswer {
    /// Its id.
    pub id: String,
    /// Its part of everything beside the other, 0 to 1.
    pub share: f64,
}

/// The live snapshot.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SnapshotAnswer {
    /// Its version.
    pub version: String,
    /// When it was made.
    pub made_at: String,
    /// How old it is.
    pub age_seconds: u64,
    /// What is in it: `products`, of those `whole`, `omitted`, `bytes`, `memoryBytes`.
    #[serde(flatten)]
    pub card: serde_json::Value,
}

/// The latest import.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportedAnswer {
    /// Its name.
    pub import: String,
    /// When the shop said it.
    pub as_of: String,
    /// When its last part came.
    pub at: String,
    /// Who: the source of the key.
    pub who: String,
    /// Who, in the caller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Requests.
    pub parts: u64,
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

/// How the catalog stands.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CatalogAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The function's time: what an import of several parts says as its `as_of`.
    pub now: String,
    /// What decisions have, when something was ever published.
    pub snapshot: Option<SnapshotAnswer>,
    /// The latest import, when there was one.
    pub last_import: Option<ImportedAnswer>,
}

/// What became of a publication.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PublishedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The snapshot's version.
    pub version: String,
    /// Products in it.
    pub products: u64,
    /// Of those with title, link and picture.
    pub whole: u64,
    /// Products that did not fit.
    pub omitted: u64,
    /// Bytes of its object.
    pub bytes: u64,
    /// Bytes that it takes in memory.
    pub memory_bytes: u64,
}
