//! An invocation that nears its end begins nothing new, and names the lowest number that is not done.

use beckon_domain::experiment::{Finding, RunId};
use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp};
use beckon_rules::SAMPLE;
use beckon_runtime::Clock;
use beckon_runtime::clock::Hand;
use beckon_store::StoreError;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ActiveDocuments, ConfigStore, Due, ExperimentStore, LiveModel, ModelKind, ProfileScan, ProfileStore,
    Read, RunPage, Save, Stored,
};
use harness::{Teller, World, delivery, world::START};
use profiler::Profiler;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tables that take their time: each write, and each read.
struct Slow {
    inner: MemoryTables,
    hand: Hand,
    write: DurationMs,
    read: DurationMs,
}

impl ProfileStore for Slow {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        self.hand.advance(self.read);
        self.inner.load(keys, read).await
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        self.hand.advance(self.write);
        self.inner.save(key, profile, read_version, due_at).await
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        self.inner.due(shard, until, after, limit).await
    }
}

impl ExperimentStore for Slow {
    async fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.record_finding(of, finding, now).await
    }

    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        self.inner.run_page(run, after, limit).await
    }
}

impl ConfigStore for Slow {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        self.inner.active_documents().await
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        self.inner.live_model(kind).await
    }
}

const PEOPLE: usize = 30;

/// A record for each of thirty visitors, in one shard.
async fn told() -> (World<MemoryTables>, Vec<StreamRecord>) {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for n in 0..PEOPLE {
        let event = teller.event(&json!({ "view": "mug", "by": format!("visitor-{n}") }));
        world.collect("pk_local", &[event]).await;
    }
    let records = world.stack.stream.take();
    (world, records)
}

/// One invocation of a minute on slow tables. Returns the number it names.
async fn invoke(
    world: &World<MemoryTables>,
    records: &[StreamRecord],
    write: DurationMs,
    read: DurationMs,
) -> Option<String> {
    let (clock, hand) = Clock::manual(START);
    let tables = Slow { inner: world.stack.tables.clone(), hand, write, read };
    let profiler = world.profiler_on(tables, world.stack.stream.clone(), world.stack.failed.clone());
    let profiler = Profiler { clock, ..profiler };
    let deadline = START + DurationMs::from_secs(60);
    let answer = profiler::handle(&profiler, delivery::event(records), Some(deadline)).await;
    let answer: Value = serde_json::to_value(&answer).unwrap();
    answer["batchItemFailures"][0]["itemIdentifier"].as_str().map(ToOwned::to_owned)
}

async fn profile_count(world: &World<MemoryTables>) -> usize {
    world.stack.tables.scan_profiles().await.unwrap().len()
}

#[tokio::test]
async fn it_stops_at_nine_tenths_and_goes_on_from_there_in_the_next_invocation() {
    let (mut world, records) = told().await;
    let write = DurationMs::from_secs(6);
    let (mut at, mut invocations) = (0, 0);
    while let Some(named) = invoke(&world, &records[at..], write, DurationMs::ZERO).await {
        invocations += 1;
        let next = records.iter().position(|record| record.sequence == named).unwrap();
        assert_eq!(
            profile_count(&world).await,
            next,
            "everything before the number is done, nothing after it"
        );
        assert_eq!(next, at + 9, "nine writes of six seconds end at 54 of 60");
        at = next;
    }
    assert_eq!(invocations, 3);
    assert_eq!(world.finish().await.applied, PEOPLE as u64);
}

#[tokio::test]
async fn a_read_that_took_all_the_time_begins_no_profile_and_loses_nothing() {
    let (mut world, records) = told().await;
    let named = invoke(&world, &records, DurationMs::ZERO, DurationMs::from_secs(58)).await;
    assert_eq!(named, Some(records[0].sequence.clone()));
    assert_eq!(profile_count(&world).await, 0);
    assert_eq!(delivery::once(&world.profiler(), &records).await, Vec::<String>::new());
    assert_eq!(world.finish().await.applied, PEOPLE as u64);
}

#[tokio::test]
async fn with_time_to_spare_nothing_is_left() {
    let (mut world, records) = told().await;
    assert_eq!(invoke(&world, &records, DurationMs::from_secs(1), DurationMs::from_secs(1)).await, None);
    assert_eq!(world.finish().await.applied, PEOPLE as u64);
}
