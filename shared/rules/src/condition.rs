//! Conditions, and when they hold. What is not known is false; only `not` makes something true of it.

use crate::aggregate::{Aggregate, Events};
use crate::fact::Fact;
use crate::model::Ruleset;
use crate::page::{Page, PageKind};
use crate::value::Test;
use crate::zone::{self, PartOfWeek};
use beckon_domain::consent::Purpose;
use beckon_domain::id::EventName;
use beckon_domain::watched::WatchId;
use beckon_domain::{Category, Currency, DurationMs, Money, Policy, ProductId, Profile, Timestamp};

/// What must hold.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// It happened, lately enough.
    Event {
        last: Last,
        within: Option<DurationMs>,
    },
    /// The answer to a question about events passes every test.
    Aggregate {
        aggregate: Aggregate,
        tests: Vec<Test>,
    },
    /// One thing did not happen for so long after another one did.
    Absent {
        of: Last,
        since: Vec<Last>,
        width: DurationMs,
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
    /// What is known passes every test.
    Fact {
        fact: Fact,
        tests: Vec<Test>,
    },
    /// What is given must hold, all of it.
    Cart {
        value_gte: Option<Money>,
        contains: Option<ProductId>,
        empty: Option<bool>,
    },
    Consent(Purpose),
    /// The person is in a segment: which one of the ruleset's.
    Segment(usize),
    /// The person's clock shows a time in this part of the week.
    Time(PartOfWeek),
    /// What is given must hold, all of it.
    Page {
        kind: Option<PageKind>,
        category: Option<Category>,
        product: Option<ProductId>,
    },
}

/// Where it is kept when something last happened.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Last {
    /// With every kind of event that Beckon knows.
    OfName(EventName),
    /// Among what the ruleset watches.
    Watched(WatchId, Box<Events>),
}

impl Last {
    #[inline]
    pub(crate) fn at(&self, profile: &Profile) -> Option<Timestamp> {
        match self {
            Self::OfName(name) => profile.last_event_at(name.as_str()),
            Self::Watched(id, _) => {
                profile.rules.watched.of(*id)?.newest_first().next().map(|newest| newest.at)
            }
        }
    }
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
    pub(crate) ruleset: &'a Ruleset,
    pub(crate) profile: Option<&'a Profile>,
    pub(crate) is_known: bool,
    pub(crate) page: &'a Page,
    /// The category of the page, told by the request or by the catalog.
    pub(crate) page_category: Option<&'a Category>,
    pub(crate) propensity: Option<f64>,
    pub(crate) policy: &'a Policy,
    pub(crate) currency: Currency,
    pub(crate) now: Timestamp,
}

impl<'a> Facts<'a> {
    /// The language of the request, else the person's.
    pub(crate) fn locale(&self) -> Option<&'a str> {
        let own = || self.profile.and_then(|profile| profile.locale.as_ref()).map(|told| told.value.as_str());
        self.page.locale.as_deref().or_else(own)
    }

    /// The name of the time zone of the request, else of the person's.
    pub(crate) fn zone_name(&self) -> Option<&'a str> {
        let own =
            || self.profile.and_then(|profile| profile.timezone.as_ref()).map(|told| told.value.as_str());
        self.page.timezone.as_deref().or_else(own)
    }
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
            Self::Segment(index) => facts.ruleset.segments.get(*index)?.when.evaluate(facts),
            simple => held(simple.holds(facts).unwrap_or(false)),
        }
    }

    /// The conditions that no product makes hold; `None` when what they ask about is not known.
    fn holds(&self, facts: &Facts<'_>) -> Option<bool> {
        let (policy, now) = (facts.policy, facts.now);
        Some(match self {
            Self::Fact { fact, tests } => fact.ask(facts, |value| tests.iter().all(|test| test.holds(value))),
            Self::Event { last, within } => is_recent(last.at(facts.profile?)?, *within, facts),
            Self::Aggregate { aggregate, tests } => {
                aggregate.ask(facts, |value| tests.iter().all(|test| test.holds(value)))
            }
            Self::Absent { of, since, width } => {
                let began = began(since, facts.profile?)?;
                now.since(began) >= *width && of.at(facts.profile?).is_none_or(|at| at <= began)
            }
            Self::LoggedIn(expected) => facts.is_known == *expected,
            Self::Cart { value_gte, contains, empty } => {
                let cart = &facts.profile?.cart;
                value_gte.is_none_or(|least| {
                    cart.value().is_some_and(|v| v.currency == least.currency && v.minor >= least.minor)
                }) && contains.as_ref().is_none_or(|id| cart.lines.iter().any(|l| l.product == *id))
                    && empty.is_none_or(|empty| cart.is_empty() == empty)
            }
            Self::Consent(purpose) => facts.profile?.consent.allows(*purpose, &policy.consent_default),
            Self::Time(part) => match facts.zone_name().and_then(zone::named) {
                Some(zone) => part.holds(now, &zone)?,
                None => part.holds(now, &facts.ruleset.timezone)?,
            },
            Self::Page { kind, category, product } => {
                (kind.is_none() || *kind == facts.page.kind)
                    && (category.is_none() || category.as_ref() == facts.page_category)
                    && (product.is_none() || *product == facts.page.product)
            }
            Self::All(_)
            | Self::Any(_)
            | Self::Not(_)
            | Self::Viewed { .. }
            | Self::Dwell { .. }
            | Self::Segment(_) => self.evaluate(facts).is_some(),
        })
    }

    /// Whether the condition asks about nothing but the request's page and the time, so that it can be decided of a
    /// stranger.
    pub(crate) fn asks_only_the_page(&self) -> bool {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().all(Self::asks_only_the_page),
            Self::Not(inner) => inner.asks_only_the_page(),
            Self::Page { .. } | Self::Time(_) => true,
            Self::Fact { fact: Fact::Named(name), .. } => name.is_of_the_request(),
            _ => false,
        }
    }

    /// Every condition in it, itself included, segments not entered.
    pub(crate) fn each<'c>(&'c self, visit: &mut dyn FnMut(&'c Self)) {
        visit(self);
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|inner| inner.each(visit)),
            Self::Not(inner) => inner.each(visit),
            _ => {}
        }
    }
}

impl Which {
    pub(crate) fn resolve<'a>(&'a self, facts: &Facts<'a>) -> Option<&'a ProductId> {
        match self {
            Self::Current => facts.page.product.as_ref(),
            Self::Product(id) => Some(id),
        }
    }
}

/// When the last of several things happened.
pub(crate) fn began(since: &[Last], profile: &Profile) -> Option<Timestamp> {
    since.iter().filter_map(|last| last.at(profile)).max()
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
