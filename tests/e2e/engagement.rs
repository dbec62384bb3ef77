//! What pages tell of decisions becomes the numbers of each slot and day, each counted once and naming nobody.

use beckon_cli::stack::Tables;
use beckon_domain::engagement::Model;
use beckon_domain::{Currency, Day};
use beckon_recommend::engagement::{Combination, Counts, SlotDayRow};
use beckon_rules::SAMPLE;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::EngagementStore;
use beckon_store::tables::memory::MemoryTables;
use harness::{Delivery, Fault, Faults, Faulty, World, delivery, world::START};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const MAIL: &str = "mail.0123456789abcdef0123456789abcdef.2";

/// An event as beckon.js and analytics.js send it, so many seconds after the start.
fn event(who: &str, second: u64, name: &str, properties: Value) -> Value {
    let at = START + beckon_domain::DurationMs::from_secs(second);
    let mut event = json!({
        "type": "track", "event": name, "messageId": format!("{who}-{second}-{name}"),
        "timestamp": beckon_wire::format_time(at), "properties": properties,
    });
    let id = if who.starts_with("u-") { "userId" } else { "anonymousId" };
    event[id] = json!(who);
    event
}

/// A decision of the sample's rule for tents.
fn of_tents(decision: &str, source: &str) -> Value {
    json!({ "decision_id": decision, "slot_id": "pdp.related", "rule_id": "tent-accessories", "source": source })
}

fn order(number: &str, decision: Option<&str>) -> Value {
    let products = [json!({ "product_id": "mat", "price": 30, "quantity": 1 })];
    json!({ "order_id": number, "total": 30, "currency": "EUR", "products": products, "decision_id": decision })
}

/// People who see, click, buy and log in; one who denies it, one who forges slots, and one who comes from a mail.
async fn tell<T: Tables>(world: &mut World<T>) {
    let both = "accessory,related";
    let hero = json!({ "decision_id": "d-2", "slot_id": "home.hero", "source": "best_seller" });
    let forged = json!({ "decision_id": "d-4", "slot_id": "made.up", "rule_id": "x" });
    let stranger = json!({ "decision_id": "d-5", "slot_id": "home.hero", "rule_id": "no-such-rule" });
    let mut denies = event("cleo", 8, "Decision Viewed", of_tents("d-3", both));
    denies["context"] = json!({ "consent": { "personalization": false } });
    let told = [
        event("anna", 1, "Decision Viewed", of_tents("d-1", both)),
        event("anna", 2, "Decision Viewed", of_tents("d-1", both)),
        event("anna", 3, "Decision Clicked", of_tents("d-1", "accessory")),
        event("anna", 4, "Order Completed", order("o-1", Some("d-1"))),
        event("ben", 5, "Decision Viewed", hero),
        event("ben", 6, "Decision Viewed", forged),
        event("ben", 7, "Decision Viewed", stranger),
        denies,
        event("ben", 9, "Order Completed", order("o-2", None)),
        // What the collector makes of a landing by a mail's link.
        event("dora", 11, "Email Link Clicked", json!({ "decision_id": MAIL })),
        event("dora", 12, "Order Completed", order("o-3", None)),
    ];
    world.collect("pk_local", &told).await;
    let mut login = event("anna", 13, "identify", json!({}));
    login["type"] = json!("identify");
    login["userId"] = json!("u-1");
    let known = [
        login,
        event("anna", 14, "Decision Viewed", of_tents("d-6", both)),
        // What the back office tells of an order that the page has told.
        event("u-1", 15, "Order Completed", order("o-1", None)),
    ];
    world.collect("sk_local", &known).await;
}

type Rows = BTreeMap<(Day, String), BTreeMap<Combination, Counts>>;

async fn rows<T: EngagementStore>(tables: &T) -> Rows {
    let all = tables.slot_days(Day::default(), Day::of(START).after(9)).await.unwrap();
    let counts = |row: &SlotDayRow| row.iter().map(|(of, counts)| (of.clone(), counts.clone())).collect();
    all.into_iter().map(|(of, row)| ((of.day, of.slot.to_string()), counts(&row))).collect()
}

