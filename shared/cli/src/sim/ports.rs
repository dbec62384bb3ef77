//! The ports that the functions are given: stores and stream in memory, behind the network and its faults.

use super::book::{Book, Origin};
use super::bugs::{Bug, twist_loaded, twist_saved};
use super::fault::Fault;
use super::ground::{Basis, Fate, Ground, LateWrite, Net, Reach};
use super::hot::pace::ItemWrite;
use super::mail_bugs::twist_look;
use beckon_domain::merge::portable;
use beckon_domain::{Profile, ProfileKey, Timestamp};
use beckon_store::objects::FailedEventStore;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::streams::{EventStream, NewRecord, StreamError};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ActiveDocuments, ConfigStore, Due, LiveModel, ModelKind, ProfileStore, Read, Save, Stored,
};
use beckon_store::{ErrorKind, StoreError};
use beckon_wire::failed::FailedEvent;
use beckon_wire::stream::{Line, encode};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) fn store_error(name: &'static str, fate: Fate) -> StoreError {
    let kind = if fate == Fate::Throttled { ErrorKind::Throttled } else { ErrorKind::Ambiguous };
    StoreError::new(name, kind, "injected")
}

/// The tables of a simulation. Clones share them.
#[derive(Clone)]
pub(crate) struct SimTables {
    pub(crate) inner: MemoryTables,
    pub(crate) net: Net,
    /// States before the last write, for reads that are a moment old.
    before: Arc<Mutex<BTreeMap<ProfileKey, Option<Stored>>>>,
}

impl SimTables {
    /// Empty tables on a network.
    pub(crate) fn new(net: &Net) -> Self {
        Self { inner: MemoryTables::default(), net: net.clone(), before: Arc::default() }
    }

    /// A write takes effect now; the laws are held against what it left.
    pub(crate) async fn commit(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        let bug = self.net.lock().bug;
        let before = self.inner.load(std::slice::from_ref(key), Read::Strong).await?.remove(key);
        let read_version =
            if bug == Bug::NoVersionCheck { before.as_ref().map(|s| s.version) } else { read_version };
        let write = self.net.admit_profile(key, profile, read_version, due_at)?;
        let saved = self.inner.save(key, profile, read_version, due_at).await?;
        let mut ground = self.net.lock();
        ground.trace.mix(u64::from(saved == Save::Saved) + 2);
        if saved == Save::Saved {
            let now = ground.clock.now();
            let version = read_version.unwrap_or_default() + 1;
            let settled = |book: &Book| book.accounts.get(key).map_or(0, |account| account.settled.len());
            let settled_before = settled(&ground.book);
            ground.book.written(key, (profile, version), now);
            let lines = (settled(&ground.book) - settled_before) as u64;
            ground.note_profile(key, write.map(|write| ItemWrite { lines, ..write }));
            self.before.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), before);
        } else {
            // What was folded was not the newest: as after a stale read.
            ground.book.overtaken.insert(key.clone());
            ground.note_profile(key, None);
        }
        Ok(saved)
    }

    /// What an eventual read may still see.
    fn stale(&self, found: &mut BTreeMap<ProfileKey, Stored>) {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<ProfileKey> = found.keys().cloned().collect();
        for key in keys {
            let Some(old) = before.get(&key) else { continue };
            let mut ground = self.net.lock();
            if !ground.strikes(Fault::StaleRead) {
                continue;
            }
            ground.notes.stale = true;
            ground.book.overtaken.insert(key.clone());
            drop(ground);
            match old {
                Some(stored) => drop(found.insert(key, stored.clone())),
                None => drop(found.remove(&key)),
            }
        }
    }
}

