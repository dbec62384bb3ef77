//! What a request tells about the page, and who asks.

use beckon_domain::{Category, ProductId, Profile, SmolStr};

/// The kind of page that a decision is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageKind {
    /// A product's page.
    Product,
    /// The home page.
    Home,
    /// The list of a category.
    Category,
    /// The cart.
    Cart,
    /// Any other.
    Other,
}

impl PageKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Product, Self::Home, Self::Category, Self::Cart, Self::Other];

    /// The word for it, in rules and in requests.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Home => "home",
            Self::Category => "category",
            Self::Cart => "cart",
            Self::Other => "other",
        }
    }

    /// The kind of a word, in any case; `None` when no kind is called so.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code().eq_ignore_ascii_case(word.trim()))
    }
}

/// What the request says about its page. What it does not say, no condition matches.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// The kind of page.
    pub kind: Option<PageKind>,
    /// The product it shows.
    pub product: Option<ProductId>,
    /// The category it shows.
    pub category: Option<Category>,
    /// The language in which it is shown (BCP 47), where the request tells it; else what the person's browser told last.
    pub locale: Option<SmolStr>,
    /// The time zone of whoever looks at it (an IANA name), where the request tells it; else what the browser told last.
    pub timezone: Option<SmolStr>,
}

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    /// What is known about them; `None` when nothing is.
    pub profile: Option<&'a Profile>,
    /// Whether they are a customer: logged in, or proven to be one.
    pub is_known: bool,
    /// The page they are on.
    pub page: Page,
    /// How likely they are to buy, from 0 to 1; `None` where no model says so.
    pub propensity: Option<f64>,
}

/// What a caller asks of a slot besides its rules.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SlotRequest {
    /// How many items, in place of the slot's own number; at most [`crate::COUNT_MAX`] are given.
    pub count: Option<usize>,
    /// Products that must not be shown.
    pub exclude: Vec<ProductId>,
}