fn of<'a>(rows: &'a Rows, slot: &str, rule: Option<&str>, strategy: Option<&str>) -> &'a Counts {
    let row = &rows[&(Day::of(START), slot.to_owned())];
    let text = |id: Option<&str>, known: Option<&str>| id == known;
    let found = row.iter().find(|(of, _)| {
        text(rule, of.rule.as_ref().map(|id| id.as_str()))
            && text(strategy, of.strategy.as_ref().map(|id| id.as_str()))
    });
    found.unwrap_or_else(|| panic!("nothing of {slot}, {rule:?}, {strategy:?}: {row:#?}")).1
}

fn paid(counts: &Counts, model: Model) -> (u64, u64, i64) {
    let credit = counts.credit(model);
    let euros = credit.revenue.get(&Currency::new("EUR").unwrap()).copied().unwrap_or_default();
    (credit.orders, credit.conversions, euros)
}

async fn told<T: Tables>(mut world: World<T>) {
    tell(&mut world).await;
    world.finish().await;
    let rows = rows(&world.stack.tables).await;
    let slots: Vec<&str> = rows.keys().map(|(_, slot)| slot.as_str()).collect();
    assert_eq!(slots, ["home.hero", "mail", "pdp.related"], "of slots and rules that there are");
    let rule = Some("tent-accessories");
    let tents = of(&rows, "pdp.related", rule, None);
    assert_eq!((tents.views, tents.clicks), (2, 1), "seen twice is once; a forwarded view counts");
    for model in Model::ALL {
        assert_eq!(
            paid(tents, model),
            (1, 1, 3_000),
            "{}: an order told twice is credited once",
            model.name()
        );
    }
    let accessory = of(&rows, "pdp.related", rule, Some("accessory"));
    assert_eq!((accessory.views, accessory.clicks, accessory.last.orders), (2, 1, 1));
    let related = of(&rows, "pdp.related", rule, Some("related"));
    assert_eq!((related.views, related.clicks, related.last.orders), (2, 0, 0), "not what was clicked");
    let hero = of(&rows, "home.hero", None, None);
    assert_eq!((hero.views, hero.clicks), (1, 0));
    assert_eq!((paid(hero, Model::Direct), paid(hero, Model::Last)), ((0, 0, 0), (1, 1, 3_000)));
    let mail = of(&rows, "mail", None, None);
    assert_eq!((mail.views, mail.clicks, paid(mail, Model::Last)), (1, 1, (1, 1, 3_000)));
    let profiles = world.stack.tables.scan_profiles().await.unwrap();
    let cleo = profiles.iter().find(|(key, _)| *key == world.visitor("cleo"));
    assert!(cleo.is_some_and(|(_, profile)| profile.touches.is_empty()), "who denies it is not remembered");
}

#[tokio::test]
async fn what_pages_tell_of_decisions_ends_in_the_numbers_of_each_slot_and_day() {
    told(World::memory().await).await;
}

#[tokio::test]
async fn the_embedded_dynamodb_ends_with_the_same_numbers() {
    told(World::dynamodb(SAMPLE).await).await;
}

/// The signals of the story, which nobody has read yet.
async fn signals_only() -> World<MemoryTables> {
    let mut world = World::memory().await;
    tell(&mut world).await;
    let mut delivery = Delivery::default();
    assert_eq!(delivery.run(&world.stack.stream, &world.profiler(), 10).await, 0);
    world
}

#[tokio::test]
async fn no_signal_of_a_slot_says_who_or_which_decision_it_was() {
    let world = signals_only().await;
    let records = world.stack.signals.take();
    let of_slots: Vec<&StreamRecord> =
        records.iter().filter(|record| record.partition_key.starts_with("slot:")).collect();
    assert!(!of_slots.is_empty());
    let names = ["anna", "ben", "dora", "u-1", "d-1", "d-2", "d-6", "o-1", MAIL].map(ToOwned::to_owned);
    let people = [world.visitor("anna"), world.customer("u-1")].map(|key| key.to_string());
    let known = ["at", "converted", "id", "kind", "models", "rule", "slot", "strategies", "total", "v"];
    for record in of_slots {
        let text = String::from_utf8(record.data.clone()).unwrap();
        for line in text.lines() {
            let line: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
            assert!(line.keys().all(|name| known.contains(&name.as_str())), "{line:?}");
        }
        assert!(names.iter().chain(&people).all(|name| !text.contains(name.as_str())), "{text}");
    }
}

