//! Where a paced run meets its limits, and where what happens is noted.

use super::super::ground::{Ground, Net};
use super::super::happen::CLIENT_ATTEMPTS_MAX;
use super::super::ports::{Producer, SimStream, SimTables};
use super::super::script::{Request, What};
use super::super::world::World;
use super::pace::{Invoked, ItemWrite, Stream};
use super::script::is_hot;
use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp, packed};
use beckon_mapping::Completed;
use beckon_recommend::popularity::packed::{pack_best_sellers, pack_trend};
use beckon_recommend::{BestSellers, Trend};
use beckon_store::metered::size::{ItemSize, profile_item};
use beckon_store::streams::{NewRecord, StreamError};
use beckon_store::tables::{ListKey, Save, TrendKey};
use beckon_store::{ErrorKind, StoreError};
use collector::{CollectError, Collector, Guard, PagePurchases};
use std::sync::Arc;

/// Attempts for records that the stream refuses, as its adapter has it.
const PUT_ATTEMPTS_MAX: u32 = 4;
/// What its name and its version add to an item, about.
const VERSION_BYTES: usize = 8;

impl Net {
    fn admit(&self, table: &str, key: &str, bytes: u32) -> Result<Option<ItemWrite>, StoreError> {
        let mut ground = self.lock();
        let at = ground.clock.now();
        let Some(pace) = &mut ground.pace else { return Ok(None) };
        match pace.write(&format!("{table} {key}"), bytes, at) {
            Some(units) => Ok(Some(ItemWrite { at, units, bytes, lines: 0 })),
            None => {
                Err(StoreError::new("write an item", ErrorKind::Throttled, "its partition takes no more"))
            }
        }
    }

    /// The write of a profile, if its partition takes it.
    pub(crate) fn admit_profile(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Option<ItemWrite>, StoreError> {
        if !self.is_paced() {
            return Ok(None);
        }
        let packed_bytes = packed::pack(profile).map_or(0, |packed| packed.len());
        let version = read_version.unwrap_or_default() + 1;
        let bytes = profile_item(key, packed_bytes, version, profile.expires_at(), due_at);
        self.admit("profile", key.as_str(), bytes).inspect_err(|_| {
            let mut ground = self.lock();
            ground.notes.struck.push(key.clone());
            if let Some(pace) = &mut ground.pace {
                pace.notes.profiles.entry(key.clone()).or_default().throttled += 1;
            }
        })
    }

    /// Notes the write of a trend, if its partition takes it.
    pub(crate) fn admit_trend(&self, key: &TrendKey, trend: &Trend) -> Result<(), StoreError> {
        if self.is_paced() {
            self.admit_counted(|notes| &mut notes.trends, format!("{key:?}"), pack_trend(trend).ok())?;
        }
        Ok(())
    }

    /// Notes the write of a list, if its partition takes it.
    pub(crate) fn admit_list(&self, key: &ListKey, list: &BestSellers) -> Result<(), StoreError> {
        if self.is_paced() {
            self.admit_counted(|notes| &mut notes.lists, format!("{key:?}"), pack_best_sellers(list).ok())?;
        }
        Ok(())
    }

    fn admit_counted(
        &self,
        of: super::pace::OfKind,
        key: String,
        packed: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let packed_bytes = packed.map_or(0, |packed| packed.len());
        let bytes =
            ItemSize::default().text("pk", &key).bytes_attribute("s", packed_bytes + VERSION_BYTES).bytes();
        let admitted = self.admit("counted", &key, bytes);
        if let Some(pace) = &mut self.lock().pace {
            let noted = of(&mut pace.notes).entry(key).or_default();
            match &admitted {
                Ok(write) => noted.writes.extend(write.clone()),
                Err(_) => noted.throttled += 1,
            }
        }
        admitted.map(drop)
    }
}

impl Ground {
    /// A profile was written; without a write, another version was found.
    pub(crate) fn note_profile(&mut self, key: &ProfileKey, write: Option<ItemWrite>) {
        let Some(pace) = &mut self.pace else { return };
        let noted = pace.notes.profiles.entry(key.clone()).or_default();
        match write {
            Some(write) => noted.writes.push(write),
            None => noted.conflicts += 1,
        }
    }

    /// A trend was written, or another version was found.
    pub(crate) fn note_trend(&mut self, key: &TrendKey, saved: Save) {
        if let (Some(pace), Save::Conflict) = (&mut self.pace, saved) {
            pace.notes.trends.entry(format!("{key:?}")).or_default().conflicts += 1;
        }
    }

    /// The same of a list.
    pub(crate) fn note_list(&mut self, key: &ListKey, saved: Save) {
        if let (Some(pace), Save::Conflict) = (&mut self.pace, saved) {
            pace.notes.lists.entry(format!("{key:?}")).or_default().conflicts += 1;
        }
    }

