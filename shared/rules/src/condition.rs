//! Conditions, and when they hold. What is not known is false; only `not` makes something true of it.

use crate::page::{Page, PageKind};
use beckon_domain::consent::Purpose;
use beckon_domain::event::TraitValue;
use beckon_domain::id::EventName;
use beckon_domain::{Category, DurationMs, Money, Policy, ProductId, Profile, Timestamp};

/// What must hold.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Event {
        name: EventName,
        within: Option<DurationMs>,
    },
    Viewed {
        product: Which,
        within: Option<DurationMs>,
    },
    Dwell {
        longer_than: DurationMs,
        within: Option<DurationMs>,
        product: Option<Which>,
    },
    LoggedIn(bool),
    /// `gte` in millionths of a point.
    Affinity {
        category: Category,
        gte: u64,
    },
    /// What is given must hold, all of it.
    Cart {
        value_gte: Option<Money>,
        contains: Option<ProductId>,
        empty: Option<bool>,
    },
    Consent(Purpose),
    Trait {
        name: String,
        eq: TraitValue,
    },
    /// What is given must hold, all of it.
    Page {
        kind: Option<PageKind>,
        category: Option<Category>,
        product: Option<ProductId>,
    },
}

/// The product that a condition asks about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    /// The page's.
    Current,
    /// This one.
    Product(ProductId),
}

/// What conditions are evaluated against.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) profile: Option<&'a Profile>,
    pub(crate) is_known: bool,
    pub(crate) page: &'a Page,
    /// The category of the page, told by the request or by the catalog.
    pub(crate) page_category: Option<&'a Category>,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

/// A condition held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Matched<'a> {
    /// The viewed product that made it hold, for a recommendation to start from.
    pub(crate) product: Option<&'a ProductId>,
}

impl Condition {
    /// Whether the condition holds, and by which product; `None` when it does not.
    pub(crate) fn evaluate<'a>(&self, facts: &Facts<'a>) -> Option<Matched<'a>> {
        match self {
            Self::All(conditions) => {
                let mut matched = Matched::default();
                for condition in conditions {
                    matched.product = matched.product.or(condition.evaluate(facts)?.product);
                }
                Some(matched)
            }
            Self::Any(conditions) => conditions.iter().find_map(|condition| condition.evaluate(facts)),
            Self::Not(condition) => held(condition.evaluate(facts).is_none()),
            Self::Viewed { product, within } => {
                let view = facts.profile?.viewed.of(product.resolve(facts)?.as_str())?;
                is_recent(view.at, *within, facts).then_some(Matched { product: Some(&view.product) })
            }
            Self::Dwell { longer_than, within, product } => {
                dwell(*longer_than, *within, product.as_ref(), facts)
            }
            simple => held(simple.holds(facts).unwrap_or(false)),
        }
    }

    /// The conditions that no product makes hold; `None` when what they ask about is not known.
    fn holds(&self, facts: &Facts<'_>) -> Option<bool> {
        let (policy, now) = (facts.policy, facts.now);
        Some(match self {
            Self::Event { name, within } => {
                is_recent(facts.profile?.last_event_at(name.as_str())?, *within, facts)
            }
            Self::LoggedIn(expected) => facts.is_known == *expected,
            Self::Affinity { category, gte } => {
                let affinity = &facts.profile?.affinity;
                affinity.score(category.as_str(), now, policy.affinity_half_life) >= *gte
            }
            Self::Cart { value_gte, contains, empty } => {
                let cart = &facts.profile?.cart;
                value_gte.is_none_or(|least| {
                    cart.value().is_some_and(|v| v.currency == least.currency && v.minor >= least.minor)
                }) && contains.as_ref().is_none_or(|id| cart.lines.iter().any(|l| l.product == *id))
                    && empty.is_none_or(|empty| cart.is_empty() == empty)
            }
            Self::Consent(purpose) => facts.profile?.consent.allows(*purpose, &policy.consent_default),
            Self::Trait { name, eq } => facts.profile?.trait_value(name)? == eq,
            Self::Page { kind, category, product } => {
                (kind.is_none() || *kind == facts.page.kind)
                    && (category.is_none() || category.as_ref() == facts.page_category)
                    && (product.is_none() || *product == facts.page.product)
            }
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Viewed { .. } | Self::Dwell { .. } => {
                self.evaluate(facts).is_some()
            }
        })
    }

    /// Whether the condition asks about nothing but the request's page, so that it can be decided of a stranger.
    pub(crate) fn asks_only_the_page(&self) -> bool {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().all(Self::asks_only_the_page),
            Self::Not(inner) => inner.asks_only_the_page(),
            Self::Page { .. } => true,
            _ => false,
        }
    }
}

impl Which {
    fn resolve<'a>(&'a self, facts: &Facts<'a>) -> Option<&'a ProductId> {
        match self {
            Self::Current => facts.page.product.as_ref(),
            Self::Product(id) => Some(id),
        }
    }
}

fn held<'a>(holds: bool) -> Option<Matched<'a>> {
    holds.then(Matched::default)
}

fn is_recent(at: Timestamp, within: Option<DurationMs>, facts: &Facts<'_>) -> bool {
    within.is_none_or(|width| at.is_within(width, facts.now))
}

fn dwell<'a>(
    longer_than: DurationMs,
    within: Option<DurationMs>,
    product: Option<&Which>,
    facts: &Facts<'a>,
) -> Option<Matched<'a>> {
    let wanted = match product {
        Some(which) => Some(which.resolve(facts)?),
        None => None,
    };
    facts
        .profile?
        .viewed
        .newest_first()
        .filter(|view| wanted.is_none_or(|id| view.product == *id))
        .filter(|view| is_recent(view.at, within, facts))
        .find(|view| view.dwell_at(facts.now, facts.policy.session_gap, facts.policy.dwell_max) > longer_than)
        .map(|view| Matched { product: Some(&view.product) })
}
