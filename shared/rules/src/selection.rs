//! How a recommendation finds products, and what it leaves out: products bought, in the cart or viewed lately, and those of other
//! categories, brands, attributes or prices. What is left out is left out of the whole answer, of what fills it up too.

use crate::condition::Facts;
use crate::live::Learned;
use crate::property::major;
use crate::shelf::{Seen, Shelf};
use crate::value::{Test, Value};
use beckon_domain::{Brand, Category, Currency, DurationMs, ProductId, SmolStr};

/// How products are found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Strategy {
    Similar,
    ForYou,
    AlsoBought,
    CartComplement,
    Trending,
    BestSellers,
    RecentlyViewed,
    Related,
    AccessoriesFirst,
    CategoryAffinity,
}

impl Strategy {
    pub(crate) const ALL: [Self; 10] = [
        Self::Similar,
        Self::ForYou,
        Self::AlsoBought,
        Self::CartComplement,
        Self::Trending,
        Self::BestSellers,
        Self::RecentlyViewed,
        Self::Related,
        Self::AccessoriesFirst,
        Self::CategoryAffinity,
    ];

    /// The word for it in rulesets.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Similar => "similar",
            Self::ForYou => "for_you",
            Self::AlsoBought => "also_bought",
            Self::CartComplement => "cart_complement",
            Self::Trending => "trending",
            Self::BestSellers => "best_sellers",
            Self::RecentlyViewed => "recently_viewed",
            Self::Related => "related",
            Self::AccessoriesFirst => "accessories",
            Self::CategoryAffinity => "category_affinity",
        }
    }

    /// What it asks of those who learn from events.
    pub(crate) const fn learned(self) -> Option<Learned> {
        match self {
            Self::Similar => Some(Learned::Similar),
            Self::ForYou => Some(Learned::ForYou),
            Self::AlsoBought => Some(Learned::AlsoBought),
            Self::CartComplement => Some(Learned::CartComplement),
            Self::Trending => Some(Learned::Trending),
            _ => None,
        }
    }
}

/// Which products a recommendation may show. All of it must hold of a product.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Selection {
    /// Only what can be bought now; of what no feed says otherwise, it can.
    pub(crate) in_stock: bool,
    pub(crate) not_bought_within: Option<DurationMs>,
    pub(crate) not_viewed_within: Option<DurationMs>,
    pub(crate) not_in_cart: bool,
    /// One of these. Empty: any.
    pub(crate) categories: Vec<Category>,
    pub(crate) not_categories: Vec<Category>,
    /// One of these. Empty: any.
    pub(crate) brands: Vec<Brand>,
    pub(crate) not_brands: Vec<Brand>,
    /// The feed's attribute of each name has one of the values.
    pub(crate) attributes: Vec<(SmolStr, Vec<SmolStr>)>,
    /// None of them has any of the values.
    pub(crate) not_attributes: Vec<(SmolStr, Vec<SmolStr>)>,
    /// A product without a price passes none.
    pub(crate) price: Vec<Test>,
    /// At most so many percent above or below the price of the page's product; any price where that has none.
    pub(crate) price_within: Option<u8>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            in_stock: true,
            not_bought_within: None,
            not_viewed_within: None,
            not_in_cart: false,
            categories: Vec::new(),
            not_categories: Vec::new(),
            brands: Vec::new(),
            not_brands: Vec::new(),
            attributes: Vec::new(),
            not_attributes: Vec::new(),
            price: Vec::new(),
            price_within: None,
        }
    }
}

impl Selection {
    /// Whether a product may be shown to a person.
    pub(crate) fn allows(
        &self,
        id: &ProductId,
        seen: &Seen<'_>,
        shelf: Shelf<'_>,
        facts: &Facts<'_>,
    ) -> bool {
        let has = |(name, values): &(SmolStr, Vec<SmolStr>)| {
            let told = shelf.attribute(id.as_str(), name);
            told.is_some_and(|told| values.iter().any(|value| value == told))
        };
        let is_in = |category: &Category| {
            seen.category == Some(category) || shelf.live.is_in_category(id.as_str(), category)
        };
        self.allows_its_category(&is_in)
            && self.allows_the_product(seen, facts.currency)
            && self.attributes.iter().all(has)
            && !self.not_attributes.iter().any(has)
            && self.is_near_the_page(seen, shelf, facts)
            && self.allows_the_person(id.as_str(), facts)
    }

    /// Whether a product of the ruleset may be shown to anybody, on any page.
    pub(crate) fn allows_the_rulesets(&self, seen: &Seen<'_>, currency: Currency) -> bool {
        self.allows_its_category(&|category| seen.category == Some(category))
            && self.allows_the_product(seen, currency)
    }

    fn allows_its_category(&self, is_in: &dyn Fn(&Category) -> bool) -> bool {
        let is_wanted = self.categories.is_empty() || self.categories.iter().any(is_in);
        is_wanted && !self.not_categories.iter().any(is_in)
    }

    /// What else depends neither on the person nor on the page.
    fn allows_the_product(&self, seen: &Seen<'_>, currency: Currency) -> bool {
        let brand = seen.brand;
        let is_wanted = self.brands.is_empty() || brand.is_some_and(|b| self.brands.contains(b));
        let is_unwanted = brand.is_some_and(|b| self.not_brands.contains(b));
        // Of a price that is known roughly both ends must pass: prices that tests allow have no gap.
        let price = |end: fn(&Seen<'_>) -> Option<beckon_domain::Money>| {
            end(seen).and_then(|money| major(money, currency)).map(Value::Number)
        };
        let (low, high) = (price(|seen| seen.price.map(|p| p.0)), price(|seen| seen.price.map(|p| p.1)));
        is_wanted && !is_unwanted && self.price.iter().all(|test| test.holds(low) && test.holds(high))
    }

    fn is_near_the_page(&self, seen: &Seen<'_>, shelf: Shelf<'_>, facts: &Facts<'_>) -> bool {
        let Some(percent) = self.price_within.map(f64::from) else { return true };
        let own = facts.page.product.as_ref().and_then(|id| shelf.by_id(id.as_str()).price);
        let Some(own) = own.and_then(|(price, _)| major(price, facts.currency)) else { return true };
        let (low, high) = (own * (1.0 - percent / 100.0), own * (1.0 + percent / 100.0));
        seen.price.is_some_and(|(from, to)| {
            let (from, to) = (major(from, facts.currency), major(to, facts.currency));
            from.is_some_and(|from| from >= low) && to.is_some_and(|to| to <= high)
        })
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
