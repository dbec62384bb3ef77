//! What is missing for a condition to hold, when it is one step: the sentence that turns "no" into something to do.

use crate::aggregate::{Aggregate, What};
use crate::condition::{Condition, Facts, Which, began};
use crate::explain::Explained;
use crate::value::{Kind, Test, Value};
use crate::wording;
use crate::zone;
use beckon_domain::DurationMs;

/// What is missing for a whole condition, when one part alone is.
pub(crate) fn one_step(explained: &Explained) -> Option<String> {
    let missing = missing(explained)?;
    match missing.as_slice() {
        [only] => only.step.clone(),
        _ => None,
    }
}

/// The fewest parts that would have to hold for the whole to hold; `None` when some of them cannot be reached by a step.
fn missing(explained: &Explained) -> Option<Vec<&Explained>> {
    if explained.holds {
        return Some(Vec::new());
    }
    match (explained.condition.as_str(), explained.parts.as_slice()) {
        (_, []) => explained.step.is_some().then(|| vec![explained]),
        // What holds and should not is not a step away.
        ("not", _) => None,
        ("any", parts) => parts.iter().filter_map(missing).min_by_key(Vec::len),
        (_, parts) => {
            let each = parts.iter().map(missing).collect::<Option<Vec<_>>>()?;
            Some(each.into_iter().flatten().collect())
        }
    }
}

/// What is missing for a single condition that does not hold; `None` when it is no step: another page, another person.
pub(crate) fn step(condition: &Condition, facts: &Facts<'_>) -> Option<String> {
    let left = |at: beckon_domain::Timestamp| wording::duration(at.since(facts.now).as_ms() as f64);
    match condition {
        Condition::Event { last, within } => {
            facts.profile?;
            let within = within.map_or_else(String::new, |width| format!(" (counts for {width})"));
            Some(format!("a {}{within}", wording::name_of(last)))
        }
        Condition::Aggregate { aggregate, tests } => aggregate_step(aggregate, tests, facts),
        Condition::Absent { of, since, width } => {
            let profile = facts.profile?;
            let began = began(since, profile)?;
            let is_broken = of.at(profile).is_some_and(|at| at > began);
            (!is_broken).then(|| format!("{} more without {}", left(began + *width), wording::name_of(of)))
        }
        Condition::Viewed { product, within } => {
            let product = product.resolve(facts).filter(|_| facts.profile.is_some())?;
            let within = within.map_or_else(String::new, |width| format!(" (counts for {width})"));
            Some(format!("a view of {product}{within}"))
        }
        Condition::Dwell { longer_than, within, product } => {
            let dwelled = longest_dwell(facts, product.as_ref(), *within)?;
            let short = longer_than.as_ms().saturating_sub(dwelled.as_ms()).saturating_add(1);
            let what = match product {
                Some(Which::Product(id)) => format!(" with {id}"),
                _ => String::new(),
            };
            Some(format!("{} more{what}", wording::duration(short.max(1_000) as f64)))
        }
        Condition::Fact { fact, tests } => {
            fact.ask(facts, |value| number_step(&fact.text(), value, tests, fact.kind(), facts))
        }
        Condition::Cart { value_gte: Some(least), contains: None, empty: None } => {
            let value = facts.profile?.cart.value().filter(|value| value.currency == least.currency);
            let short = least.minor.saturating_sub(value.map_or(0, |value| value.minor));
            let short = beckon_domain::Money { minor: short, currency: least.currency };
            Some(format!("{short} more in the cart"))
        }
        Condition::Cart { value_gte: None, contains: Some(id), empty: None } => {
            facts.profile.map(|_| format!("{id} in the cart"))
        }
        _ => None,
    }
}

/// How much a number falls short of the least that is asked for.
fn number_step(
    name: &str,
    value: Option<Value<'_>>,
    tests: &[Test],
    kind: Kind,
    facts: &Facts<'_>,
) -> Option<String> {
    let Some(Value::Number(number)) = value else { return None };
    let failed: Vec<&Test> = tests.iter().filter(|test| !test.holds(value)).collect();
    let least = match failed.as_slice() {
        [Test::Gte(least) | Test::Gt(least) | Test::Between(least, _)] if number <= *least => *least,
        _ => return None,
    };
    let is_open = matches!(failed.as_slice(), [Test::Gt(_)]);
    let more = wording::number(least - number, kind, facts.currency);
    Some(if is_open { format!("more than {more} more of {name}") } else { format!("{more} more of {name}") })
}

/// `one more Product Viewed within 3m`: before the oldest that still counts falls out of the window.
fn aggregate_step(aggregate: &Aggregate, tests: &[Test], facts: &Facts<'_>) -> Option<String> {
    let profile = facts.profile?;
    if !aggregate.what.is_count() {
        let (name, kind) = (aggregate.what.word(), wording::kind_of(aggregate));
        return aggregate.ask(facts, |value| number_step(name, value, tests, kind, facts));
    }
    let count = aggregate.ask(facts, |value| if let Some(Value::Number(n)) = value { n } else { 0.0 });
    let failed: Vec<&Test> = tests.iter().filter(|test| !test.holds(Some(Value::Number(count)))).collect();
    let least = match failed.as_slice() {
        [Test::Gte(least) | Test::Between(least, _)] => *least,
        [Test::Gt(least)] => least + 1.0,
        _ => return None,
    };
    let more = (least - count).ceil();
    if more < 1.0 {
        return None;
    }
    let kept = profile.rules.watched.of(aggregate.watch);
    let oldest = kept.and_then(|kept| aggregate.inside(kept, facts.now).last()).map(|seen| seen.at);
    let until = match (aggregate.within, oldest) {
        (Some(width), Some(oldest)) => {
            format!(" within {}", wording::duration((oldest + width).since(facts.now).as_ms() as f64))
        }
        (Some(width), None) => format!(" within {width}"),
        (None, _) => String::new(),
    };
    let what = match (aggregate.what, &aggregate.of) {
        (What::Distinct, Some(of)) => {
            format!("{} with another {}", aggregate.events.name.as_str(), of.name())
        }
        _ => aggregate.events.name.as_str().to_owned(),
    };
    let more = if more > 1.0 { more.to_string() } else { "one".to_owned() };
    Some(format!("{more} more {what}{until}"))
}

/// The longest attention among the views that a condition asks about.
pub(crate) fn longest_dwell(
    facts: &Facts<'_>,
    product: Option<&Which>,
    within: Option<DurationMs>,
) -> Option<DurationMs> {
    let wanted = match product {
        Some(which) => Some(which.resolve(facts)?),
        None => None,
    };
    let (gap, dwell_max) = (facts.policy.session_gap, facts.policy.dwell_max);
    let views = facts.profile?.viewed.newest_first();
    let asked = views
        .filter(|view| wanted.is_none_or(|id| view.product == *id))
        .filter(|view| within.is_none_or(|width| view.at.is_within(width, facts.now)));
    asked.map(|view| view.dwell_at(facts.now, gap, dwell_max)).max()
}

/// The person's clock: `Mon 07:59 (Europe/Berlin)`.
pub(crate) fn local_time(facts: &Facts<'_>) -> Option<String> {
    let named = facts.zone_name().and_then(|name| Some((name, zone::named(name)?)));
    let shops = facts.ruleset.timezone.iana_name().unwrap_or("UTC");
    let (name, zone) = named.unwrap_or_else(|| (shops, facts.ruleset.timezone.clone()));
    let local = zone.to_datetime(jiff::Timestamp::from_millisecond(facts.now.as_ms()).ok()?);
    Some(format!("{} ({name})", local.strftime("%a %H:%M")))
}
