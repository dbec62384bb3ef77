//! Faults between a function and what it calls: each port can be wrapped, and all wrappers of one [`Faults`] count their
//! calls together, so that a test can strike at every call of a run in turn.

mod codes;
mod decisions;
mod engagement;
mod erasing;
mod experiments;
mod keys;
mod models;
mod products;
mod rulesets;
mod sending;

use beckon_domain::outreach::History;
use beckon_domain::{ContactHash, Profile, ProfileKey, Timestamp};
use beckon_recommend::{BestSellers, Trend};
use beckon_store::bus::{BusEvent, EventBus};
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::streams::{EventStream, NewRecord, StreamError};
use beckon_store::tables::{
    CatalogScan, CatalogStore, Contact, ContactStore, ConversionRow, ConversionStore, Due, LedgerChange,
    LedgerPage, LedgerScan, ListKey, OutreachStore, ProfileScan, ProfileStore, Read, Reminder, ReminderId,
    ReminderStatus, Save, Stored, TrendKey, Versioned,
};
use beckon_store::{ErrorKind, StoreError};
use cart_mailer::send::{Email, SendEmail, SendError};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What a fault does to the call it hits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The call never arrives.
    Lost,
    /// The call takes effect and its answer is lost.
    AnswerLost,
    /// The process ends before the call: no later call arrives either.
    DeathBefore,
    /// The process ends after the call took effect.
    DeathAfter,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Lost, Self::AnswerLost, Self::DeathBefore, Self::DeathAfter];
}

#[derive(Default)]
struct Inner {
    rollouts: bool,
    calls: Vec<&'static str>,
    strike: Option<(usize, Fault)>,
    pause: Option<usize>,
    broken: bool,
    struck: bool,
    unsaved: Option<ProfileKey>,
    never: Option<&'static str>,
}

/// Which call is hit, and what was called so far. Clones count together.
#[derive(Clone, Default)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
    reached: Arc<Notify>,
    resumed: Arc<Notify>,
}

impl Faults {
    /// Strikes at the `n`-th call, counted from 1.
    #[must_use]
    pub fn at(n: usize, fault: Fault) -> Self {
        let faults = Self::default();
        faults.lock().strike = Some((n, fault));
        faults
    }

    /// Every call fails.
    #[must_use]
    pub fn broken() -> Self {
        let faults = Self::default();
        faults.lock().broken = true;
        faults
    }

    /// Holds the run before its `n`-th call until [`Self::resume`].
    #[must_use]
    pub fn held_at(self, n: usize) -> Self {
        self.lock().pause = Some(n);
        self
    }

    /// No write of this profile arrives.
    #[must_use]
    pub fn never_saving(key: ProfileKey) -> Self {
        let faults = Self::default();
        faults.lock().unsaved = Some(key);
        faults
    }

    /// No call of this name arrives.
    #[must_use]
    pub fn never(name: &'static str) -> Self {
        let faults = Self::default();
        faults.lock().never = Some(name);
        faults
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the fault was reached: after `false` the run needs no more calls than that.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.lock().struck
    }

    /// From now on everything works, or nothing does.
    pub fn set_broken(&self, broken: bool) {
        self.lock().broken = broken;
    }

    /// The names of the calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.lock().calls.clone()
    }

    /// Waits until the run is held.
    pub async fn held(&self) {
        self.reached.notified().await;
    }

    /// Lets the held run go on.
    pub fn resume(&self) {
        self.resumed.notify_one();
    }

    /// What happens to the next call.
    fn next(&self, name: &'static str) -> (Option<Fault>, bool) {
        let mut inner = self.lock();
        inner.calls.push(name);
        let n = inner.calls.len();
        let held = inner.pause == Some(n);
        if inner.broken || inner.never == Some(name) {
            return (Some(Fault::Lost), held);
        }
        let fault = inner.strike.filter(|(at, _)| *at == n).map(|(_, fault)| fault);
        if let Some(fault) = fault {
            inner.struck = true;
            inner.broken = matches!(fault, Fault::DeathBefore | Fault::DeathAfter);
        }
        (fault, held)
    }

    async fn around<R, E>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<R, E>> + Send,
        error: impl FnOnce(&'static str, Fault) -> E + Send,
    ) -> Result<R, E> {
        let (fault, held) = self.next(name);
        if held {
            self.reached.notify_one();
            self.resumed.notified().await;
        }
        // A call over a network lets others run before it arrives; here nothing else would.
        tokio::task::yield_now().await;
        match fault {
            None => call.await,
            Some(fault @ (Fault::Lost | Fault::DeathBefore)) => Err(error(name, fault)),
            Some(fault @ (Fault::AnswerLost | Fault::DeathAfter)) => {
                call.await?;
                Err(error(name, fault))
            }
        }
    }
}

fn store_error(name: &'static str, fault: Fault) -> StoreError {
    let kind = if fault == Fault::Lost { ErrorKind::Throttled } else { ErrorKind::Ambiguous };
    StoreError::new(name, kind, "injected")
}

