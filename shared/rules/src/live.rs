//! What others know at the moment of a decision, and a ruleset does not: what was learned from events, and the catalog's
//! feed. All of it may be missing; then the ruleset decides by what it says itself.

use crate::decision::Source;
use beckon_domain::id::SlotId;
use beckon_domain::{Brand, Category, Money, ProductId};

/// What is learned from events, by the question that it answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Learned {
    /// What people look at who look at this product.
    Similar,
    /// What people look at next who went the same way.
    ForYou,
    /// What people buy together with this product.
    AlsoBought,
    /// What people buy together with these products.
    CartComplement,
    /// What is looked at and bought more than it used to be: of the page's category, then of the store.
    Trending,
}

/// A product that was learned, with what was learned of it beside: a filter needs no other source then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Which.
    pub product: ProductId,
    /// The category that events named.
    pub category: Option<Category>,
    /// Between which prices it is, both included, where events told one.
    pub price: Option<(Money, Money)>,
}

impl Candidate {
    /// A product of which nothing else is known.
    #[must_use]
    pub const fn new(product: ProductId) -> Self {
        Self { product, category: None, price: None }
    }
}

/// What the catalog's feed says of a product, as far as choosing needs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProductFacts<'a> {
    /// Its category.
    pub category: Option<&'a Category>,
    /// Its brand.
    pub brand: Option<&'a Brand>,
    /// Its price.
    pub price: Option<Money>,
    /// The group of variants that it is one of: of a group one is shown.
    pub group: Option<&'a str>,
    /// Whether it cannot be bought now.
    pub is_out_of_stock: bool,
}

/// What sells best lately, as somebody counted it from events: best first. Empty where nothing was counted, or nobody
/// could say in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LiveLists<'a> {
    /// In the category of the page ([`crate::Ruleset::page_category`]).
    pub category: &'a [ProductId],
    /// In the whole store.
    pub store: &'a [ProductId],
}

/// What one strategy gives for a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StrategyLayer {
    /// Which.
    pub source: Source,
    /// Its products, best first.
    pub products: Vec<ProductId>,
}

/// What others know. It answers from memory: a decision waits for nobody.
pub trait Live {
    /// What sells best.
    fn best_sellers(&self) -> LiveLists<'_>;

    /// What was learned, best first; `from` are the products to start from, the newest last. Nothing where nothing was
    /// learned of them, or could be read in time.
    fn learned(&self, _question: Learned, _from: &[&ProductId]) -> Vec<Candidate> {
        Vec::new()
    }

    /// The products of a slot's strategies as one order, best first, by what was learned of the slot: each strategy weighs less
    /// than the one before it, times its factor. No product is in two of the layers. `None` where nothing was learned of the
    /// slot; then they keep their order.
    fn blended(&self, _slot: &SlotId, _layers: &[StrategyLayer]) -> Option<Vec<ProductId>> {
        None
    }

    /// What the feed says of a product; `None` when it does not know it.
    fn product(&self, _id: &str) -> Option<ProductFacts<'_>> {
        None
    }

    /// Whether the feed has a product in a category, on whatever level of its path.
    fn is_in_category(&self, _id: &str, _category: &Category) -> bool {
        false
    }

    /// A custom attribute of a product, as the feed has it.
    fn attribute(&self, _id: &str, _name: &str) -> Option<&str> {
        None
    }

    /// Whether there is a feed: then a product that neither it nor the ruleset knows is not shown.
    fn has_catalog(&self) -> bool {
        false
    }

    /// Products of the feed that can be bought: of a category, or any. No order is promised but that it is always the same.
    fn products(&self, _category: Option<&Category>, _count: usize) -> Vec<ProductId> {
        Vec::new()
    }
}

impl Live for LiveLists<'_> {
    fn best_sellers(&self) -> LiveLists<'_> {
        *self
    }
}
