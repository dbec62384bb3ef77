//! When one condition holds of everybody of whom another does, as far as that is certain from how they are written.

use super::values::{Domain, Values};
use crate::condition::Condition;
use crate::fact::{Fact as FactOf, Name};
use crate::value::{Operand, Test};
use crate::wording::kind_of;
use beckon_domain::{Currency, DurationMs, SmolStr};

/// Whether `weaker` holds wherever `stronger` does. `false` where that is not certain.
pub(crate) fn implies(stronger: &Condition, weaker: &Condition, currency: Currency) -> bool {
    use Condition::{All, Any, Not};
    if stronger == weaker {
        return true;
    }
    match (stronger, weaker) {
        (_, All(parts)) => parts.iter().all(|part| implies(stronger, part, currency)),
        (Any(parts), _) => !parts.is_empty() && parts.iter().all(|part| implies(part, weaker, currency)),
        (All(parts), Any(others)) => {
            others.iter().any(|other| implies(stronger, other, currency))
                || parts.iter().any(|part| implies(part, weaker, currency))
        }
        (All(parts), _) => parts.iter().any(|part| implies(part, weaker, currency)),
        (_, Any(parts)) => parts.iter().any(|part| implies(stronger, part, currency)),
        (Not(own), Not(other)) => implies(other, own, currency),
        _ => implies_single(stronger, weaker, currency),
    }
}

/// The same of conditions that have no others in them.
fn implies_single(stronger: &Condition, weaker: &Condition, currency: Currency) -> bool {
    use Condition::{Aggregate, Cart, Dwell, Event, Fact, Page, Viewed};
    match (stronger, weaker) {
        (Fact { fact, tests }, Fact { fact: other, tests: others }) if fact == other => {
            let domain = Domain::of(fact, currency);
            Values::passing(others, &domain).contains(&Values::passing(tests, &domain))
        }
        (Fact { fact, tests }, Page { kind: Some(kind), category: None, product: None })
            if *fact == FactOf::Named(Name::PageType) =>
        {
            let is_kind = [Test::Eq(Operand::Text(SmolStr::new(kind.code())))];
            let domain = Domain::of(fact, currency);
            Values::passing(&is_kind, &domain).contains(&Values::passing(tests, &domain))
        }
        (Aggregate { aggregate, tests }, Aggregate { aggregate: other, tests: others })
            if super::ask_the_same(aggregate, other) =>
        {
            let domain = Domain::of_answer(aggregate, kind_of(aggregate));
            Values::passing(others, &domain).contains(&Values::passing(tests, &domain))
        }
        (Event { last, within }, Event { last: other, within: wider }) => {
            last == other && is_no_longer(*within, *wider)
        }
        (Viewed { product, within }, Viewed { product: other, within: wider }) => {
            product == other && is_no_longer(*within, *wider)
        }
        (
            Dwell { longer_than, within, product },
            Dwell { longer_than: shorter, within: wider, product: other },
        ) => longer_than >= shorter && is_no_longer(*within, *wider) && (other.is_none() || product == other),
        (Cart { value_gte, contains, empty }, Cart { value_gte: less, contains: other, empty: same }) => {
            less.is_none_or(|less| {
                value_gte.is_some_and(|own| own.currency == less.currency && own.minor >= less.minor)
            }) && (other.is_none() || contains == other)
                && (same.is_none() || empty == same)
        }
        (Page { kind, category, product }, Page { kind: k, category: c, product: p }) => {
            (k.is_none() || kind == k) && (c.is_none() || category == c) && (p.is_none() || product == p)
        }
        _ => false,
    }
}

/// Whether what happened within the one length of time happened within the other.
fn is_no_longer(within: Option<DurationMs>, wider: Option<DurationMs>) -> bool {
    wider.is_none_or(|wider| within.is_some_and(|within| within <= wider))
}
