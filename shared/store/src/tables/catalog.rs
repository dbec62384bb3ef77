//! CatalogTable: what people in general do with items and categories, what goes with what, and the best sellers.

use super::{Read, Save};
use crate::error::StoreError;
use beckon_domain::{Category, ProductId};
use beckon_recommend::{BestSellers, Neighbours, Span, Trend};
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

/// Which list: whose best sellers, or what is trending where.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ListKey {
    /// The whole store's.
    Store,
    /// A category's.
    Category(Category),
    /// What is trending in the whole store.
    Trending,
    /// What is trending in a category.
    TrendingIn(Category),
}

impl ListKey {
    /// What such a list ranks by.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Store | Self::Category(_) => Span::Weeks,
            Self::Trending | Self::TrendingIn(_) => Span::Days,
        }
    }
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
            Self::Trending => "rise#".to_owned(),
            Self::TrendingIn(category) => format!("rise#{category}"),
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        match text.split_once('#')? {
            ("best", "") => Some(Self::Store),
            ("best", category) => Category::new(category).ok().map(Self::Category),
            ("rise", "") => Some(Self::Trending),
            ("rise", category) => Category::new(category).ok().map(Self::TrendingIn),
            _ => None,
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

    /// Loads what is looked at together with each of these items, in one request for a hundred; items without a trend are
    /// left out. It is part of the item's trend, which is written in one piece, so that each signal counts in all of it or in
    /// none.
    fn neighbours(
        &self,
        products: &[ProductId],
        read: Read,
    ) -> impl Future<Output = Result<BTreeMap<ProductId, Neighbours>, StoreError>> + Send {
        async move {
            let keys: Vec<TrendKey> = products.iter().cloned().map(TrendKey::Item).collect();
            let of_item = |(key, stored): (TrendKey, Versioned<Trend>)| match key {
                TrendKey::Item(product) => Some((product, stored.state.into_neighbours())),
                TrendKey::Category(_) => None,
            };
            Ok(self.load_trends(&keys, read).await?.into_iter().filter_map(of_item).collect())
        }
    }

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
