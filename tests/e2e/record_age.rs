//! A record that nears the age at which the mapping would discard it: the profiler keeps what is not applied, exactly once,
//! and applies it no more.

use beckon_domain::{DurationMs, Profile};
use beckon_rules::SAMPLE;
use beckon_store::streams::memory::{MemoryStream, StreamRecord};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{ProfileStore, Read, Save};
use harness::{Fault, Faults, Faulty, Teller, World, delivery, world::START};
use profiler::Profiler;
use serde_json::json;

/// The mapping's limit in these stories: the guard begins half an hour before, and after half of that no write can land
/// any more.
const AGE_MAX: DurationMs = DurationMs::from_hours(6);
const GUARDED: DurationMs = DurationMs::from_minutes(330);
const LANDED: DurationMs = DurationMs::from_minutes(345);

fn guarded<T, F, B>(profiler: Profiler<T, MemoryStream, F, B>) -> Profiler<T, MemoryStream, F, B> {
    Profiler { record_age_max: Some(AGE_MAX), ..profiler }
}

/// One record for each of these visitors, in one shard.
async fn told(by: &[&str]) -> (World<MemoryTables>, Vec<StreamRecord>) {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for by in by {
        let event = teller.event(&json!({ "view": "mug", "by": by }));
        world.collect("pk_local", &[event]).await;
    }
    let records = world.stack.stream.take();
    (world, records)
}

async fn applied(world: &World<MemoryTables>, visitor: &str) -> u64 {
    let key = world.visitor(visitor);
    let stored = world.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    stored.get(&key).map_or(0, |stored| stored.profile.tallies.applied)
}

#[tokio::test]
async fn what_nears_the_age_limit_is_kept_and_counts_as_done_and_what_is_younger_is_applied() {
    let (world, records) = told(&["anna", "ben"]).await;
    let profiler = guarded(world.profiler());
    world.at(DurationMs::from_ms(GUARDED.as_ms() - 1));
    assert_eq!(delivery::once(&profiler, &records[..1]).await, Vec::<String>::new());
    assert_eq!(applied(&world, "anna").await, 1, "a millisecond before, it is applied");

    world.at(GUARDED);
    assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
    assert_eq!((applied(&world, "anna").await, applied(&world, "ben").await), (1, 0));
    let kept: Vec<String> = world.stack.failed.documents().into_keys().collect();
    assert_eq!(kept.len(), 1, "what marks cover has not failed: {kept:?}");
    assert!(kept[0].starts_with("failed/expired/"), "{kept:?}");
    assert!(kept[0].contains(&records[1].sequence), "{kept:?}");
    assert!(world.conservation().await.holds(), "{}", world.conservation().await);
}

#[tokio::test]
async fn what_is_set_aside_once_is_never_applied_however_often_it_is_delivered() {
    let (mut world, records) = told(&["anna"]).await;
    world.at(GUARDED);
    // The document arrives, its answer does not.
    let faults = Faults::at(4, Fault::AnswerLost);
    let stack = &world.stack;
    let faulty = Faulty::new(stack.failed.clone(), &faults);
    let profiler =
        world.profiler_on(Faulty::new(stack.tables.clone(), &faults), stack.stream.clone(), faulty);
    let named = delivery::once(&guarded(profiler), &records).await;
    assert_eq!((named, faults.calls()[3]), (vec![records[0].sequence.clone()], "keep"));
    let profiler = guarded(world.profiler());
    for _ in 0..3 {
        assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
        world.pass(DurationMs::from_minutes(5));
    }
    assert_eq!(applied(&world, "anna").await, 0);
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (0, 1));
}

#[tokio::test]
async fn nothing_is_kept_as_expired_while_its_marks_cannot_be_read() {
    let (mut world, records) = told(&["anna"]).await;
    let healthy = guarded(world.profiler());
    assert_eq!(delivery::once(&healthy, &records).await, Vec::<String>::new());
    world.at(GUARDED);
    let stack = &world.stack;
    let tables = Faulty::new(stack.tables.clone(), &Faults::broken());
    let blind = guarded(world.profiler_on(tables, stack.stream.clone(), stack.failed.clone()));
    let named = delivery::once(&blind, &records).await;
    assert_eq!(
        named,
        [records[0].sequence.clone()],
        "it comes again, until it is known or the mapping gives up"
    );
    assert_eq!(world.finish().await.failed, 0, "it was applied long ago");
}

#[tokio::test]
async fn a_later_record_of_the_same_profile_is_applied_in_the_same_delivery() {
    let (mut world, mut records) = told(&["anna", "anna"]).await;
    records[1].arrived_at = START + GUARDED;
    world.at(GUARDED);
    assert_eq!(delivery::once(&guarded(world.profiler()), &records).await, Vec::<String>::new());
    assert_eq!(applied(&world, "anna").await, 1);
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_kept_holds_up_its_profile_and_no_other() {
    let (mut world, mut records) = told(&["anna", "ben", "anna"]).await;
    records[1].arrived_at = START + GUARDED;
    records[2].arrived_at = START + GUARDED;
    world.at(GUARDED);
    let stack = &world.stack;
    let failed = Faulty::new(stack.failed.clone(), &Faults::broken());
    let unkept = guarded(world.profiler_on(stack.tables.clone(), stack.stream.clone(), failed));
    assert_eq!(delivery::once(&unkept, &records).await, [records[0].sequence.clone()]);
    assert_eq!((applied(&world, "anna").await, applied(&world, "ben").await), (0, 1));
    assert_eq!(delivery::once(&guarded(world.profiler()), &records).await, Vec::<String>::new());
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (2, 1));
}

