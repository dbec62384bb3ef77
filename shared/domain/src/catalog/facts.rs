//! The facts of one product, in the terms of Google's product data specification
//! (<https://support.google.com/merchants/answer/7052112>).

use crate::id::{Brand, Category, GroupId, ProductId};
use crate::money::Money;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Whether a product can be had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Serialize, Deserialize)]
pub enum Availability {
    /// Nobody said. A feed without the column, or an event.
    #[default]
    Untold,
    /// It can be had now.
    InStock,
    /// It cannot be had.
    OutOfStock,
    /// It can be ordered before it appears.
    Preorder,
    /// It can be ordered and comes later.
    Backorder,
}

impl Availability {
    /// What a feed may say.
    pub const TOLD: [Self; 4] = [Self::InStock, Self::OutOfStock, Self::Preorder, Self::Backorder];

    /// The word for it, in feeds and answers; nothing for what was not told.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Untold => None,
            Self::InStock => Some("in_stock"),
            Self::OutOfStock => Some("out_of_stock"),
            Self::Preorder => Some("preorder"),
            Self::Backorder => Some("backorder"),
        }
    }

    /// The availability of a word, with `_`, a space or nothing between its parts, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let plain = |text: &str| {
            let letters = text.trim().chars().filter(|c| !matches!(c, '_' | ' ' | '-'));
            letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
        };
        let word = plain(word);
        Self::TOLD.into_iter().find(|known| known.word().is_some_and(|known| plain(known) == word))
    }

    /// Whether it may be shown as something that can be had now. What nobody said anything of may: a shop that does not
    /// tell its stock sells what it shows.
    #[must_use]
    pub const fn is_in_stock(self) -> bool {
        matches!(self, Self::InStock | Self::Untold)
    }
}

/// Who said it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum FactsSource {
    /// The shop, by a feed with its secret key.
    Feed,
    /// An event, of a product that no feed has. A browser may have sent it.
    Event,
}

impl FactsSource {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Event => "event",
        }
    }
}

/// A lower price, for a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sale {
    /// The price.
    pub price: Money,
    /// From when on; `None`: since ever.
    pub from: Option<Timestamp>,
    /// Until when, exclusive; `None`: until a feed says otherwise.
    pub until: Option<Timestamp>,
}

impl Sale {
    /// Whether it is on at `now`.
    #[must_use]
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// What is known of a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductFacts {
    /// The shop's id.
    pub id: ProductId,
    /// What people call it.
    pub title: String,
    /// Its page (http or https).
    pub link: Option<String>,
    /// Its picture (http or https).
    pub image_link: Option<String>,
    /// Its price.
    pub price: Option<Money>,
    /// A lower price.
    pub sale: Option<Sale>,
    /// Whether it can be had.
    pub availability: Availability,
    /// Its category with all above it, the widest first: `Outdoor > Tents` is `[Outdoor, Tents]`.
    pub path: Vec<Category>,
    /// Its brand.
    pub brand: Option<Brand>,
    /// What it is a variant of.
    pub group: Option<GroupId>,
    /// Whatever else the feed says, by name.
    pub attributes: BTreeMap<SmolStr, SmolStr>,
    /// When it was said.
    pub updated_at: Timestamp,
    /// Who said it.
    pub source: FactsSource,
}

impl ProductFacts {
    /// Facts that say nothing but what it is called.
    #[must_use]
    pub fn new(id: ProductId, title: impl Into<String>, updated_at: Timestamp, source: FactsSource) -> Self {
        Self {
            id,
            title: title.into(),
            link: None,
            image_link: None,
            price: None,
            sale: None,
            availability: Availability::Untold,
            path: Vec::new(),
            brand: None,
            group: None,
            attributes: BTreeMap::new(),
            updated_at,
            source,
        }
    }

    /// Its category: the last level of its path, because that is what events and pages call it.
    #[must_use]
    pub fn category(&self) -> Option<&Category> {
        self.path.last()
    }

    /// What it costs at `now`: the sale's price while it is on.
    #[must_use]
    pub fn price_at(&self, now: Timestamp) -> Option<Money> {
        self.sale.filter(|sale| sale.is_on(now)).map(|sale| sale.price).or(self.price)
    }
}