    /// An invocation has ended.
    pub(crate) fn note_invoked(
        &mut self,
        stream: Stream,
        records: &[usize],
        completed: &Completed<usize>,
        ended: Timestamp,
    ) {
        let Some(pace) = &mut self.pace else { return };
        let age = completed.iterator_age.unwrap_or(DurationMs::ZERO);
        let again = completed.again_count;
        pace.notes.invoked.push(Invoked { stream, records: records.to_vec(), ended, age, again });
    }
}

impl SimStream {
    /// Puts records as its adapter does: what a shard refuses is put again, a few times.
    pub(crate) async fn put_paced(&self, records: Vec<NewRecord>) -> Result<(), StreamError> {
        let (total, mut left) = (records.len(), records);
        for attempt in 1..=PUT_ATTEMPTS_MAX {
            left = self.put_once(left);
            if left.is_empty() {
                return Ok(());
            }
            if attempt < PUT_ATTEMPTS_MAX {
                self.net.hold_up(DurationMs::from_ms(25 << attempt)).await;
                // And the call itself.
                self.net.compute(|pace, _| pace.call("put records")).await;
            }
        }
        self.net.lock().notes.shared = true;
        Err(StreamError::Refused { refused: left.len(), total, attempts: PUT_ATTEMPTS_MAX })
    }

    /// What of these was refused.
    fn put_once(&self, records: Vec<NewRecord>) -> Vec<NewRecord> {
        let mut ground = self.net.lock();
        let (basis, now) = (ground.notes.basis.clone(), ground.clock.now());
        let Ground { pace, shards, signals, .. } = &mut *ground;
        let Some(pace) = pace else { return records };
        let (taken, refused) = match self.producer {
            Producer::Signals => {
                pace.admit(Stream::Signals, records, |key| signals.shards.shard_of(key), now)
            }
            _ => pace.admit(Stream::Events, records, |key| shards.shard_of(key), now),
        };
        self.producer.land(&mut ground, taken, &basis);
        refused
    }
}

impl World {
    /// The collector that a request meets. In a paced run it is an instance of its own for as long as it is at work: the first
    /// that is free, as if Lambda preferred the instances that it used before, or one more.
    pub(crate) fn instance(&mut self) -> (Arc<Collector<SimStream, SimTables>>, Option<usize>) {
        let Some(rates) = self.net.lock().pace.as_ref().map(|pace| pace.rates) else {
            return (Arc::clone(&self.collector), None);
        };
        let free = self.instances.iter().position(|(_, is_busy)| !is_busy);
        let index = free.unwrap_or_else(|| {
            let mut collector = Collector::clone(&self.collector);
            collector.guard = Guard::new(rates, PagePurchases::default());
            self.instances.push((Arc::new(collector), false));
            self.instances.len() - 1
        });
        if let Some(pace) = &mut self.net.lock().pace {
            pace.notes.instances = self.instances.len();
        }
        match self.instances.get_mut(index) {
            Some((collector, is_busy)) => {
                *is_busy = true;
                (Arc::clone(collector), Some(index))
            }
            None => (Arc::clone(&self.collector), None),
        }
    }

    fn request_of(&self, op: usize) -> Option<&Request> {
        match &self.script.ops.get(op)?.what {
            What::Request(request) => Some(request),
            _ => None,
        }
    }

    /// A bucket did not let a request in: it is noted, and nothing of it is in the stream.
    pub(crate) fn is_throttled(&self, op: usize, error: &CollectError) -> bool {
        let Some(request) = self.request_of(op) else { return false };
        let is_429 = matches!(error, CollectError::Refused(problem) if problem.status() == 429);
        let mut ground = self.net.lock();
        let Some(pace) = ground.pace.as_mut().filter(|_| is_429) else { return false };
        pace.notes.throttled[usize::from(!is_hot(request))].add(request.events.len());
        let taken = request.events.iter().find(|event| ground.book.accepted.contains(&event.id));
        if let Some(event) = taken {
            ground.book.violated(|| format!("{} was answered 429 and is in the stream", event.id));
        }
        true
    }

    /// Whether a client that was not answered does not try again: the hot one never does, others after some attempts.
    pub(crate) fn gives_up(&self, op: usize, attempt: u32) -> bool {
        let Some(request) = self.request_of(op) else { return false };
        let mut ground = self.net.lock();
        let Some(pace) = &mut ground.pace else { return false };
        let is_hot = is_hot(request);
        let gives_up = is_hot || attempt >= CLIENT_ATTEMPTS_MAX;
        if gives_up {
            pace.notes.lost[usize::from(!is_hot)].add(request.events.len());
        }
        gives_up
    }
}
