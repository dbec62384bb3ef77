//! A stored profile that cannot be read: its own events are kept, its neighbours go on, and a page is still answered.

use beckon_domain::experiment::{Finding, RunId};
use beckon_domain::{Profile, ProfileKey, Timestamp};
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ActiveDocuments, ConfigStore, Due, ExperimentStore, LiveModel, ModelKind, ProfileStore, Read, RunPage,
    Save, Stored,
};
use beckon_store::{ErrorKind, StoreError};
use harness::{Teller, World, delivery, world::START};
use serde_json::json;
use std::collections::BTreeMap;

/// Tables in which one profile is corrupt.
struct Corrupt {
    inner: MemoryTables,
    key: ProfileKey,
}

impl ProfileStore for Corrupt {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        if keys.contains(&self.key) {
            return Err(StoreError::new("load profiles", ErrorKind::Corrupt, "not a profile"));
        }
        self.inner.load(keys, read).await
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        assert_ne!(*key, self.key, "a profile that cannot be read must not be overwritten");
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

impl ExperimentStore for Corrupt {
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

impl ConfigStore for Corrupt {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        self.inner.active_documents().await
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        self.inner.live_model(kind).await
    }
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_costs_its_own_events_only_and_those_are_kept() {
    let mut world = World::with_shards(MemoryTables::default(), SAMPLE, 1).await;
    let mut teller = Teller::new(START);
    for by in ["anna", "ben", "ben", "anna"] {
        let event = teller.event(&json!({ "view": "mug", "by": by }));
        world.collect("pk_local", &[event]).await;
    }
    let records = world.stack.stream.take();
    let tables = Corrupt { inner: world.stack.tables.clone(), key: world.visitor("ben") };
    let profiler = world.profiler_on(tables, world.stack.stream.clone(), world.stack.failed.clone());
    for delivery_count in 1..=2 {
        let named = delivery::once(&profiler, &records).await;
        assert_eq!(named, Vec::<String>::new(), "delivery {delivery_count}: the shard goes on");
    }
    let kept: Vec<String> = world.stack.failed.documents().into_keys().collect();
    assert_eq!(kept.len(), 2, "each of ben's events once, however often it was delivered: {kept:?}");
    assert!(kept.iter().all(|key| key.starts_with("failed/corrupt_profile/")));
    let balance = world.finish().await;
    assert_eq!((balance.applied, balance.failed), (2, 2));
}
