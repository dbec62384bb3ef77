//! Two invocations of the profiler at once: a parent shard and its child, or one that was given up and still runs.

use beckon_rules::SAMPLE;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ProfileStore, Read};
use harness::{Faults, Faulty, Teller, World, delivery, world::START};
use serde_json::json;
use std::pin::pin;

/// Four adds of one visitor, each in a record of its own.
async fn adds() -> (World<MemoryTables>, Vec<StreamRecord>) {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for product in ["mug", "tarp", "mug", "pot-set"] {
        let add = teller.event(&json!({ "add": product, "by": "anna" }));
        world.collect("pk_local", &[add]).await;
    }
    let records = world.stack.stream.take();
    (world, records)
}

/// Hands one part over, and another before the first's `n`-th call. Returns whether there was such a call.
async fn overlap(
    n: usize,
    world: &World<MemoryTables>,
    first: &[StreamRecord],
    second: &[StreamRecord],
) -> bool {
    let faults = Faults::default().held_at(n);
    let stack = &world.stack;
    let held = world.profiler_on(
        Faulty::new(stack.tables.clone(), &faults),
        Faulty::new(stack.stream.clone(), &faults),
        stack.failed.clone(),
    );
    let mut running = pin!(delivery::once(&held, first));
    tokio::select! {
        biased;
        named = &mut running => {
            assert_eq!(named, Vec::<String>::new());
            delivery::once(&world.profiler(), second).await;
            return false;
        }
        () = faults.held() => {}
    }
    assert_eq!(delivery::once(&world.profiler(), second).await, Vec::<String>::new());
    faults.resume();
    assert_eq!(running.await, Vec::<String>::new(), "a write of another is no error");
    true
}

async fn units(world: &World<MemoryTables>) -> u64 {
    let key = world.visitor("anna");
    let stored = world.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    stored[&key].profile.cart.unit_count()
}

#[tokio::test]
async fn a_parent_and_a_child_shard_that_are_read_at_once_lose_no_event() {
    for n in 1.. {
        let (mut world, mut records) = adds().await;
        for record in &mut records[2..] {
            "shardId-000000000007".clone_into(&mut record.shard);
        }
        let (parent, child) = records.split_at(2);
        let went_on = overlap(n, &world, parent, child).await;
        assert_eq!(units(&world).await, 4, "the child's records come before call {n}");
        let balance = world.finish().await;
        assert_eq!((balance.applied, balance.duplicate), (4, 0), "{balance}");
        if !went_on {
            assert!(n > 3, "only {n} calls");
            break;
        }
    }
}

#[tokio::test]
async fn an_invocation_that_was_given_up_and_still_runs_counts_nothing_twice() {
    for n in 1.. {
        let (mut world, records) = adds().await;
        let went_on = overlap(n, &world, &records, &records).await;
        assert_eq!(units(&world).await, 4, "delivered again before call {n}");
        let balance = world.finish().await;
        assert_eq!((balance.applied, balance.duplicate), (4, 0), "{balance}");
        if !went_on {
            break;
        }
    }
}
