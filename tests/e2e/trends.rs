//! What visitors do becomes what the next visitor is shown: signals, trends, best sellers, each counted once.

mod corrupt;

use beckon_cli::stack::Tables;
use beckon_domain::{Category, DurationMs, ProductId};
use beckon_recommend::popularity::Totals;
use beckon_rules::SAMPLE;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{CatalogScan, CatalogStore, ListKey, Read, TrendKey};
use harness::{Delivery, Fault, Faults, Faulty, Teller, World, delivery, world::START};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

fn item(product: &str) -> TrendKey {
    TrendKey::Item(ProductId::new(product).unwrap())
}

fn category(name: &str) -> Category {
    Category::new(name).unwrap()
}

async fn list<T: CatalogStore>(tables: &T, key: ListKey) -> Vec<String> {
    let stored = tables.best_sellers(std::slice::from_ref(&key), Read::Strong).await.unwrap().remove(&key);
    let list = stored.map(|stored| stored.state).unwrap_or_default();
    list.iter().map(|seller| seller.product().to_string()).collect()
}

async fn totals<T: CatalogStore>(tables: &T, key: TrendKey) -> Totals {
    let stored = tables.load_trends(std::slice::from_ref(&key), Read::Strong).await.unwrap().remove(&key);
    stored.map(|stored| stored.state.totals()).unwrap_or_default()
}

/// Three people, a retry, a login in the middle of a batch, a snapshot of a cart, and an order that names a product twice.
async fn tell<T: Tables>(world: &mut World<T>) {
    let mut teller = Teller::new(START);
    let mut second = 0;
    let mut say = |mut short: serde_json::Value| {
        second += 1;
        short["time"] = json!(format!("{second}s"));
        teller.event(&short)
    };
    let browsing = [
        say(json!({ "view": "tent-2p", "by": "anna" })),
        say(json!({ "add": "tent-2p", "by": "anna" })),
        say(json!({ "view": "mug", "by": "ben", "id": "again" })),
        say(json!({ "view": "mug", "by": "ben", "id": "again" })),
        say(json!({ "view": "pot-set", "by": "cleo" })),
        say(json!({ "cart": ["pot-set * 3"], "by": "cleo" })),
    ];
    world.collect("pk_local", &browsing).await;
    let logins = [
        say(json!({ "login": "u-1", "by": "anna" })),
        say(json!({ "view": "mug", "by": "anna" })),
        say(json!({ "order": ["stove-gas", "tent-2p * 2", "stove-gas * 4"], "by": "anna" })),
        say(json!({ "page": true, "user": "u-1" })),
    ];
    world.collect("sk_local", &logins).await;
}

/// What must be the same however often and in whatever pieces the streams were delivered.
#[derive(Debug, PartialEq)]
struct Effect {
    totals: BTreeMap<TrendKey, Totals>,
    store: Vec<String>,
    scores: Vec<u64>,
    failed: Vec<String>,
}

async fn effect<T: Tables>(world: &World<T>, failed: Vec<String>) -> Effect {
    let tables = &world.stack.tables;
    let trends = tables.scan_trends().await.unwrap().into_iter();
    let stored = tables.best_sellers(&[ListKey::Store], Read::Strong).await.unwrap();
    let list = stored.get(&ListKey::Store).map(|stored| stored.state.clone()).unwrap_or_default();
    Effect {
        // How often a signal was recognised as put again may differ.
        totals: trends.map(|(key, trend)| (key, Totals { repeated: 0, ..trend.totals() })).collect(),
        store: list.iter().map(|seller| seller.product().to_string()).collect(),
        scores: list.iter().map(|seller| list.score(seller, START + DurationMs::from_hours(1))).collect(),
        failed,
    }
}

async fn failed(world: &World<MemoryTables>) -> Vec<String> {
    world.stack.failed.documents().into_keys().collect()
}

async fn told<T: Tables>(mut world: World<T>) {
    tell(&mut world).await;
    world.finish().await;
    let tables = &world.stack.tables;
    assert_eq!(
        list(tables, ListKey::Store).await,
        ["tent-2p", "stove-gas"],
        "two views are somebody's visit"
    );
    assert_eq!(list(tables, ListKey::Category(category("tents"))).await, ["tent-2p"]);
    let tent = Totals { views: 1, carts: 1, purchases: 1, units: 2, ..Totals::default() };
    assert_eq!(totals(tables, item("tent-2p")).await, tent);
    assert_eq!(totals(tables, TrendKey::Category(category("tents"))).await, tent);
    let stove = totals(tables, item("stove-gas")).await;
    assert_eq!((stove.purchases, stove.units), (1, 5), "one order of five");
    assert_eq!(totals(tables, item("mug")).await.views, 2, "a retry is no view, a forwarded view is one");
    assert_eq!(totals(tables, item("pot-set")).await, Totals { views: 1, ..Totals::default() });
    let signals = world.signal_conservation().await;
    assert_eq!((signals.put, signals.counted, signals.repeated), (7, 7, 0), "{signals}");
}

#[tokio::test]
async fn what_visitors_do_ends_in_the_best_sellers_of_the_store_and_of_its_categories() {
    told(World::memory().await).await;
}

