//! A store as it behaves on AWS, in virtual time: it takes a while, now and then it does not answer, and a client with the
//! patience of the decisions function stands before it.

use super::virtual_time::VirtualTime;
use crate::dice::Dice;
use beckon_domain::{Profile, ProfileKey, Timestamp};
use beckon_recommend::{BestSellers, Trend};
use beckon_runtime::aws::Patience;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ActiveDocuments, CatalogStore, ConfigStore, DecisionStore, Due, ListKey, LiveModel, MailDocument,
    ModelKind, ProfileStore, Read, Save, Stored, StoredDecision, TrendKey, Versioned,
};
use beckon_store::{ErrorKind, StoreError};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The latency of half of the calls.
const MEDIAN_MS: f64 = 4.0;
/// So that one call in a hundred takes 15 ms: ln(15 / 4) over the 99th percentile of the normal distribution.
const SIGMA: f64 = 0.568_2;
/// The longest pause between two attempts; how much of it is drawn, as the SDK does.
const BACKOFF_MS: u64 = 10;

/// What goes wrong, of a thousand attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    /// They never come to an end.
    pub silent: u64,
    /// They are refused for too much at once.
    pub throttled: u64,
    /// Of a thousand requests, those during which ProfileTable answers nothing.
    pub outage: u64,
}

impl Faults {
    /// A day like any other.
    pub const FEW: Self = Self { silent: 10, throttled: 0, outage: 0 };
    /// A bad one.
    pub const MANY: Self = Self { silent: 20, throttled: 50, outage: 100 };
}

/// Tables in memory that answer as DynamoDB would.
#[derive(Clone)]
pub(super) struct Modelled {
    tables: MemoryTables,
    time: VirtualTime,
    dice: Arc<Mutex<Dice>>,
    faults: Faults,
    /// Whether ProfileTable answers nothing now.
    is_out: Arc<Mutex<bool>>,
}

impl Modelled {
    pub(super) fn new(tables: &MemoryTables, time: &VirtualTime, seed: u64, faults: Faults) -> Self {
        let dice = Arc::new(Mutex::new(Dice::new(seed, 7)));
        Self { tables: tables.clone(), time: time.clone(), dice, faults, is_out: Arc::default() }
    }

    fn draw<V>(&self, draw: impl FnOnce(&mut Dice) -> V) -> V {
        draw(&mut self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Draws whether ProfileTable is out during the next request.
    pub(super) fn next_request(&self) {
        let is_out = self.draw(|dice| dice.below(1_000) < self.faults.outage);
        *self.is_out.lock().unwrap_or_else(PoisonError::into_inner) = is_out;
    }

    /// How long an answer takes: log-normal, by the sum of twelve draws (which are normal enough up to the 99.9th percentile).
    fn latency(&self) -> Duration {
        let sum: f64 =
            (0..12).map(|_| self.draw(|dice| dice.below(1 << 24)) as f64 / f64::from(1 << 24)).sum();
        Duration::from_secs_f64(MEDIAN_MS * (SIGMA * (sum - 6.0)).exp() / 1_000.0)
    }

    /// One attempt: whether it was answered with what was asked for.
    async fn attempt(&self, is_out: bool) -> Result<(), ErrorKind> {
        let drawn = self.draw(|dice| dice.below(1_000));
        if is_out || drawn < self.faults.silent {
            self.time.wait(Patience::PAGE.attempt).await;
            return Err(ErrorKind::Ambiguous);
        }
        let latency = self.latency();
        self.time.wait(latency.min(Patience::PAGE.attempt)).await;
        if latency >= Patience::PAGE.attempt {
            return Err(ErrorKind::Ambiguous);
        }
        let is_throttled = drawn < self.faults.silent + self.faults.throttled;
        if is_throttled { Err(ErrorKind::Throttled) } else { Ok(()) }
    }

    /// A call with the patience of a page: two attempts, and no longer than the operation may take.
    async fn call<V>(
        &self,
        name: &'static str,
        is_out: bool,
        call: impl Future<Output = Result<V, StoreError>> + Send,
    ) -> Result<V, StoreError> {
        let (end, mut last) = (self.time.now() + Patience::PAGE.operation, ErrorKind::Ambiguous);
        for attempt in 0..Patience::PAGE.attempts {
            if attempt > 0 {
                let pause = self.draw(|dice| dice.below(BACKOFF_MS + 1));
                self.time.wait(Duration::from_millis(pause)).await;
            }
            match self.attempt(is_out).await {
                Ok(()) if self.time.now() <= end => return call.await,
                Ok(()) => break,
                Err(kind) => last = kind,
            }
        }
        Err(StoreError::new(name, last, "modelled"))
    }

    fn is_out(&self) -> bool {
        *self.is_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProfileStore for Modelled {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        self.call("load", self.is_out(), self.tables.load(keys, read)).await
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        self.call("save", self.is_out(), self.tables.save(key, profile, read_version, due_at)).await
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        self.call("due", self.is_out(), self.tables.due(shard, until, after, limit)).await
    }
}

impl ConfigStore for Modelled {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        self.call("active_documents", false, self.tables.active_documents()).await
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        self.call("live_model", false, self.tables.live_model(kind)).await
    }

    async fn active_mail_content(&self) -> Result<Option<MailDocument>, StoreError> {
        self.call("active_mail_content", false, self.tables.active_mail_content()).await
    }
}

impl CatalogStore for Modelled {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        self.call("load_trends", false, self.tables.load_trends(keys, read)).await
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.call("save_trend", false, self.tables.save_trend(key, trend, read_version)).await
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.call("best_sellers", false, self.tables.best_sellers(keys, read)).await
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.call("save_best_sellers", false, self.tables.save_best_sellers(key, list, read_version)).await
    }
}

impl DecisionStore for Modelled {
    async fn put_decision(&self, decision: &StoredDecision) -> Result<(), StoreError> {
        self.call("put_decision", false, async { self.tables.put_decision(decision).await }).await
    }

    async fn decision(&self, request: &str, now: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        self.call("decision", false, self.tables.decision(request, now)).await
    }
}
