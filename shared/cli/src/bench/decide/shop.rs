//! The shop of the benchmark: eight slots, a thousand rules, products with fifty neighbours each, and people.

use super::super::core::Core;
use super::super::log;
use super::virtual_time::VirtualTime;
use crate::error::CliError;
use crate::stack::{publish, publish_experiments};
use beckon_domain::id::AnonymousId;
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Category, DurationMs, Pepper, ProductId, Profile, ProfileKey, Timestamp};
use beckon_recommend::popularity::{Delivered, fold};
use beckon_recommend::{BestSellers, Other, Signal, SignalId, SignalKind, Trend};
use beckon_rules::Ruleset;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{CatalogStore, ListKey, ProfileStore, TrendKey};
use serde_json::{Value, json};
use std::fmt::Write;

/// Slots of a request.
pub(super) const SLOT_COUNT: usize = 8;
/// Rules, of all slots together.
pub(super) const RULE_COUNT: usize = 1_000;
/// Products from which each slot chooses.
pub(super) const CANDIDATE_COUNT: usize = 50;
/// Items of a slot.
pub(super) const ITEM_COUNT: usize = 8;
/// Products of the shop.
const PRODUCT_COUNT: usize = 500;
/// Events that the people of the shop have caused.
const EVENT_COUNT: u64 = 20_000;
/// By when all of them have happened.
pub(super) const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000 + 3_600_000);

fn broken(what: &str, error: impl std::fmt::Display) -> CliError {
    CliError::failed(format!("the benchmark's own {what}: {error}; this is a bug of Beckon"))
}

fn product(number: usize) -> String {
    format!("p-{:05}", number % PRODUCT_COUNT)
}

/// What is shown where nobody has gone before: every slot ends with a rule that recommends, and until then every rule looks
/// at something that does not hold.
pub(super) fn ruleset() -> String {
    let mut yaml = "version: 1\nname: Decide benchmark\ncurrency: EUR\nproducts:\n".to_owned();
    for number in 0..PRODUCT_COUNT {
        let category = number % 40;
        let id = product(number);
        _ = writeln!(
            yaml,
            "  - {{ id: {id}, name: Product {number}, category: category-{category:02}, price: 19.00 }}"
        );
    }
    let best: Vec<String> = (0..CANDIDATE_COUNT).map(product).collect();
    _ = writeln!(yaml, "best_sellers: [{}]\nslots:", best.join(", "));
    for slot in 0..SLOT_COUNT {
        _ = writeln!(yaml, "  - {{ id: slot-{slot}, count: {ITEM_COUNT}, fallback: best_sellers }}");
    }
    yaml.push_str("rules:\n");
    for number in 0..RULE_COUNT {
        let (slot, place) = (number % SLOT_COUNT, number / SLOT_COUNT);
        let is_last = place + 1 == RULE_COUNT / SLOT_COUNT;
        let (when, strategy) =
            (condition(number, is_last), if slot % 2 == 0 { "similar" } else { "for_you" });
        _ = writeln!(
            yaml,
            "  - id: rule-{number}\n    slot: slot-{slot}\n    priority: {}",
            RULE_COUNT - place
        );
        _ = writeln!(yaml, "    when: {when}\n    then: {{ recommend: {strategy} }}");
    }
    yaml
}

/// An experiment in each slot: everybody is assigned eight times, and is shown what they would be shown anyway.
fn experiments() -> String {
    let mut yaml = "version: 1\nholdout: 0%\nexperiments:\n".to_owned();
    for slot in 0..SLOT_COUNT {
        let changes = format!("[{{ slot: slot-{slot}, count: {ITEM_COUNT} }}]");
        _ = writeln!(yaml, "  - id: trial-{slot}\n    status: running\n    variants:");
        _ = writeln!(yaml, "      - {{ id: a, weight: 50% }}");
        _ = writeln!(yaml, "      - {{ id: b, weight: 50%, changes: {changes} }}");
    }
    yaml
}

fn condition(number: usize, is_last: bool) -> String {
    let (id, category) = (product(number), number % 40);
    match number / SLOT_COUNT % 3 {
        _ if is_last => "{ page: { type: product } }".to_owned(),
        0 => format!(
            "{{ all: [{{ viewed: {{ product: {id}, within: 5m }} }}, {{ cart: {{ empty: false }} }}, \
             {{ not: {{ event: Order Completed, within: 24h }} }}, {{ logged_in: true }}] }}"
        ),
        1 => format!(
            "{{ all: [{{ affinity: {{ category: category-{category:02}, gte: 2 }} }}, \
             {{ event: Product Added, within: 1h }}, {{ logged_in: true }}] }}"
        ),
        _ => format!(
            "{{ all: [{{ cart: {{ contains: {id} }} }}, {{ page: {{ type: product }} }}, {{ logged_in: true }}] }}"
        ),
    }
}

