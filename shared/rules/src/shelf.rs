//! What is known of a product, from whoever knows it: the catalog's feed, the ruleset, and what was learned with it.

use crate::live::{Candidate, Live};
use crate::model::{Catalog, Product};
use beckon_domain::{Brand, Category, Money};

/// A product as choosing sees it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen<'a> {
    pub(crate) category: Option<&'a Category>,
    pub(crate) brand: Option<&'a Brand>,
    /// Between which prices it is; the same twice where it is known.
    pub(crate) price: Option<(Money, Money)>,
    pub(crate) group: Option<&'a str>,
    pub(crate) is_out_of_stock: bool,
}

impl<'a> Seen<'a> {
    /// As the ruleset has it.
    pub(crate) fn of(product: &'a Product) -> Self {
        Self {
            category: Some(&product.category),
            price: product.price.map(|price| (price, price)),
            ..Self::default()
        }
    }
}

/// Everything that knows products.
#[derive(Clone, Copy)]
pub(crate) struct Shelf<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) live: &'a dyn Live,
}

impl<'a> Shelf<'a> {
    /// What the ruleset and the feed know of a product. The ruleset's word for its category stands, because its rules ask
    /// for it; price and stock are the feed's.
    pub(crate) fn by_id(self, id: &str) -> Seen<'a> {
        let own = self.catalog.product(id).map(Seen::of).unwrap_or_default();
        let Some(facts) = self.live.product(id) else { return own };
        Seen {
            category: own.category.or(facts.category),
            brand: facts.brand,
            price: facts.price.map(|price| (price, price)).or(own.price),
            group: facts.group,
            is_out_of_stock: facts.is_out_of_stock,
        }
    }

    /// The same of a candidate, and where nobody else knows more what was learned with it.
    pub(crate) fn of<'b>(self, candidate: &'b Candidate) -> Seen<'b>
    where
        'a: 'b,
    {
        let seen = self.by_id(candidate.product.as_str());
        Seen {
            category: seen.category.or(candidate.category.as_ref()),
            price: seen.price.or(candidate.price),
            ..seen
        }
    }

    pub(crate) fn attribute(self, id: &str, name: &str) -> Option<&'a str> {
        self.live.attribute(id, name)
    }

    /// Whether the shop has such a product, as far as anybody says what it has: people also buy what it has no more, and
    /// strangers tell of what it never had.
    pub(crate) fn knows(self, id: &str) -> bool {
        let nobody_says = self.catalog.is_empty() && !self.live.has_catalog();
        nobody_says || self.catalog.product(id).is_some() || self.live.product(id).is_some()
    }
}