impl ProfileStore for SimTables {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        const NAME: &str = "load profiles";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => {}
            fate => return Err(store_error(NAME, fate)),
        }
        let mut found = self.inner.load(keys, read).await?;
        if read == Read::Eventual {
            self.stale(&mut found);
        }
        twist_loaded(&self.net, &mut found, read);
        twist_look(&self.net, &mut found);
        let versions =
            keys.iter().map(|key| (key.clone(), found.get(key).map_or(0, |stored| stored.version)));
        self.net.lock().notes.basis.versions.extend(versions);
        self.net.leave().await;
        Ok(found)
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        const NAME: &str = "save a profile";
        let mut profile = profile.clone();
        super::erasing::twist_tombstone(self.net.lock().bug, &mut profile);
        super::returning::twist_release(self.net.lock().bug, &mut profile);
        if twist_saved(&self.net, &mut profile) {
            put_early(&self.net, key, &profile);
        }
        if self.net.lock().bug == Bug::HeardFirst {
            super::bus::tell_early(&self.net, key, &profile);
        }
        let mut fate = self.net.arrive(NAME, Reach::One(key), true).await;
        {
            let mut ground = self.net.lock();
            let Ground { weather, dice, .. } = &mut *ground;
            if fate == Fate::Through
                && let Some(lands_late) = weather.outage(key, dice)
            {
                ground.count(Fault::KeyOutage);
                ground.notes.struck.push(key.clone());
                fate = if lands_late { Fate::Late } else { Fate::Throttled };
            }
        }
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let profile = Box::new(profile);
                let write = LateWrite::Save { key: key.clone(), profile, read_version, due_at };
                self.net.lock().land_late(write);
                self.net.leave().await;
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        let saved = self.commit(key, &profile, read_version, due_at).await?;
        if saved == Save::Conflict {
            let mut ground = self.net.lock();
            ground.count(Fault::Conflict);
            *ground.notes.conflicts.entry(key.clone()).or_default() += 1;
            if ground.bug == Bug::ConflictAsError {
                return Err(StoreError::new(NAME, ErrorKind::Refused, "the condition failed"));
            }
        }
        self.net.leave().await;
        if fate == Fate::AnswerLost {
            return Err(store_error(NAME, fate));
        }
        if saved == Save::Saved {
            let version = read_version.unwrap_or_default() + 1;
            self.net.lock().notes.basis.versions.insert(key.clone(), version);
        }
        Ok(saved)
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        const NAME: &str = "query the due index";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.due(shard, until, after, limit).await,
            fate => Err(store_error(NAME, fate)),
        }
    }
}

/// The known-bad variant that sends what a state demands before the state is written.
fn put_early(net: &Net, key: &ProfileKey, profile: &Profile) {
    let Some(link) = &profile.link else { return };
    let Ok(line) = Line::merge(&link.to, key, &portable(profile), link.at) else { return };
    let records = NewRecord::of_key(&line.key, encode(std::slice::from_ref(&line)).unwrap_or_default());
    land(&mut net.lock(), records, Origin::Beckon);
}

impl ConfigStore for SimTables {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        const NAME: &str = "load the active ruleset";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.active_documents().await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    /// No world has a model: nothing is asked of the network.
    async fn live_model(&self, _: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        Ok(None)
    }
}

/// Records enter the stream.
pub(crate) fn land(ground: &mut Ground, records: Vec<NewRecord>, origin: Origin) {
    let now = ground.clock.now();
    for record in records {
        let placed = ground.shards.place(record, origin, now);
        let shard = placed.shard;
        let index = ground.book.enter(placed);
        ground.trace.mix(0x5000 + shard as u64);
        if let Some(shard) = ground.shards.get_mut(shard) {
            shard.log.push(index);
        }
    }
}

/// The stream, as one kind of producer sees it.
#[derive(Clone)]
pub(crate) struct SimStream {
    pub(crate) net: Net,
    /// Who puts, and into which.
    pub(crate) producer: Producer,
}

/// Who puts records into a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Producer {
    /// The collector, events.
    Collector,
    /// The profiler and the mailer, events.
    Functions,
    /// Decisions, events: exposures.
    Pages,
    /// The profiler, signals.
    Signals,
}

impl Producer {
    /// What it put enters its stream.
    pub(crate) fn land(self, ground: &mut Ground, records: Vec<NewRecord>, basis: &Basis) {
        match self {
            Self::Collector => land(ground, records, Origin::Collector),
            Self::Functions | Self::Pages => land(ground, records, Origin::Beckon),
            Self::Signals => super::signals::land(ground, records, basis),
        }
    }
}