#[tokio::test]
async fn a_write_that_was_given_up_finds_another_version_when_it_lands_at_last() {
    let (mut world, records) = told(&["anna"]).await;
    world.at(GUARDED);
    assert_eq!(delivery::once(&guarded(world.profiler()), &records).await, Vec::<String>::new());
    let key = world.visitor("anna");
    let late = world.stack.tables.save(&key, &Profile::default(), None, None).await.unwrap();
    assert_eq!(late, Save::Conflict, "it would have created the profile");
    let stored = world.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    assert_eq!(stored[&key].profile.last_received_at, START, "its time-to-live counts from the event");
    assert_eq!(world.finish().await.failed, 1);
}

#[tokio::test]
async fn what_was_read_before_the_limit_is_not_written_after_it() {
    let (mut world, records) = told(&["anna"]).await;
    world.at(DurationMs::from_ms(GUARDED.as_ms() - 1));
    // Before its write the limit passes, and another delivery sets the event aside.
    let faults = Faults::default().held_at(3);
    let stack = &world.stack;
    let tables = Faulty::new(stack.tables.clone(), &faults);
    let slow = guarded(world.profiler_on(tables, stack.stream.clone(), stack.failed.clone()));
    let meanwhile = async {
        faults.held().await;
        world.at(GUARDED);
        let named = delivery::once(&guarded(world.profiler()), &records).await;
        faults.resume();
        named
    };
    let (late, named) = tokio::join!(delivery::once(&slow, &records), meanwhile);
    assert_eq!((faults.calls()[2], named), ("save", Vec::new()));
    assert_eq!(late, [records[0].sequence.clone()], "it comes again, and is done by then");
    assert_eq!(delivery::once(&guarded(world.profiler()), &records).await, Vec::<String>::new());
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (0, 1));
}

#[tokio::test]
async fn a_table_that_takes_no_write_delays_it_until_no_write_can_land() {
    let (mut world, records) = told(&["anna"]).await;
    let stack = &world.stack;
    let tables = Faulty::new(stack.tables.clone(), &Faults::never_saving(world.visitor("anna")));
    let profiler = guarded(world.profiler_on(tables, stack.stream.clone(), stack.failed.clone()));
    world.at(DurationMs::from_ms(LANDED.as_ms() - 1));
    assert_eq!(delivery::once(&profiler, &records).await, [records[0].sequence.clone()]);
    assert!(world.stack.failed.documents().is_empty());
    world.at(LANDED);
    assert_eq!(delivery::once(&profiler, &records).await, Vec::<String>::new());
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (0, 1));
}

#[tokio::test]
async fn without_a_ruleset_what_expires_is_kept_in_the_end_and_the_rest_waits() {
    let (mut world, mut records) = told(&["anna", "ben"]).await;
    records[1].arrived_at = START + LANDED;
    let tables = Faulty::new(world.stack.tables.clone(), &Faults::never("active_ruleset"));
    let stack = &world.stack;
    let profiler = guarded(world.profiler_on(tables, stack.stream.clone(), stack.failed.clone()));
    world.at(GUARDED);
    assert_eq!(delivery::once(&profiler, &records).await, [records[0].sequence.clone()]);
    world.at(LANDED);
    assert_eq!(delivery::once(&profiler, &records).await, [records[1].sequence.clone()]);
    assert_eq!(world.stack.failed.documents().len(), 1);
    assert_eq!(delivery::once(&guarded(world.profiler()), &records[1..]).await, Vec::<String>::new());
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (1, 1));
}

#[tokio::test]
async fn what_a_linked_visitor_did_is_forwarded_and_its_document_says_so() {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    let login = teller.event(&json!({ "login": "u-1", "by": "anna" }));
    world.collect("sk_local", &[login]).await;
    world.drain().await;
    let view = teller.event(&json!({ "view": "mug", "by": "anna" }));
    world.collect("pk_local", &[view]).await;
    let records = world.stack.stream.take();
    // The forward is put, and the visitor's row is not written.
    let stack = &world.stack;
    let tables = Faulty::new(stack.tables.clone(), &Faults::never_saving(world.visitor("anna")));
    let profiler = guarded(world.profiler_on(tables, stack.stream.clone(), stack.failed.clone()));
    assert_eq!(delivery::once(&profiler, &records).await, [records[0].sequence.clone()]);
    world.at(GUARDED);
    assert_eq!(delivery::once(&guarded(world.profiler()), &records).await, Vec::<String>::new());
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (1, 1));
    let kept: Vec<String> = world.stack.failed.documents().into_keys().collect();
    assert!(kept[0].starts_with("failed/forwarded/"), "it is not to be put again: {kept:?}");
    let key = world.customer("u-1");
    let stored = world.stack.tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap();
    let counts = &stored[&key].profile.counts;
    assert_eq!(counts.product_views, 1, "forwarded twice, applied once");
}
