//! The catalog as others read and write it: product feeds, and the admin API for products (`/admin/v1/catalog`).

pub mod feed;

pub use feed::{Feed, FeedError, FeedFormat, RowError, RowNote};