impl SimStream {
    /// The records of a partly refused request that were taken: of each key a prefix, because a later record of a key is
    /// only sent when the earlier one was taken.
    fn taken(ground: &mut Ground, records: Vec<NewRecord>) -> Vec<NewRecord> {
        let mut refused: Vec<String> = Vec::new();
        let mut taken = Vec::new();
        for record in records {
            if refused.contains(&record.partition_key) || ground.dice.chance(500) {
                refused.push(record.partition_key);
            } else {
                taken.push(record);
            }
        }
        taken
    }
}

impl EventStream for SimStream {
    async fn put(&self, records: Vec<NewRecord>) -> Result<(), StreamError> {
        let total = records.len();
        let unavailable = || StreamError::Unavailable("injected".into());
        let fate = self.net.arrive("put records", Reach::All, true).await;
        let (mut result, bug) = (Ok(()), self.net.lock().bug);
        if bug == Bug::ExposureUntold && self.producer == Producer::Pages {
            return Ok(());
        }
        match fate {
            Fate::Throttled => result = Err(StreamError::Refused { refused: total, total, attempts: 4 }),
            Fate::Lost => result = Err(unavailable()),
            Fate::Late => {
                let mut ground = self.net.lock();
                let (producer, basis) = (self.producer, ground.notes.basis.clone());
                ground.land_late(LateWrite::Put { records, producer, basis });
                result = Err(unavailable());
            }
            Fate::Through if self.net.is_paced() => return self.put_paced(records).await,
            Fate::Through | Fate::AnswerLost => {
                let mut ground = self.net.lock();
                let (mut records, basis) = (records, ground.notes.basis.clone());
                if bug == Bug::Unclamped && self.producer == Producer::Collector {
                    super::bugs::unclamp(&ground.book, &mut records);
                }
                if bug == Bug::PairsDropped && self.producer == Producer::Signals {
                    super::bugs::drop_pairs(&mut records);
                }
                if ground.strikes(Fault::PartialPut) {
                    ground.notes.shared = true;
                    let taken = Self::taken(&mut ground, records);
                    let refused = total - taken.len();
                    if refused > 0 {
                        result = Err(StreamError::Refused { refused, total, attempts: 4 });
                    }
                    self.producer.land(&mut ground, taken, &basis);
                } else {
                    if ground.strikes(Fault::DoublePut) {
                        self.producer.land(&mut ground, records.clone(), &basis);
                    }
                    self.producer.land(&mut ground, records, &basis);
                    if fate == Fate::AnswerLost {
                        result = Err(unavailable());
                    }
                }
            }
        }
        self.net.leave().await;
        if bug == Bug::AnswersUnacknowledged && self.producer == Producer::Collector {
            Ok(())
        } else {
            result
        }
    }
}

/// The failed-event store: what is kept is entered into the books.
#[derive(Clone)]
pub(crate) struct SimFailed {
    pub(crate) net: Net,
    pub(crate) documents: MemoryFailedEvents,
}

impl FailedEventStore for SimFailed {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        const NAME: &str = "keep a failed event";
        let fate = self.net.arrive(NAME, Reach::All, false).await;
        if matches!(fate, Fate::Throttled | Fate::Lost) {
            return Err(store_error(NAME, fate));
        }
        let kept = serde_json::from_slice::<FailedEvent>(&document).is_ok_and(|failed| failed.id == id);
        self.documents.keep(id, reason, document).await?;
        {
            let mut ground = self.net.lock();
            if !kept {
                ground.book.violated(|| format!("what was kept as {id} is not a failed event"));
            } else if ground.book.kept(id, reason) {
                ground.count(match reason {
                    "forwarded" => Fault::Forwarded,
                    "panicked" => Fault::FoldPanic,
                    _ => Fault::Expired,
                });
            }
        }
        self.net.leave().await;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(()) }
    }
}
