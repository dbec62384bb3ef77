//! A bug of ours in the fold: it costs the event it panics at, not its neighbours and not its shard.

use beckon_domain::fold::{Folded, Item, fold};
use beckon_domain::reaction::Reaction;
use beckon_domain::{DurationMs, Policy, Profile, ProfileKey};
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ProfileStore, Read};
use harness::{Teller, World, delivery, world::START};
use profiler::Profiler;
use serde_json::json;

/// Panics at the event `bad` as long as it is not behind the profile's marks.
fn buggy(
    stored: Option<&Profile>,
    key: &ProfileKey,
    items: &[Item],
    policy: &Policy,
    rules: &dyn Reaction,
) -> Folded {
    let is_new = |item: &Item| !stored.is_some_and(|p| p.marks.covers(&item.position));
    if items.iter().any(|item| item.event.id.as_str() == "bad" && is_new(item)) {
        // Without the panic hook's message: the test is not in trouble.
        std::panic::resume_unwind(Box::new("a bug"));
    }
    fold(stored, key, items, policy, rules)
}

#[tokio::test]
async fn a_fold_that_panics_costs_one_event_however_often_it_is_delivered() {
    let mut world = World::memory().await;
    let mut teller = Teller::new(START);
    let events = [
        teller.event(&json!({ "view": "mug", "by": "anna" })),
        teller.event(&json!({ "view": "mug", "by": "anna", "id": "bad" })),
        teller.event(&json!({ "view": "tarp", "by": "anna" })),
        teller.event(&json!({ "view": "mug", "by": "ben" })),
    ];
    world.collect("pk_local", &events).await;
    let records = world.stack.stream.take();
    let profiler = Profiler { fold: buggy, ..world.profiler() };
    for _ in 0..2 {
        assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new(), "nothing comes again");
    }
    let keys = [world.visitor("anna"), world.visitor("ben")];
    let stored = world.stack.tables.load(&keys, Read::Strong).await.unwrap();
    let applied = keys.map(|key| stored[&key].profile.tallies.applied);
    assert_eq!(applied, [2, 1]);
    let kept: Vec<String> = world.stack.failed.documents().into_keys().collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].starts_with("failed/panicked/"), "{kept:?}");
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (3, 1));
}

/// What a linked visitor did is forwarded when it grows too old, and its document says that nobody need put it again. That
/// must be true of each event, also beside one at which the fold panics.
#[tokio::test]
async fn beside_an_event_that_panics_the_others_are_forwarded_when_they_are_too_old() {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    let login = teller.event(&json!({ "login": "u-1", "by": "anna" }));
    world.collect("sk_local", &[login]).await;
    world.drain().await;
    let events = [
        teller.event(&json!({ "view": "mug", "by": "anna", "id": "bad" })),
        teller.event(&json!({ "view": "tarp", "by": "anna" })),
    ];
    world.collect("pk_local", &events).await;
    let records = world.stack.stream.take();
    world.at(DurationMs::from_minutes(330));
    let age_max = Some(DurationMs::from_hours(6));
    let profiler = Profiler { fold: buggy, record_age_max: age_max, ..world.profiler() };
    assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
    let kept: Vec<String> = world.stack.failed.documents().into_keys().collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept[0].starts_with("failed/forwarded/") && kept[1].starts_with("failed/panicked/"), "{kept:?}");
    world.drain().await;
    let key = world.customer("u-1");
    let stored = world.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    assert_eq!(stored[&key].profile.counts.product_views, 1, "what is said to be forwarded is");
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (1, 2));
}
