//! The answer of a batch that did not go through whole: the lowest number that is not done, and only that one.

use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ProfileStore, Read};
use harness::{Faults, Faulty, Teller, World, delivery, world::START};
use serde_json::json;

async fn applied(world: &World<MemoryTables>, anonymous: &str) -> u64 {
    let key = world.visitor(anonymous);
    let stored = world.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    stored.get(&key).map_or(0, |stored| stored.profile.tallies.applied)
}

#[tokio::test]
async fn one_profile_that_cannot_be_written_is_named_and_the_others_progress() {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for by in ["anna", "ben", "cleo", "ben", "anna"] {
        let event = teller.event(&json!({ "view": "mug", "by": by }));
        world.collect("pk_local", &[event]).await;
    }
    let records = world.stack.stream.take();
    let stack = &world.stack;
    let faulty = Faulty::new(stack.tables.clone(), &Faults::never_saving(world.visitor("ben")));
    let profiler = world.profiler_on(faulty, stack.stream.clone(), stack.failed.clone());
    let named = delivery::once(&profiler, &records).await;
    assert_eq!(named, [records[1].sequence.clone()], "ben's first record, and no other");
    let counts = [applied(&world, "anna").await, applied(&world, "ben").await, applied(&world, "cleo").await];
    assert_eq!(counts, [2, 0, 1], "ben's second event waits for his first");

    let healthy = world.profiler_on(stack.tables.clone(), stack.stream.clone(), stack.failed.clone());
    assert_eq!(delivery::once(&healthy, &records[1..]).await, Vec::<String>::new());
    let counts = [applied(&world, "anna").await, applied(&world, "ben").await, applied(&world, "cleo").await];
    assert_eq!(counts, [2, 2, 1]);
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.duplicate), (5, 0));
}

#[tokio::test]
async fn when_no_store_answers_the_first_record_is_named_and_nothing_is_lost() {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for by in ["anna", "ben"] {
        let event = teller.event(&json!({ "view": "mug", "by": by }));
        world.collect("pk_local", &[event]).await;
    }
    let records = world.stack.stream.take();
    let faults = Faults::broken();
    let stack = &world.stack;
    let broken = world.profiler_on(
        Faulty::new(stack.tables.clone(), &faults),
        Faulty::new(stack.stream.clone(), &faults),
        Faulty::new(stack.failed.clone(), &faults),
    );
    for _ in 0..3 {
        assert_eq!(delivery::once(&broken, &records).await, [records[0].sequence.clone()]);
    }
    faults.set_broken(false);
    assert_eq!(delivery::once(&broken, &records).await, Vec::<String>::new());
    assert_eq!(world.finish().await.applied, 2);
}

#[tokio::test]
async fn a_record_without_a_number_that_cannot_be_kept_brings_the_whole_batch_again() {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for by in ["anna", "ben"] {
        let event = teller.event(&json!({ "view": "mug", "by": by }));
        world.collect("pk_local", &[event]).await;
    }
    let mut records = world.stack.stream.take();
    records[0].sequence.clear();
    let stack = &world.stack;
    let broken = Faulty::new(stack.failed.clone(), &Faults::broken());
    let profiler = world.profiler_on(stack.tables.clone(), stack.stream.clone(), broken);
    let named = delivery::once(&profiler, &records).await;
    assert_eq!(named, [records[1].sequence.clone()], "the lowest number there is");
    let healthy = world.profiler_on(stack.tables.clone(), stack.stream.clone(), stack.failed.clone());
    assert_eq!(delivery::once(&healthy, &records).await, Vec::<String>::new());
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (1, 1));
}
