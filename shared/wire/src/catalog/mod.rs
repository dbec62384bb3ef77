//! The catalog as others read and write it: product feeds, and the admin API for products (`/admin/v1/catalog`).

mod answer;
mod ask;
pub mod feed;

pub use answer::{
    BesideAnswer, CatalogAnswer, DeletedAnswer, ImportAnswer, ImportedAnswer, LearnedAnswer, ListedProduct,
    ProductAnswer, ProductsAnswer, PublishedAnswer, SnapshotAnswer,
};
pub use ask::{AFTER_BYTES_MAX, DeleteAsk, ImportAsk, PageAsk};
pub use feed::{Feed, FeedError, FeedFormat, RowError, RowNote};