#[tokio::test]
async fn the_embedded_dynamodb_ends_with_the_same_best_sellers() {
    told(World::dynamodb(SAMPLE).await).await;
}

#[tokio::test]
async fn no_signal_says_who_it_was() {
    let mut world = World::memory().await;
    tell(&mut world).await;
    let people =
        [world.visitor("anna"), world.visitor("ben"), world.customer("u-1")].map(|key| key.to_string());
    let profiler = world.profiler();
    while let records @ [_, ..] = &world.stack.stream.take()[..] {
        delivery::once(&profiler, records).await;
    }
    let records = world.stack.signals.take();
    assert!(!records.is_empty());
    for record in records {
        let text = String::from_utf8(record.data).unwrap();
        for line in text.lines() {
            let line: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            let names: Vec<&str> = line.keys().map(String::as_str).collect();
            // `name`, `brand` and `price` are the product's, as a commerce event tells them.
            let known = [
                "at", "brand", "category", "id", "kind", "name", "others", "price", "product", "quantity",
                "v",
            ];
            assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
        }
        let names = ["anna", "ben", "u-1", "again", "m-1"].map(ToOwned::to_owned);
        assert!(people.iter().chain(&names).all(|name| !text.contains(name.as_str())), "{text}");
    }
}

async fn undisturbed() -> Effect {
    let mut world = World::memory().await;
    tell(&mut world).await;
    put_poison(&world).await;
    world.drain().await;
    let failed = failed(&world).await;
    effect(&world, failed).await
}

/// A line that is none, beside a good one of its product.
async fn put_poison(world: &World<MemoryTables>) {
    let good =
        r#"{"v":1,"id":"00000000000000aa","at":1763800000000,"kind":"view","product":"mug","quantity":1}"#;
    let data = format!("poison\n{good}").into_bytes();
    world.stack.signals.put(vec![NewRecord { partition_key: "mug".to_owned(), data }]).await.unwrap();
}

/// The signals of the story, which nobody has read yet.
async fn signals_only() -> World<MemoryTables> {
    let mut world = World::memory().await;
    tell(&mut world).await;
    put_poison(&world).await;
    let mut delivery = Delivery::default();
    assert_eq!(delivery.run(&world.stack.stream, &world.profiler(), 10).await, 0);
    world
}

#[tokio::test]
async fn signals_that_are_delivered_again_in_any_pieces_count_once() {
    let expected = undisturbed().await;
    let world = signals_only().await;
    let records = world.stack.signals.take();
    let trends = world.trends_on(world.stack.tables.clone(), world.stack.failed.clone());
    let (first, second) = records.split_at(records.len() / 2);
    let reversed: Vec<StreamRecord> = records.iter().rev().cloned().collect();
    for piece in [&records[..], &records, second, first, &reversed] {
        assert_eq!(delivery::once(&trends, piece).await, Vec::<String>::new());
        let failed = failed(&world).await;
        assert_eq!(effect(&world, failed).await, expected);
    }
    assert_eq!(world.signal_conservation().await.repeated, 0, "marks know what is delivered again");
}

/// One run of the trends with a fault at its `n`-th call; then everything works again. Returns the call that was hit.
async fn trends_disturbed(n: usize, fault: Fault, expected: &Effect) -> Option<&'static str> {
    let world = signals_only().await;
    let stack = &world.stack;
    let faults = Faults::at(n, fault);
    let faulty = world
        .trends_on(Faulty::new(stack.tables.clone(), &faults), Faulty::new(stack.failed.clone(), &faults));
    let mut delivery = Delivery::default();
    delivery.run(&stack.signals, &faulty, 3).await;
    let healthy = world.trends_on(stack.tables.clone(), stack.failed.clone());
    assert_eq!(delivery.run(&stack.signals, &healthy, 100).await, 0, "{fault:?} at call {n}");
    let failed = failed(&world).await;
    assert_eq!(&effect(&world, failed).await, expected, "{fault:?} at call {n} of {:?}", faults.calls());
    faults.struck().then(|| faults.calls()[n - 1])
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_trends_changes_nothing_of_the_outcome() {
    let expected = undisturbed().await;
    for fault in Fault::ALL {
        let mut hit = BTreeSet::new();
        for n in 1.. {
            let Some(call) = Box::pin(trends_disturbed(n, fault, &expected)).await else { break };
            hit.insert(call);
        }
        let every = ["best_sellers", "keep", "load_trends", "put_product", "save_best_sellers", "save_trend"];
        assert_eq!(
            hit.into_iter().collect::<Vec<_>>(),
            every,
            "{fault:?}: the story is too short to prove it"
        );
    }
}

/// The same of the profiler, which puts signals again when its write failed.
async fn profiler_disturbed(n: usize, fault: Fault, expected: &Effect) -> Option<u64> {
    let mut world = World::memory().await;
    tell(&mut world).await;
    put_poison(&world).await;
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
    let failed = failed(&world).await;
    assert_eq!(&effect(&world, failed).await, expected, "{fault:?} at call {n} of {:?}", faults.calls());
    let repeated = world.signal_conservation().await.repeated;
    faults.struck().then_some(repeated)
}