#[tokio::test]
async fn signals_of_slots_that_are_delivered_again_in_any_pieces_count_once() {
    let world = signals_only().await;
    let records = world.stack.signals.take();
    let trends = world.trends_on(world.stack.tables.clone(), world.stack.failed.clone());
    assert_eq!(delivery::once(&trends, &records).await, Vec::<String>::new());
    let expected = rows(&world.stack.tables).await;
    let (first, second) = records.split_at(records.len() / 2);
    let reversed: Vec<StreamRecord> = records.iter().rev().cloned().collect();
    for piece in [second, first, &reversed] {
        assert_eq!(delivery::once(&trends, piece).await, Vec::<String>::new());
        assert_eq!(rows(&world.stack.tables).await, expected);
    }
    let signals = world.signal_conservation().await;
    assert!(signals.holds() && signals.repeated == 0, "{signals}");
}

/// One run of the trends with a fault at its `n`-th call; then everything works again. Returns the call that was hit.
async fn trends_disturbed(n: usize, fault: Fault, expected: &Rows) -> Option<&'static str> {
    let world = signals_only().await;
    let stack = &world.stack;
    let faults = Faults::at(n, fault);
    let faulty = world
        .trends_on(Faulty::new(stack.tables.clone(), &faults), Faulty::new(stack.failed.clone(), &faults));
    let mut delivery = Delivery::default();
    delivery.run(&stack.signals, &faulty, 3).await;
    let healthy = world.trends_on(stack.tables.clone(), stack.failed.clone());
    assert_eq!(delivery.run(&stack.signals, &healthy, 100).await, 0, "{fault:?} at call {n}");
    assert_eq!(&rows(&stack.tables).await, expected, "{fault:?} at call {n} of {:?}", faults.calls());
    faults.struck().then(|| faults.calls()[n - 1])
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_trends_changes_no_number() {
    let mut world = World::memory().await;
    tell(&mut world).await;
    world.finish().await;
    let expected = rows(&world.stack.tables).await;
    for fault in Fault::ALL {
        let mut hit = BTreeSet::new();
        for n in 1.. {
            let Some(call) = Box::pin(trends_disturbed(n, fault, &expected)).await else { break };
            hit.insert(call);
        }
        assert!(hit.contains("load_slot_day") && hit.contains("save_slot_day"), "{fault:?}: {hit:?}");
    }
}

/// The same of the profiler, which puts signals again when its write failed.
async fn profiler_disturbed(n: usize, fault: Fault, expected: &Rows) -> bool {
    let mut world = World::memory().await;
    tell(&mut world).await;
    let faults = Faults::at(n, fault);
    let stack = &world.stack;
    let faulty = world.profiler_on(
        Faulty::new(stack.tables.clone(), &faults),
        Faulty::new(stack.stream.clone(), &faults),
        Faulty::new(stack.failed.clone(), &faults),
    );
    let mut delivery = Delivery::default();
    Box::pin(delivery.run(&stack.stream, &faulty, 4)).await;
    assert_eq!(Box::pin(delivery.run(&stack.stream, &world.profiler(), 100)).await, 0);
    world.finish().await;
    assert_eq!(&rows(&world.stack.tables).await, expected, "{fault:?} at call {n} of {:?}", faults.calls());
    faults.struck()
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_profiler_changes_no_number() {
    let mut world = World::memory().await;
    tell(&mut world).await;
    world.finish().await;
    let expected = rows(&world.stack.tables).await;
    for fault in Fault::ALL {
        for n in 1.. {
            if !Box::pin(profiler_disturbed(n, fault, &expected)).await {
                break;
            }
        }
    }
}
