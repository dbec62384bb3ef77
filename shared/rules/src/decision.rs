//! What a decision says: the content, why it was chosen, and how much of it is fallback.

use crate::model::Offer;
use beckon_domain::id::RuleId;
use beckon_domain::{DurationMs, ProductId};
use std::sync::Arc;

/// What a slot shows, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What to show.
    pub content: Content,
    /// Why.
    pub reason: Reason,
    /// How much of it is what the slot shows everybody.
    pub fallback: Fallback,
    /// How long the answer may be kept.
    pub ttl: DurationMs,
}

/// What to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// Products, best first, each once.
    Products(Vec<Recommended>),
    /// One offer, as the ruleset has it.
    Offer(Arc<Offer>),
}

/// A product to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recommended {
    /// Which.
    pub product: ProductId,
    /// Where it comes from.
    pub source: Source,
}

/// Why a product is in a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// The slot shows it before all else.
    Pinned,
    /// People who look at the same product look at it.
    Similar,
    /// People who went the same way looked at it next.
    ForYou,
    /// It is bought together with the same product.
    AlsoBought,
    /// It is bought together with what is in the cart.
    CartComplement,
    /// It is looked at and bought more than it used to be.
    Trending,
    /// The person looked at it lately.
    RecentlyViewed,
    /// It goes with the product looked at.
    Accessory,
    /// It is related to the product looked at, or of the same category.
    Related,
    /// It is of a category that the person cares about.
    CategoryAffinity,
    /// The rule or the slot names it.
    Listed,
    /// It is one of the best sellers of the page's category, counted from events.
    CategoryBestSeller,
    /// It is one of the store's best sellers, counted from events.
    StoreBestSeller,
    /// It is one of the best sellers that the ruleset names.
    BestSeller,
    /// The shop has it, and there was nothing better.
    Catalog,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 15] = [
        Self::Pinned,
        Self::Similar,
        Self::ForYou,
        Self::AlsoBought,
        Self::CartComplement,
        Self::Trending,
        Self::RecentlyViewed,
        Self::Accessory,
        Self::Related,
        Self::CategoryAffinity,
        Self::Listed,
        Self::CategoryBestSeller,
        Self::StoreBestSeller,
        Self::BestSeller,
        Self::Catalog,
    ];

    /// The source of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }

    /// The stable code of answers and reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Similar => "similar",
            Self::ForYou => "for_you",
            Self::AlsoBought => "also_bought",
            Self::CartComplement => "cart_complement",
            Self::Trending => "trending",
            Self::RecentlyViewed => "recently_viewed",
            Self::Accessory => "accessory",
            Self::Related => "related",
            Self::CategoryAffinity => "category_affinity",
            Self::Listed => "listed",
            Self::CategoryBestSeller => "category_best_seller",
            Self::StoreBestSeller => "store_best_seller",
            Self::BestSeller => "best_seller",
            Self::Catalog => "catalog",
        }
    }
}

/// Why the content was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// The kind of reason.
    pub code: ReasonCode,
    /// The rule or the decision table that matched.
    pub rule: Option<RuleId>,
    /// The table's row, from 1; of a table that collects, the first that gave a product.
    pub row: Option<usize>,
}

/// The kind of reason.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReasonCode {
    /// A rule matched.
    RuleMatch,
    /// No rule matched: the slot's fallback.
    Default,
    /// Nothing is known about the person: the slot's fallback.
    NoProfile,
    /// The person does not agree to personalization: the slot's fallback.
    ConsentDenied,
    /// The person is held out of all personalization, so that it can be measured: the slot's fallback.
    HeldOut,
    /// What is known could not be read in time: the slot's fallback.
    ErrorFallback,
}

impl ReasonCode {
    /// The stable code of answers and reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RuleMatch => "RULE_MATCH",
            Self::Default => "DEFAULT",
            Self::NoProfile => "NO_PROFILE",
            Self::ConsentDenied => "CONSENT_DENIED",
            Self::HeldOut => "HOLDOUT",
            Self::ErrorFallback => "ERROR_FALLBACK",
        }
    }
}

/// How much of the content is what the slot shows everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fallback {
    /// Whether any of it is.
    pub used: bool,
    /// How many products came from the slot's list or from best sellers; 0 for an offer.
    pub filled: usize,
}