/// A trend of a product with as many neighbours as are kept.
fn trend(number: usize) -> Result<Trend, CliError> {
    let id = |text: &str| ProductId::new(text).map_err(|e| broken("product", e));
    let delivered = (1..=CANDIDATE_COUNT).map(|n| {
        let other = Other {
            product: id(&product(number + n * 7))?,
            category: Category::new(&format!("category-{:02}", (number + n * 7) % 40)).ok(),
            price_band: None,
            distance: u8::try_from(n % 5 + 1).unwrap_or(1),
        };
        let sequence = SequenceNumber::parse(&n.to_string()).ok_or_else(|| broken("sequence", n))?;
        let signal_id = SignalId::parse(&format!("{n:016x}")).ok_or_else(|| broken("signal", n))?;
        Ok(Delivered {
            position: Position { shard: ShardKey::new("bench", "0"), sequence, offset: 0 },
            arrived_at: NOW,
            signal: Signal {
                id: signal_id,
                at: NOW,
                kind: SignalKind::View,
                product: id(&product(number))?,
                category: Category::new(&format!("category-{:02}", number % 40)).ok(),
                quantity: 1,
                called: None,
                others: vec![other],
            },
        })
    });
    let delivered = delivered.collect::<Result<Vec<_>, CliError>>()?;
    Ok(fold(None, &delivered).unwrap_or_default())
}

/// A shop with everything in its tables, and how many people there are.
pub(super) fn open(seed: u64, pepper: &Pepper) -> Result<(MemoryTables, usize), CliError> {
    let tables = MemoryTables::default();
    let folded = Core::new(log::make(EVENT_COUNT, seed)?)?.state();
    let mut profiles: Vec<(ProfileKey, Profile)> = folded.into_iter().collect();
    profiles.sort_by(|a, b| a.0.cmp(&b.0));
    let count = profiles.len();
    let filled = VirtualTime::default().run(fill(&tables, profiles, pepper));
    let ((), _) = match filled {
        Some((filled, took)) => (filled?, took),
        None => return Err(broken("tables", "they wait for something")),
    };
    Ok((tables, count))
}

async fn fill(
    tables: &MemoryTables,
    profiles: Vec<(ProfileKey, Profile)>,
    pepper: &Pepper,
) -> Result<(), CliError> {
    let store = |error| CliError::caused("the benchmark's tables", &error);
    let text = ruleset();
    publish(tables, &text, NOW).await?;
    let ruleset = Ruleset::parse(&text).map_err(|e| broken("ruleset", e))?;
    publish_experiments(tables, &experiments(), &ruleset, NOW).await?;
    for (number, (_, profile)) in profiles.into_iter().enumerate() {
        let id = AnonymousId::new(&person(number)).map_err(|e| broken("visitor", e))?;
        tables.save(&pepper.anonymous(&id), &profile, None, None).await.map_err(store)?;
    }
    let mut list = BestSellers::default();
    for number in 0..PRODUCT_COUNT {
        let (trend, id) =
            (trend(number)?, ProductId::new(&product(number)).map_err(|e| broken("product", e))?);
        list.offer(&id, &trend);
        tables.save_trend(&TrendKey::Item(id), &trend, None).await.map_err(store)?;
    }
    tables.save_best_sellers(&ListKey::Store, &list, None).await.map_err(store)?;
    Ok(())
}

/// The anonymous id of a person.
fn person(number: usize) -> String {
    format!("bench-{number}")
}

/// A page of a product, asked for by one of so many people.
pub(super) fn request(number: usize, people: usize) -> Vec<u8> {
    let slots: Vec<Value> = (0..SLOT_COUNT).map(|slot| json!({ "id": format!("slot-{slot}") })).collect();
    let page = json!({ "type": "PRODUCT", "productId": product(number * 13) });
    let body =
        json!({ "anonymousId": person(number % people.max(1)), "context": { "page": page }, "slots": slots });
    body.to_string().into_bytes()
}

/// How much of the clock passes from one request to the next.
pub(super) const PAUSE: DurationMs = DurationMs::from_ms(100);
