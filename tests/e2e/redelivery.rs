//! Whatever is delivered again, and wherever a run is cut off: every event has its effect once.

use beckon_domain::ProfileKey;
use beckon_domain::merge::portable;
use beckon_domain::profile::Profile;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::ProfileScan;
use beckon_store::tables::memory::MemoryTables;
use harness::{Delivery, Fault, Faults, Faulty, Teller, World, delivery, world::START};
use serde_json::json;
use std::collections::BTreeSet;

/// What must be the same however often and in whatever pieces a stream was delivered. How far a shard was read, and how
/// often Beckon's own records were recognised as repetitions, may differ.
#[derive(Debug, PartialEq)]
struct Effect {
    profiles: Vec<PerProfile>,
    failed: Vec<String>,
}

#[derive(Debug, PartialEq)]
struct PerProfile {
    key: ProfileKey,
    behaviour: Profile,
    applied: u64,
    duplicate: u64,
    internal_applied: u64,
    link: Option<ProfileKey>,
    merged: Vec<ProfileKey>,
}

async fn effect(world: &World<MemoryTables>) -> Effect {
    let profiles =
        world.stack.tables.scan_profiles().await.unwrap().into_iter().map(|(key, profile)| PerProfile {
            key,
            behaviour: portable(&profile),
            applied: profile.tallies.applied,
            duplicate: profile.tallies.duplicate,
            internal_applied: profile.tallies.internal_applied,
            link: profile.link.map(|link| link.to),
            merged: profile.merged,
        });
    let failed = world.stack.failed.documents().into_keys();
    Effect { profiles: profiles.collect(), failed: failed.collect() }
}

/// Three people, a retry, logins in the middle of a batch, a second customer on one device, an order, and poison. Each event
/// has a time of its own, and each customer one visitor: in which order two visitors of one customer are folded is not
/// promised, and faults change it.
async fn tell(world: &mut World<MemoryTables>) {
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
        say(json!({ "add": "pot-set * 2", "by": "cleo" })),
        say(json!({ "view": "mug", "by": "ben", "id": "again" })),
    ];
    world.collect("pk_local", &browsing).await;
    let poison = NewRecord { partition_key: "nobody".to_owned(), data: b"poison".to_vec() };
    world.stack.stream.put(vec![poison]).await.unwrap();
    world.put_past_the_collector(1);
    let logins = [
        say(json!({ "login": "u-1", "by": "anna", "plan": "gold", "consent": { "marketing_email": true } })),
        say(json!({ "add": "mug", "by": "anna", "id": "again" })),
        say(json!({ "login": "u-2", "by": "anna" })),
        say(json!({ "add": "mug", "by": "anna", "id": "again" })),
        say(json!({ "login": "u-3", "by": "cleo" })),
        say(json!({ "order": ["pot-set"], "by": "cleo" })),
    ];
    world.collect("sk_local", &logins).await;
    let later = [
        say(json!({ "view": "mug", "by": "ben" })),
        say(json!({ "add": "stove-gas", "by": "anna" })),
        say(json!({ "page": true, "user": "u-1" })),
    ];
    world.collect("sk_local", &later).await;
}

async fn undisturbed() -> (Effect, u64) {
    let mut world = World::memory().await;
    tell(&mut world).await;
    let balance = world.finish().await;
    assert_eq!((balance.failed, balance.duplicate), (1, 2), "{balance}");
    (effect(&world).await, balance.applied)
}

#[tokio::test]
async fn second_delivery_of_the_same_batch_changes_nothing() {
    let (expected, _) = undisturbed().await;
    let mut world = World::memory().await;
    tell(&mut world).await;
    let records = world.stack.stream.take();
    let profiler = world.profiler();
    for _ in 0..2 {
        assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
        world.drain().await;
        assert_eq!(effect(&world).await, expected);
    }
    world.finish().await;
}

#[tokio::test]
async fn what_comes_again_hours_later_in_other_pieces_and_another_order_changes_nothing() {
    let (expected, _) = undisturbed().await;
    let mut world = World::memory().await;
    tell(&mut world).await;
    let records = world.stack.stream.take();
    let profiler = world.profiler();
    delivery::once(&profiler, &records).await;
    world.drain().await;
    world.pass(beckon_domain::DurationMs::from_hours(6));
    let (first, second) = records.split_at(records.len() / 2);
    let reversed: Vec<StreamRecord> = records.iter().rev().cloned().collect();
    for piece in [second, first, &reversed, &records[1..2]] {
        assert_eq!(delivery::once(&profiler, piece).await, Vec::<String>::new());
        world.drain().await;
    }
    assert_eq!(effect(&world).await, expected);
    world.finish().await;
}

/// One run with a fault at its `n`-th call; then everything works again. Returns the call that was hit, if there was one.
async fn disturbed(n: usize, fault: Fault, expected: &(Effect, u64)) -> Option<&'static str> {
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
    let profiler = world.profiler();
    let left = Box::pin(delivery.run(&stack.stream, &profiler, 100)).await;
    assert_eq!(left, 0, "{fault:?} at call {n}: not everything gets through");
    assert_eq!(effect(&world).await, expected.0, "{fault:?} at call {n} of {:?}", faults.calls());
    let balance = world.finish().await;
    assert_eq!(balance.applied, expected.1, "{fault:?} at call {n}: {balance}");
    faults.struck().then(|| faults.calls()[n - 1])
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_profiler_changes_nothing_of_the_outcome() {
    let expected = undisturbed().await;
    for fault in Fault::ALL {
        let mut hit = BTreeSet::new();
        for n in 1.. {
            let Some(call) = disturbed(n, fault, &expected).await else { break };
            hit.insert(call);
        }
        let every = ["active_ruleset", "keep", "load", "put", "save"];
        assert_eq!(
            hit.into_iter().collect::<Vec<_>>(),
            every,
            "{fault:?}: the story is too short to prove it"
        );
    }
}
