//! CatalogTable: what people in general do with items and categories, and the best sellers.

use super::{Read, Save};
use crate::error::StoreError;
use beckon_domain::{Category, ProductId};
use beckon_recommend::{BestSellers, Trend};
use std::collections::BTreeMap;
use std::future::Future;

/// Whose trend.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TrendKey {
    /// A product's.
    Item(ProductId),
    /// A category's.
    Category(Category),
}

/// Whose best sellers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ListKey {
    /// The whole store's.
    Store,
    /// A category's.
    Category(Category),
}

/// Keys of a table that are texts.
pub(crate) trait TextKey: Clone + Ord + Sized {
    /// The text.
    fn to_text(&self) -> String;
    /// The key that a text says.
    fn of_text(text: &str) -> Option<Self>;
}

impl TextKey for TrendKey {
    fn to_text(&self) -> String {
        match self {
            Self::Item(product) => format!("item#{product}"),
            Self::Category(category) => format!("category#{category}"),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        match text.split_once('#')? {
            ("item", product) => ProductId::new(product).ok().map(Self::Item),
            ("category", category) => Category::new(category).ok().map(Self::Category),
            _ => None,
        }
    }
}

impl TextKey for ListKey {
    fn to_text(&self) -> String {
        match self {
            Self::Store => "best#".to_owned(),
            Self::Category(category) => format!("best#{category}"),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        match text.strip_prefix("best#")? {
            "" => Some(Self::Store),
            category => Category::new(category).ok().map(Self::Category),
        }
    }
}

/// A state as it is stored, with the version that a write must name: 1 after the first write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Versioned<S> {
    /// The state.
    pub state: S,
    /// Its version.
    pub version: u64,
}

/// CatalogTable.
pub trait CatalogStore: Send + Sync {
    /// Loads trends; keys without one are left out. Every key given is answered.
    fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> impl Future<Output = Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError>> + Send;

    /// Writes a trend if the stored version is still `read_version` (`None`: if there is none).
    fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Loads lists of best sellers; keys without one are left out.
    fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> impl Future<Output = Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError>> + Send;

    /// Writes a list if the stored version is still `read_version` (`None`: if there is none).
    fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;
}

/// Reads every trend: for reports and checks of a laptop, never in a function.
pub trait CatalogScan: Send + Sync {
    /// Every trend, in key order.
    fn scan_trends(&self) -> impl Future<Output = Result<Vec<(TrendKey, Trend)>, StoreError>> + Send;
}