/// A port with faults before it.
#[derive(Clone)]
pub struct Faulty<T> {
    /// The port.
    pub inner: T,
    /// The faults.
    pub faults: Faults,
}

impl<T> Faulty<T> {
    /// Puts faults before a port.
    pub fn new(inner: T, faults: &Faults) -> Self {
        Self { inner, faults: faults.clone() }
    }
}

impl<T: ProfileStore> ProfileStore for Faulty<T> {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        self.faults.around("load", self.inner.load(keys, read), store_error).await
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        if self.faults.lock().unsaved.as_ref() == Some(key) {
            return Err(store_error("save", Fault::Lost));
        }
        let call = self.inner.save(key, profile, read_version, due_at);
        self.faults.around("save", call, store_error).await
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        self.faults.around("due", self.inner.due(shard, until, after, limit), store_error).await
    }
}

impl<T: ContactStore> ContactStore for Faulty<T> {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        self.faults.around("put_contact", self.inner.put_contact(key, contact), store_error).await
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        self.faults.around("contact", self.inner.contact(key, now), store_error).await
    }
}

impl<T: LedgerScan> LedgerScan for Faulty<T> {
    async fn scan_ledger(&self, after: Option<&str>, limit: u32) -> Result<LedgerPage, StoreError> {
        self.faults.around("scan_ledger", self.inner.scan_ledger(after, limit), store_error).await
    }
}

impl<T: ConversionStore> ConversionStore for Faulty<T> {
    async fn record_conversion(&self, row: &ConversionRow, now: Timestamp) -> Result<bool, StoreError> {
        self.faults.around("record_conversion", self.inner.record_conversion(row, now), store_error).await
    }
}

impl<T: OutreachStore> OutreachStore for Faulty<T> {
    async fn reminder(&self, id: &ReminderId) -> Result<Option<Versioned<Reminder>>, StoreError> {
        self.faults.around("reminder", self.inner.reminder(id), store_error).await
    }

    async fn history(&self, recipient: &ContactHash) -> Result<Option<Versioned<History>>, StoreError> {
        self.faults.around("history", self.inner.history(recipient), store_error).await
    }

    async fn save_reminder(&self, change: &LedgerChange, now: Timestamp) -> Result<Save, StoreError> {
        // Named by what is written, so that a test can say which write it strikes.
        let name = match change.row.status {
            ReminderStatus::Claimed { .. } => "claim",
            ReminderStatus::Sending { .. } => "begin_sending",
            _ => "settle",
        };
        self.faults.around(name, self.inner.save_reminder(change, now), store_error).await
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        self.faults.around("is_suppressed", self.inner.is_suppressed(contact), store_error).await
    }
}

impl<T: CatalogStore> CatalogStore for Faulty<T> {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        self.faults.around("load_trends", self.inner.load_trends(keys, read), store_error).await
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let call = self.inner.save_trend(key, trend, read_version);
        self.faults.around("save_trend", call, store_error).await
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.faults.around("best_sellers", self.inner.best_sellers(keys, read), store_error).await
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let call = self.inner.save_best_sellers(key, list, read_version);
        self.faults.around("save_best_sellers", call, store_error).await
    }
}

impl<T: CatalogScan> CatalogScan for Faulty<T> {
    async fn scan_trends(&self) -> Result<Vec<(TrendKey, Trend)>, StoreError> {
        self.inner.scan_trends().await
    }
}

/// The books are read past the faults: they are the test's, not a function's.
impl<T: ProfileScan> ProfileScan for Faulty<T> {
    async fn scan_profiles(&self) -> Result<Vec<(ProfileKey, Profile)>, StoreError> {
        self.inner.scan_profiles().await
    }
}

/// A way to a stream, with or without faults on it.
pub trait Reached {
    /// The same way to another stream.
    #[must_use]
    fn reaching(&self, stream: &MemoryStream) -> Self;
}

impl Reached for MemoryStream {
    fn reaching(&self, stream: &MemoryStream) -> Self {
        stream.clone()
    }
}

impl Reached for Faulty<MemoryStream> {
    fn reaching(&self, stream: &MemoryStream) -> Self {
        Self::new(stream.clone(), &self.faults)
    }
}

impl<T: EventStream> EventStream for Faulty<T> {
    async fn put(&self, records: Vec<NewRecord>) -> Result<(), StreamError> {
        let error = |_, _| StreamError::Unavailable("injected".into());
        self.faults.around("put", self.inner.put(records), error).await
    }
}

impl<T: EventBus> EventBus for Faulty<T> {
    async fn put(&self, events: Vec<BusEvent>) -> Result<(), StoreError> {
        self.faults.around("put on the bus", self.inner.put(events), store_error).await
    }
}

impl<T: FailedEventStore> FailedEventStore for Faulty<T> {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        self.faults.around("keep", self.inner.keep(id, reason, document), store_error).await
    }
}

/// From a lost connection nobody can tell whether the mail went out.
impl<T: SendEmail> SendEmail for Faulty<T> {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let error = |_, _| SendError::Unknown("injected".to_owned());
        self.faults.around("send", self.inner.send(email), error).await
    }
}
