//! Runs every case in `testdata/conformance`: to add one, add a file. README.md there says how.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

use beckon_domain::apply::apply;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Campaign, CartRef, Details, Device, Event, EventKind, Item, TraitValue};
use beckon_domain::id::{AnonymousId, EventId, EventName, SlotId, SourceId, UserId};
use beckon_domain::reaction::{Happened as Happened_, Reaction};
use beckon_domain::{
    Brand, Category, DurationMs, Money, Pepper, ProductId, Profile, ProfileKey, SmolStr, Timestamp,
};
use beckon_rules::{
    Content, Decision, LiveLists, Page, PageKind, Person, ReasonCode, RuleExplained, Ruleset, SAMPLE,
    SlotRequest,
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
    /// The products of an order or a cart, in place of `product`.
    #[serde(default)]
    products: Vec<Bought>,
    total: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, Scalar>,
    brand: Option<String>,
    quantity: Option<u32>,
    timezone: Option<String>,
    device: Option<String>,
    referrer: Option<String>,
    #[serde(default)]
    campaign: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bought {
    product: String,
    category: Option<String>,
    price: Option<String>,
    quantity: Option<u32>,
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
    propensity: Option<f64>,
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
    /// Segments that the person is in, as the rules found when they looked last.
    segments: Option<Vec<String>>,
    /// What was told to others so far: `entered vip`, `exited vip`, `rule name`.
    told: Option<Vec<String>>,
    /// Traits that must be so.
    #[serde(default)]
    traits: BTreeMap<String, Scalar>,
    /// The explanation of the slot, or of the segments where no slot is asked.
    explain: Option<String>,
    /// When the rules look again, as a time since the case began; `never`.
    timer: Option<String>,
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

fn item_of(product_id: &str, category: Option<&str>, price: Option<&str>, quantity: Option<u32>) -> Item {
    Item {
        product: product(product_id),
        category: category.map(|c| Category::new(c).expect("a category")),
        brand: None,
        name: None,
        price: price.map(|p| Money::parse(p).expect("a price")),
        quantity: quantity.unwrap_or(1),
    }
}

fn value(scalar: &Scalar) -> TraitValue {
    match scalar {
        Scalar::Bool(value) => TraitValue::Bool(*value),
        Scalar::Number(value) => TraitValue::Number(*value),
        Scalar::Text(value) => TraitValue::Text(value.clone()),
    }
}

fn details(happened: &Happened) -> Option<Box<Details>> {
    let text = |text: &String| SmolStr::new(text);
    let campaign = |name: &str| happened.campaign.get(name).map(text);
    let details = Details {
        referrer: happened.referrer.as_ref().map(text),
        campaign: Campaign { name: campaign("name"), source: campaign("source"), medium: campaign("medium") },
        properties: happened.properties.iter().map(|(name, scalar)| (text(name), value(scalar))).collect(),
    };
    (details != Details::default()).then(|| Box::new(details))
}

fn kind(happened: &Happened) -> EventKind {
    let item = || {
        let id = happened.product.as_deref().expect("the event needs a product");
        let brand = happened.brand.as_deref().map(|b| Brand::new(b).expect("a brand"));
        let (category, price) = (happened.category.as_deref(), happened.price.as_deref());
        Item { brand, ..item_of(id, category, price, happened.quantity) }
    };
    let items = || -> Vec<Item> {
        let bought = happened.products.iter();
        bought.map(|b| item_of(&b.product, b.category.as_deref(), b.price.as_deref(), b.quantity)).collect()
    };
    match happened.event.as_str() {
        "Product Viewed" => EventKind::ProductViewed(item()),
        "Product Dwelled" => EventKind::ProductDwelled {
            product: item().product,
            engaged: length(happened.engaged.as_deref().expect("the event needs `engaged`")),
        },
        "Product Added" => EventKind::ProductAdded(CartRef::default(), item()),
        "Product Removed" => EventKind::ProductRemoved(CartRef::default(), item()),
        "Cart Updated" => EventKind::CartUpdated(CartRef::default(), items()),
        "Order Completed" => EventKind::OrderCompleted {
            order: None,
            total: happened.total.as_deref().map(|t| Money::parse(t).expect("a total")),
            items: items(),
        },
        "page" => EventKind::Page,
        "identify" => EventKind::Identify {
            traits: happened.traits.iter().map(|(name, scalar)| (name.clone(), value(scalar))).collect(),
            link: None,
        },
        other => EventKind::Track(EventName::new(other).expect("an event name")),
    }
}

/// The profile as it is at an instant, and what others were told by then; nobody's when nothing had happened. Timers are due
/// when they are due.
fn profile_at(ruleset: &Ruleset, case: &Case, now: Timestamp) -> (Option<Profile>, Vec<String>) {
    let pepper = Pepper::new("1", b"0123456789abcdef").expect("a pepper");
    let key = match case.logged_in {
        true => pepper.customer(&UserId::new("c").expect("an id")),
        false => pepper.anonymous(&AnonymousId::new("c").expect("an id")),
    };
    let (mut profile, mut told, policy) = (None, Vec::new(), ruleset.policy());
    for (index, happened) in case.events.iter().enumerate().filter(|(_, h)| instant(&h.at) <= now) {
        let choice = |purpose: &str| happened.consent.get(purpose).copied();
        if let Some(profile) = &mut profile {
            pass_to(ruleset, profile, &key, instant(&happened.at), &mut told);
        }
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
            timezone: happened.timezone.as_ref().map(SmolStr::new),
            locale: None,
            claim: None,
            device: happened.device.as_deref().map(|d| Device::parse(d).expect("a device")),
            details: details(happened),
            kind: kind(happened),
        };
        let profile = profile.get_or_insert_with(Profile::default);
        apply(profile, &key, &event, policy);
        ruleset.react(profile, &key, &event, policy);
        hear(profile, &mut told);
    }
    if let Some(profile) = &mut profile {
        pass_to(ruleset, profile, &key, now, &mut told);
    }
    (profile, told)
}

/// Time passes: timers that are due by then let the rules look.
fn pass_to(
    ruleset: &Ruleset,
    profile: &mut Profile,
    key: &ProfileKey,
    until: Timestamp,
    told: &mut Vec<String>,
) {
    while let Some(due) = profile.rules.next_at.filter(|due| *due <= until) {
        let event = Event {
            id: EventId::new(&format!("due-{}", due.as_ms())).expect("an id"),
            source: SourceId::new("beckon").expect("an id"),
            occurred_at: due,
            received_at: due,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind: EventKind::RulesDue,
        };
        ruleset.react(profile, key, &event, ruleset.policy());
        hear(profile, told);
        assert!(profile.rules.next_at.is_none_or(|next| next > due), "a timer that never ends");
    }
}

fn hear(profile: &mut Profile, told: &mut Vec<String>) {
    told.extend(profile.rules.outbox.drain(..).map(|effect| match effect.happened {
        Happened_::SegmentEntered(segment) => format!("entered {segment}"),
        Happened_::SegmentExited(segment) => format!("exited {segment}"),
        Happened_::RuleMatched { rule, publish } => format!("{rule} {publish}"),
    }));
}

/// What the rules hold of a person.
fn compare_state(profile: &Profile, told: &[String], expect: &Expected) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, wanted: Option<String>, found: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            differences.push(format!("{what}: expected {wanted}, found {found}"));
        }
    };
    let found: Vec<&str> = profile.rules.segments.iter().map(|holding| holding.name.as_str()).collect();
    differ("segments", expect.segments.as_ref().map(|s| s.join(" ")), found.join(" "));
    differ("told", expect.told.as_ref().map(|t| t.join(", ")), told.join(", "));
    for (name, wanted) in &expect.traits {
        let found = format!("{:?}", profile.trait_value(name));
        differ(&format!("trait {name}"), Some(format!("{:?}", Some(value(wanted)))), found);
    }
    let since = |at: Timestamp| at.since(instant("0s")).to_string();
    let timer = profile.rules.next_at.map_or_else(|| "never".to_owned(), since);
    let wanted =
        expect.timer.as_deref().map(|t| if t == "never" { t.to_owned() } else { length(t).to_string() });
    differ("timer", wanted, timer);
    differences
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
    let (profile, told) = profile_at(ruleset, case, now);
    let nobody = Profile::default();
    let mut differences = compare_state(profile.as_ref().unwrap_or(&nobody), &told, &question.expect);
    let page = Page {
        kind: question.page.r#type.as_deref().map(|word| PageKind::parse(word).expect("a page type")),
        product: question.page.product.as_deref().map(product),
        category: question.page.category.as_deref().map(|c| Category::new(c).expect("a category")),
    };
    let person =
        Person { profile: profile.as_ref(), is_known: case.logged_in, page, propensity: question.propensity };
    let Some(slot) = &question.slot else {
        let (wanted, found) = (question.expect.reminder, ruleset.reminder_applies(&person, now));
        if wanted.is_some_and(|wanted| wanted != found) {
            differences.push(format!("reminder: expected {wanted:?}, found {found}"));
        }
        differences.extend(compare_explanation(&ruleset.explain_segments(&person, now), &question.expect));
        return differences;
    };
    let products = |names: &[String]| names.iter().map(|name| product(name)).collect::<Vec<_>>();
    let request = SlotRequest { count: question.count, exclude: products(&question.exclude) };
    let (category, store) = (products(&question.live.category), products(&question.live.store));
    let live = LiveLists { category: &category, store: &store };
    let slot = SlotId::new(slot).expect("a slot id");
    let decision = ruleset.decide(&slot, &person, &request, live, now);
    differences.extend(compare_forms(ruleset, &person, now));
    if let Some(explanation) = ruleset.explain(&slot, &person, &request, live, now) {
        differences.extend(compare_explanation(&explanation.rules, &question.expect));
    }
    match (decision, question.expect.no_such_slot) {
        (None, Some(true)) => {}
        (Some(decision), None) => differences.extend(compare(&decision, &question.expect)),
        (found, _) => differences.push(format!("the slot's existence: {}", found.is_some())),
    }
    differences
}

/// Both forms of every condition say the same.
fn compare_forms(ruleset: &Ruleset, person: &Person<'_>, now: Timestamp) -> Vec<String> {
    let reading = ruleset.read(person, now);
    let conditions = ruleset.rule_ids().filter_map(|id| Some((id, ruleset.condition_of(id)?)));
    let differ = conditions.filter(|(_, rule)| rule.holds(person, now) != rule.holds_of(&reading));
    differ.map(|(id, _)| format!("the compiled form of {id} says something else")).collect()
}

fn compare_explanation(rules: &[RuleExplained], expect: &Expected) -> Vec<String> {
    let text = |rule: &RuleExplained| {
        let near = rule.near_miss.as_ref().map_or_else(String::new, |near| format!("\nnear: {near}"));
        format!("{} {:?}{near}\n{}", rule.id, rule.verdict, rule.condition)
    };
    let found = rules.iter().map(text).collect::<Vec<_>>().join("\n");
    match expect.explain.as_deref().map(str::trim_end) {
        Some(wanted) if wanted != found => vec![format!("explanation: expected\n{wanted}\nfound\n{found}")],
        _ => Vec::new(),
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
