//! How a recommendation finds products, and what it leaves out: products bought, in the cart or viewed lately, and those of other categories or
//! prices. What is left out is left out of the whole answer, of what fills it up too.

use crate::condition::Facts;
use crate::model::{Catalog, Product};
use crate::property::major;
use crate::value::{Test, Value};
use beckon_domain::{Category, Currency, DurationMs};

/// How products are found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Strategy {
    Related,
    AccessoriesFirst,
    CategoryAffinity,
    BestSellers,
}

impl Strategy {
    pub(crate) const ALL: [Self; 4] =
        [Self::Related, Self::AccessoriesFirst, Self::CategoryAffinity, Self::BestSellers];

    /// The word for it in rulesets.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Related => "related",
            Self::AccessoriesFirst => "accessories",
            Self::CategoryAffinity => "category_affinity",
            Self::BestSellers => "best_sellers",
        }
    }
}

/// Which products a recommendation may show. All of it must hold of a product.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) not_bought_within: Option<DurationMs>,
    pub(crate) not_viewed_within: Option<DurationMs>,
    pub(crate) not_in_cart: bool,
    /// One of these. Empty: any.
    pub(crate) categories: Vec<Category>,
    pub(crate) not_categories: Vec<Category>,
    /// A product without a price passes none.
    pub(crate) price: Vec<Test>,
}

impl Selection {
    /// Whether a product may be shown to a person.
    pub(crate) fn allows(&self, id: &str, catalog: &Catalog, facts: &Facts<'_>) -> bool {
        self.allows_the_product(catalog.product(id), facts.currency) && self.allows_the_person(id, facts)
    }

    /// What does not depend on the person.
    pub(crate) fn allows_the_product(&self, product: Option<&Product>, currency: Currency) -> bool {
        let category = product.map(|product| &product.category);
        let is_wanted =
            self.categories.is_empty() || category.is_some_and(|own| self.categories.contains(own));
        let is_unwanted = category.is_some_and(|own| self.not_categories.contains(own));
        let price = product.and_then(|product| major(product.price?, currency)).map(Value::Number);
        is_wanted && !is_unwanted && self.price.iter().all(|test| test.holds(price))
    }

    fn allows_the_person(&self, id: &str, facts: &Facts<'_>) -> bool {
        let Some(profile) = facts.profile else { return true };
        let is_bought = |width| profile.orders.bought_at(id).is_some_and(|at| at.is_within(width, facts.now));
        let is_viewed = |width| profile.viewed.of(id).is_some_and(|view| view.at.is_within(width, facts.now));
        let is_in_cart = || profile.cart.lines.iter().any(|line| line.product.as_str() == id);
        let is_left_out = self.not_bought_within.is_some_and(is_bought)
            || self.not_viewed_within.is_some_and(is_viewed)
            || (self.not_in_cart && is_in_cart());
        !is_left_out
    }
}
