//! Runs every case in `testdata/conformance`: to add one, add a file. README.md there says how.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

use beckon_domain::apply::apply;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{CartRef, Event, EventKind, Item, TraitValue};
use beckon_domain::id::{EventId, EventName, SlotId, SourceId, UserId};
use beckon_domain::{Category, DurationMs, Money, Pepper, Policy, ProductId, Profile, Timestamp};
use beckon_rules::{
    Content, Decision, LiveLists, Page, PageKind, Person, ReasonCode, Ruleset, SAMPLE, SlotRequest,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What must be so, as a sentence.
    name: String,
    /// `sample`, or a ruleset.
    ruleset: String,
    #[serde(default)]
    logged_in: bool,
    #[serde(default)]
    events: Vec<Happened>,
    ask: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Happened {
    at: String,
    event: String,
    product: Option<String>,
    category: Option<String>,
    price: Option<String>,
    engaged: Option<String>,
    #[serde(default)]
    traits: BTreeMap<String, Scalar>,
    #[serde(default)]
    consent: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    at: String,
    /// A slot is asked, or the reminder is checked.
    slot: Option<String>,
    #[serde(default)]
    page: AskedPage,
    count: Option<usize>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    live: Counted,
    expect: Expected,
}

/// What sells best by then.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Counted {
    #[serde(default)]
    category: Vec<String>,
    #[serde(default)]
    store: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct AskedPage {
    r#type: Option<String>,
    product: Option<String>,
    category: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    products: Option<Vec<String>>,
    sources: Option<Vec<String>>,
    offer: Option<String>,
    reason: Option<String>,
    rule: Option<String>,
    filled: Option<usize>,
    ttl: Option<String>,
    reminder: Option<bool>,
    no_such_slot: Option<bool>,
}

/// `31s`, as rules write it, or `30001ms`, for the edges.
fn length(text: &str) -> DurationMs {
    text.strip_suffix("ms")
        .map(|ms| DurationMs::from_ms(ms.parse().expect("milliseconds")))
        .or_else(|| DurationMs::parse(text))
        .unwrap_or_else(|| panic!("a length of time: {text}"))
}

/// The time of a case begins on some day, not in 1970, so that windows can reach back.
fn instant(text: &str) -> Timestamp {
    Timestamp::EPOCH + DurationMs::from_days(20_000) + length(text)
}

fn product(text: &str) -> ProductId {
    ProductId::new(text).expect("a product id")
}

fn kind(happened: &Happened) -> EventKind {
    let item = || Item {
        product: product(happened.product.as_deref().expect("the event needs a product")),
        category: happened.category.as_deref().map(|c| Category::new(c).expect("a category")),
        brand: None,
        name: None,
        price: happened.price.as_deref().map(|p| Money::parse(p).expect("a price")),
        quantity: 1,
    };
    match happened.event.as_str() {
        "Product Viewed" => EventKind::ProductViewed(item()),
        "Product Dwelled" => EventKind::ProductDwelled {
            product: item().product,
            engaged: length(happened.engaged.as_deref().expect("the event needs `engaged`")),
        },
        "Product Added" => EventKind::ProductAdded(CartRef::default(), item()),
        "Product Removed" => EventKind::ProductRemoved(CartRef::default(), item()),
        "Order Completed" => EventKind::OrderCompleted { order: None, total: None, items: Vec::new() },
        "page" => EventKind::Page,
        "identify" => EventKind::Identify {
            traits: happened
                .traits
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Scalar::Bool(value) => TraitValue::Bool(*value),
                        Scalar::Number(value) => TraitValue::Number(*value),
                        Scalar::Text(value) => TraitValue::Text(value.clone()),
                    };
                    (name.clone(), value)
                })
                .collect(),
            link: None,
        },
        other => EventKind::Track(EventName::new(other).expect("an event name")),
    }
}