#[tokio::test]
async fn signals_that_the_profiler_puts_again_are_recognised_by_their_ids() {
    let expected = undisturbed().await;
    let mut repeated = 0;
    for fault in Fault::ALL {
        for n in 1.. {
            let Some(count) = Box::pin(profiler_disturbed(n, fault, &expected)).await else { break };
            repeated += count;
        }
    }
    assert!(repeated > 0, "no fault made the profiler put a signal again: the story proves nothing");
}

#[tokio::test]
async fn a_stream_of_signals_that_takes_nothing_keeps_the_profile_waiting() {
    let mut world = World::memory().await;
    tell(&mut world).await;
    world.stack.signals.refuse_next(1_000);
    let drained = world.stack.drain().await.unwrap();
    assert!(drained.stuck_count > 0, "what has signals waits");
    world.stack.signals.refuse_next(0);
    world.finish().await;
    let signals = world.signal_conservation().await;
    assert_eq!((signals.counted, signals.repeated), (7, 0), "nothing is lost and nothing counted twice");
}

#[tokio::test]
async fn a_poisoned_signal_is_kept_with_its_reason_and_blocks_nothing() {
    let mut world = World::memory().await;
    let line = |product: &str, id: &str| {
        json!({ "v": 1, "id": id, "at": START.as_ms(), "kind": "view", "product": product, "quantity": 1 })
            .to_string()
    };
    let records = [
        ("mug", b"\xff\xfe".to_vec()),
        ("mug", line("tent-2p", "00000000000000a1").into_bytes()),
        ("mug", line("mug", "00000000000000a2").replace("\"v\":1", "\"v\":2").into_bytes()),
        ("mug", format!("{}\nnone", line("mug", "00000000000000a3")).into_bytes()),
        ("mug", line("mug", "00000000000000a4").into_bytes()),
    ];
    let records = records.map(|(key, data)| NewRecord { partition_key: key.to_owned(), data });
    world.stack.signals.put(records.to_vec()).await.unwrap();
    world.finish().await;
    let reasons: Vec<String> =
        failed(&world).await.iter().map(|key| key.split('/').nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(reasons, ["not_utf8", "undecodable", "unknown_version", "wrong_key"]);
    assert_eq!(totals(&world.stack.tables, item("mug")).await.views, 2);
    let documents = world.stack.failed.documents();
    let streams = documents.values().map(|document| {
        let document: serde_json::Value = serde_json::from_slice(document).unwrap();
        document["stream"].as_str().unwrap_or_default().to_owned()
    });
    assert!(streams.into_iter().all(|stream| stream == "signals"), "nobody takes it for an event");
}

#[tokio::test]
async fn an_invocation_without_time_begins_nothing_and_everything_comes_again() {
    let expected = undisturbed().await;
    let world = signals_only().await;
    let records = world.stack.signals.take();
    let trends = world.trends_on(world.stack.tables.clone(), world.stack.failed.clone());
    let now = world.stack.clock.now();
    let response = trends::handle(&trends, delivery::event(&records), Some(now)).await;
    let lowest = records.iter().map(|record| record.sequence.clone()).min();
    assert_eq!(delivery::named(&response), lowest.into_iter().collect::<Vec<_>>());
    assert!(world.stack.tables.scan_trends().await.unwrap().is_empty());
    assert_eq!(delivery::once(&trends, &records).await, Vec::<String>::new());
    let failed = failed(&world).await;
    assert_eq!(effect(&world, failed).await, expected);
}

/// One reader is held before its `n`-th call while another does its whole part. Whether there was such a call.
async fn overlap(n: usize, expected: &Effect) -> bool {
    let world = signals_only().await;
    let stack = &world.stack;
    let records = stack.signals.take();
    let (one, other): (Vec<StreamRecord>, Vec<StreamRecord>) =
        records.iter().cloned().partition(|record| record.shard == records[0].shard);
    assert!(!other.is_empty(), "the story has two shards");
    let faults = Faults::default().held_at(n);
    let held = world.trends_on(Faulty::new(stack.tables.clone(), &faults), stack.failed.clone());
    let free = world.trends_on(stack.tables.clone(), stack.failed.clone());
    let mut running = pin!(delivery::once(&held, &one));
    tokio::select! {
        biased;
        named = &mut running => {
            assert_eq!(named, Vec::<String>::new());
            return false;
        }
        () = faults.held() => {}
    }
    assert_eq!(delivery::once(&free, &other).await, Vec::<String>::new());
    faults.resume();
    assert_eq!(running.await, Vec::<String>::new(), "a write of another is no error");
    let failed = failed(&world).await;
    assert_eq!(&effect(&world, failed).await, expected, "held at call {n}");
    true
}

/// Two shards have two readers, and both write a category's trend and the store's list.
#[tokio::test]
async fn readers_of_two_shards_that_meet_at_a_list_lose_nothing() {
    let expected = undisturbed().await;
    let mut n = 1;
    while Box::pin(overlap(n, &expected)).await {
        n += 1;
    }
    assert!(n > 4, "the story is too short to prove it");
}
