//! Conditions that can hold of nobody, although each part of them could.

use super::implied::implies;
use super::values::{Domain, Values};
use crate::condition::Condition;
use crate::fact::{Fact, Name};
use crate::property::major;
use crate::value::{Operand, Test};
use crate::wording::{self, kind_of};
use beckon_domain::{Currency, SmolStr};

/// Why a condition can never hold, in the words of a message: `` `cart.value` cannot be ... ``. `None` where it may.
pub(crate) fn contradiction(condition: &Condition, currency: Currency) -> Option<String> {
    let mut parts = Vec::new();
    flatten(condition, &mut parts);
    denied(&parts, currency).or_else(|| excluded(&parts, currency)).or_else(|| answers(&parts))
}

/// What must hold together: `all` in `all` is one.
fn flatten<'c>(condition: &'c Condition, parts: &mut Vec<&'c Condition>) {
    match condition {
        Condition::All(inner) => inner.iter().for_each(|inner| flatten(inner, parts)),
        single => parts.push(single),
    }
}

/// Something that must hold, and must not.
fn denied(parts: &[&Condition], currency: Currency) -> Option<String> {
    for part in parts {
        for other in parts {
            if let Condition::Not(denied) = other
                && implies(part, denied, currency)
            {
                return Some(format!("it asks for {}, and for the opposite: keep one of them", named(part)));
            }
        }
    }
    let is_asked = |expected| parts.iter().any(|part| **part == Condition::LoggedIn(expected));
    (is_asked(true) && is_asked(false))
        .then(|| "nobody is both logged in and not: keep one of them".to_owned())
}

fn named(condition: &Condition) -> String {
    match condition {
        Condition::Event { last, .. } => format!("`{}`", wording::name_of(last)),
        Condition::Aggregate { aggregate, .. } => format!("`{}`", aggregate.events.name.as_str()),
        Condition::Fact { fact, .. } => format!("`{}`", fact.text()),
        Condition::Viewed { .. } => "`viewed`".to_owned(),
        Condition::Dwell { .. } => "`dwell`".to_owned(),
        Condition::Segment(_) => "a segment".to_owned(),
        _ => "one condition".to_owned(),
    }
}

/// A fact that would have to have two values.
fn excluded(parts: &[&Condition], currency: Currency) -> Option<String> {
    let mut known: Vec<(Fact, Values)> = Vec::new();
    for (fact, values) in parts.iter().flat_map(|part| said_of_facts(part, currency)) {
        let values = match known.iter_mut().find(|(other, _)| *other == fact) {
            Some((_, before)) => {
                *before = before.intersection(&values);
                before.clone()
            }
            None => {
                known.push((fact.clone(), values.clone()));
                values
            }
        };
        if values.is_empty() {
            return Some(format!(
                "`{}` has no value that passes all that is asked of it: change one of them",
                fact.text()
            ));
        }
    }
    None
}

/// What a condition says of facts, in its own words and by what follows from them.
fn said_of_facts(condition: &Condition, currency: Currency) -> Vec<(Fact, Values)> {
    let passing = |fact: Fact, tests: &[Test]| {
        let values = Values::passing(tests, &Domain::of(&fact, currency));
        (fact, values)
    };
    let named = |name: Name, test: Test| passing(Fact::Named(name), &[test]);
    let text = |text: &str| Test::Eq(Operand::Text(SmolStr::new(text)));
    let is = |flag: bool| Test::Eq(Operand::Flag(flag));
    let emptied = || {
        vec![
            named(Name::CartEmpty, is(true)),
            named(Name::CartItems, Test::Lte(0.0)),
            named(Name::CartValue, Test::Eq(Operand::Number(0.0))),
        ]
    };
    match condition {
        Condition::Fact { fact, tests } => {
            let said = passing(fact.clone(), tests);
            let is_of = |name: Name| *fact == Fact::Named(name);
            let zero = Values::passing(&[Test::Lte(0.0)], &Domain::of(fact, currency));
            let is_filled = (is_of(Name::CartValue) || is_of(Name::CartItems))
                && !said.1.missing
                && !said.1.overlaps(&zero);
            let is_emptied = is_of(Name::CartEmpty) && said.1.flags == [false, true] && !said.1.missing;
            let has_some = is_of(Name::CartProducts)
                && tests.iter().any(|t| matches!(t, Test::Contains(_) | Test::HasAny(_) | Test::HasAll(_)));
            let filled = (is_filled || has_some).then(|| named(Name::CartEmpty, is(false)));
            let follows = if is_emptied { emptied() } else { Vec::new() };
            [said].into_iter().chain(filled).chain(follows).collect()
        }
        Condition::Cart { value_gte, contains, empty } => {
            let least = value_gte.and_then(|least| major(least, currency));
            let value = least.map(|least| named(Name::CartValue, Test::Gte(least)));
            let is_filled =
                contains.is_some() || least.is_some_and(|least| least > 0.0) || *empty == Some(false);
            let filled = is_filled.then(|| named(Name::CartEmpty, is(false)));
            let follows = if *empty == Some(true) { emptied() } else { Vec::new() };
            value.into_iter().chain(filled).chain(follows).collect()
        }
        Condition::LoggedIn(expected) => {
            let (fact, values) = named(Name::Customer, is(*expected));
            // Of somebody about whom nothing is known, this is not known.
            vec![(fact, Values { missing: true, ..values })]
        }
        Condition::Page { kind, category, product } => {
            let kind = kind.map(|kind| named(Name::PageType, text(kind.code())));
            let category = category.as_ref().map(|c| named(Name::PageCategory, text(c.as_str())));
            let product = product.as_ref().map(|p| named(Name::PageProduct, text(p.as_str())));
            kind.into_iter().chain(category).chain(product).collect()
        }
        _ => Vec::new(),
    }
}

/// A question about events that would have to have two answers.
fn answers(parts: &[&Condition]) -> Option<String> {
    let asked = |part: &&Condition| match part {
        Condition::Aggregate { aggregate, tests } => {
            let domain = Domain::of_answer(aggregate, kind_of(aggregate));
            Some((aggregate.clone(), Values::passing(tests, &domain)))
        }
        _ => None,
    };
    let mut known: Vec<(crate::aggregate::Aggregate, Values)> = Vec::new();
    for (aggregate, values) in parts.iter().filter_map(asked) {
        let same = known.iter().filter(|(other, _)| super::ask_the_same(other, &aggregate));
        let together = same.fold(values.clone(), |all, (_, other)| all.intersection(other));
        if together.is_empty() {
            let (what, name) = (aggregate.what.word(), aggregate.events.name.as_str());
            return Some(format!(
                "no `{what}` of `{name}` passes all that is asked of it: change one of them"
            ));
        }
        known.push((aggregate, values));
    }
    None
}