/// The profile as it is at an instant; nobody's when nothing had happened.
fn profile_at(events: &[Happened], now: Timestamp, policy: &Policy) -> Option<Profile> {
    let key =
        Pepper::new("1", b"0123456789abcdef").expect("a pepper").customer(&UserId::new("c").expect("an id"));
    let mut profile = None;
    for (index, happened) in events.iter().enumerate().filter(|(_, h)| instant(&h.at) <= now) {
        let choice = |purpose: &str| happened.consent.get(purpose).copied();
        let event = Event {
            id: EventId::new(&format!("e{index}")).expect("an id"),
            source: SourceId::new("test").expect("an id"),
            occurred_at: instant(&happened.at),
            received_at: instant(&happened.at),
            consent: ConsentChoices {
                analytics: choice("analytics"),
                personalization: choice("personalization"),
                marketing_email: choice("marketing_email"),
            },
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind: kind(happened),
        };
        apply(profile.get_or_insert_with(Profile::default), &key, &event, policy);
    }
    profile
}

fn compare(decision: &Decision, expect: &Expected) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, wanted: Option<String>, found: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            differences.push(format!("{what}: expected {wanted}, found {found}"));
        }
    };
    let (products, sources, offer) = match &decision.content {
        Content::Products(items) => (
            items.iter().map(|i| i.product.to_string()).collect::<Vec<_>>(),
            items.iter().map(|i| i.source.code().to_owned()).collect::<Vec<_>>(),
            None,
        ),
        Content::Offer(offer) => (Vec::new(), Vec::new(), Some(offer.id.to_string())),
    };
    // What a case does not expect must not be there: an offer in place of products would pass otherwise.
    differ("offer", Some(format!("{:?}", expect.offer)), format!("{offer:?}"));
    differ("products", expect.products.as_ref().map(|p| p.join(" ")), products.join(" "));
    differ("sources", expect.sources.as_ref().map(|s| s.join(" ")), sources.join(" "));
    differ("reason", expect.reason.clone(), decision.reason.code.code().to_owned());
    let rule = decision.reason.rule.as_ref().map(ToString::to_string);
    differ("rule", Some(format!("{:?}", expect.rule)), format!("{rule:?}"));
    differ("filled", expect.filled.map(|n| n.to_string()), decision.fallback.filled.to_string());
    let ttl = expect.ttl.as_deref().map(|t| length(t).to_string());
    differ("ttl", ttl, decision.ttl.to_string());
    let is_default = decision.reason.code != ReasonCode::RuleMatch;
    let used = is_default || decision.fallback.filled > 0;
    differ("fallback used", Some(used.to_string()), decision.fallback.used.to_string());
    differences
}

fn ask(ruleset: &Ruleset, case: &Case, question: &Question) -> Vec<String> {
    let now = instant(&question.at);
    let profile = profile_at(&case.events, now, ruleset.policy());
    let page = Page {
        kind: question.page.r#type.as_deref().map(|word| PageKind::parse(word).expect("a page type")),
        product: question.page.product.as_deref().map(product),
        category: question.page.category.as_deref().map(|c| Category::new(c).expect("a category")),
    };
    let person = Person { profile: profile.as_ref(), is_known: case.logged_in, page };
    let Some(slot) = &question.slot else {
        let (wanted, found) = (question.expect.reminder, ruleset.reminder_applies(&person, now));
        return if wanted == Some(found) {
            Vec::new()
        } else {
            vec![format!("reminder: expected {wanted:?}, found {found}")]
        };
    };
    let products = |names: &[String]| names.iter().map(|name| product(name)).collect::<Vec<_>>();
    let request = SlotRequest { count: question.count, exclude: products(&question.exclude) };
    let (category, store) = (products(&question.live.category), products(&question.live.store));
    let live = LiveLists { category: &category, store: &store };
    let decision = ruleset.decide(&SlotId::new(slot).expect("a slot id"), &person, &request, live, now);
    match (decision, question.expect.no_such_slot) {
        (None, Some(true)) => Vec::new(),
        (Some(decision), None) => compare(&decision, &question.expect),
        (found, _) => vec![format!("the slot's existence: {}", found.is_some())],
    }
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/conformance");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "cases are missing: {}", paths.len());
    let mut failures = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let case: Case = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let yaml = if case.ruleset == "sample" { SAMPLE } else { &case.ruleset };
        let ruleset = Ruleset::parse(yaml).unwrap_or_else(|error| panic!("{file}: the ruleset:\n{error}"));
        for (index, question) in case.ask.iter().enumerate() {
            for difference in ask(&ruleset, &case, question) {
                failures.push(format!(
                    "{file} ({}), question {} at {}: {difference}",
                    case.name,
                    index + 1,
                    question.at
                ));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
