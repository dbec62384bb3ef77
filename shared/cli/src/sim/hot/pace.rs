//! What time and limits are in a paced run: calls and computing take as long as `beckon cost` and `beckon plan` take them to,
//! a shard takes so many records and bytes a second, a key so many write units, and what happened is noted.
//!
//! A task that waits is woken when its time has come. In a run without a pace no call takes any time, and the dice decide.

use crate::CliError;
use crate::cost::flow::{Flow, SHARD_BYTES_IN, SHARD_RECORDS};
use crate::cost::measured::Measured;
use crate::cost::stack::{SMALL_MB, STREAM_MB};
use crate::plan::Quotas;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_store::streams::NewRecord;
use collector::Rates;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

/// Which of the two streams.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stream {
    Events,
    Signals,
}

/// A task's waker: whether it has been woken since it was polled.
pub(crate) struct Woken(AtomicBool);

impl Woken {
    /// A task is polled once in any case.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// It is polled now.
    pub(crate) fn forget(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What was taken in a second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: i64,
    taken: f64,
}

impl Second {
    /// What there is room for in the second of `now`.
    fn room(&mut self, per_second: f64, now: Timestamp) -> f64 {
        let number = now.as_ms().div_euclid(1_000);
        if number != self.number {
            *self = Self { number, taken: 0.0 };
        }
        per_second - self.taken
    }
}

/// A write of an item.
#[derive(Clone, Debug)]
pub(crate) struct ItemWrite {
    pub(crate) at: Timestamp,
    pub(crate) units: u64,
    pub(crate) bytes: u32,
    /// Events or signals that it was the first to cover; of a trend not known.
    pub(crate) lines: u64,
}

/// What became of the writes of one key.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyWrites {
    pub(crate) writes: Vec<ItemWrite>,
    pub(crate) conflicts: u64,
    /// Writes that its partition refused: more units than it takes in a second.
    pub(crate) throttled: u64,
}

/// An invocation that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Invoked {
    pub(crate) stream: Stream,
    /// Its records, by their places in the log.
    pub(crate) records: Vec<usize>,
    pub(crate) ended: Timestamp,
    /// How old its last record was when it ended.
    pub(crate) age: DurationMs,
    /// Records that come again.
    pub(crate) again: usize,
}

/// What was noted.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) profiles: BTreeMap<ProfileKey, KeyWrites>,
    /// By the key's name.
    pub(crate) trends: BTreeMap<String, KeyWrites>,
    pub(crate) lists: BTreeMap<String, KeyWrites>,
    pub(crate) invoked: Vec<Invoked>,
    /// Records that a shard refused, each time that it did.
    pub(crate) refused: BTreeMap<(Stream, usize), u64>,
    /// Requests whose events a bucket did not let in, by who sent them: the hot visitor or anybody else.
    pub(crate) throttled: [Asked; 2],
    /// Requests that the stream did not take and whose client does not try again.
    pub(crate) lost: [Asked; 2],
    /// Instances of the collector that were at work at the same time.
    pub(crate) instances: usize,
}

/// Keys of one kind.
pub(crate) type OfKind = fn(&mut Notes) -> &mut BTreeMap<String, KeyWrites>;

/// Requests and their events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) requests: u64,
    pub(crate) events: u64,
}

impl Asked {
    pub(crate) const fn add(&mut self, events: usize) {
        self.requests += 1;
        self.events += events as u64;
    }
}

/// The pace of a run.
pub(crate) struct Pace {
    measured: Measured,
    partition_units: f64,
    pub(crate) rates: Rates,
    timers: BTreeMap<(Timestamp, u64), Waker>,
    order: u64,
    /// Records and bytes that each shard takes.
    shards: BTreeMap<(Stream, usize), [Second; 2]>,
    /// Write units that the partition of each key takes.
    keys: BTreeMap<String, Second>,
    /// Bytes of each item.
    bytes: BTreeMap<String, u32>,
    pub(crate) notes: Notes,
}

impl Pace {
    /// By the figures that come with the command.
    pub(crate) fn new(rates: Rates) -> Result<Self, CliError> {
        let (_, quotas) = Quotas::load()?;
        Ok(Self {
            measured: Measured::load(None)?,
            partition_units: quotas.dynamodb_partition_write_units.value,
            rates,
            timers: BTreeMap::new(),
            order: 0,
            shards: BTreeMap::new(),
            keys: BTreeMap::new(),
            bytes: BTreeMap::new(),
            notes: Notes::default(),
        })
    }

    /// How long a call takes.
    pub(crate) fn call(&self, name: &str) -> DurationMs {
        let assumed = &self.measured.assumed;
        ms(if name == "put records" { assumed.put_ms.value } else { assumed.table_ms.value })
    }

    /// How long an invocation of a function on a stream computes before its calls: itself and its events.
    pub(crate) fn reading(&self, events: usize) -> DurationMs {
        let core_us =
            self.measured.assumed.invocation_us.value + events as f64 * self.measured.timed.event_us;
        ms(Flow { measured: &self.measured }.computing_ms(core_us, STREAM_MB))
    }

    /// How long it computes for its calls.
    pub(crate) fn calling(&self, calls: u64) -> DurationMs {
        let core_us = calls as f64 * self.measured.assumed.call_us.value;
        ms(Flow { measured: &self.measured }.computing_ms(core_us, STREAM_MB))
    }

    /// How long the collector computes for a request.
    pub(crate) fn collecting(&self) -> DurationMs {
        let flow = Flow { measured: &self.measured };
        ms(flow.computing_ms(flow.calls_us(1.0), SMALL_MB))
    }

    /// Somebody is to be woken then.
    pub(crate) fn wake_at(&mut self, at: Timestamp, waker: Waker) {
        self.order += 1;
        self.timers.insert((at, self.order), waker);
    }

    /// Wakes whose time has come.
    pub(crate) fn wake(&mut self, now: Timestamp) {
        while self.timers.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            if let Some((_, waker)) = self.timers.pop_first() {
                waker.wake();
            }
        }
    }

    /// When somebody is woken next.
    pub(crate) fn next_timer(&self) -> Option<Timestamp> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// What of these a stream takes now, and what it refuses. Of a key nothing is taken behind what was refused, as the
    /// adapter has it.
    pub(crate) fn admit(
        &mut self,
        stream: Stream,
        records: Vec<NewRecord>,
        shard_of: impl Fn(&str) -> usize,
        now: Timestamp,
    ) -> (Vec<NewRecord>, Vec<NewRecord>) {
        let mut behind: BTreeSet<String> = BTreeSet::new();
        let limits = [SHARD_RECORDS, SHARD_BYTES_IN];
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for record in records {
            let shard = (stream, shard_of(&record.partition_key));
            let costs = [1.0, (record.data.len() + record.partition_key.len()) as f64];
            let seconds = self.shards.entry(shard).or_default();
            let mut rooms = seconds.iter_mut().zip(limits).map(|(second, limit)| second.room(limit, now));
            let has_room = costs.into_iter().all(|cost| rooms.next().is_some_and(|room| room >= cost));
            if has_room && !behind.contains(&record.partition_key) {
                seconds.iter_mut().zip(costs).for_each(|(second, cost)| second.taken += cost);
                taken.push(record);
            } else {
                *self.notes.refused.entry(shard).or_default() += 1;
                behind.insert(record.partition_key.clone());
                refused.push(record);
            }
        }
        (taken, refused)
    }

    /// Units of a write of so many bytes under a key, or `None` when its partition takes no more in this second.
    pub(crate) fn write(&mut self, key: &str, bytes: u32, now: Timestamp) -> Option<u64> {
        let units = beckon_store::metered::size::write_units(self.bytes.get(key).copied(), Some(bytes));
        let second = self.keys.entry(key.to_owned()).or_default();
        if second.room(self.partition_units, now) < units as f64 {
            return None;
        }
        second.taken += units as f64;
        self.bytes.insert(key.to_owned(), bytes);
        Some(units)
    }
}

fn ms(value: f64) -> DurationMs {
    DurationMs::from_ms(value.round().max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, bytes: usize) -> NewRecord {
        NewRecord { partition_key: key.to_owned(), data: vec![b'x'; bytes] }
    }

    #[test]
    fn a_shard_takes_a_thousand_records_or_a_megabyte_a_second_and_keeps_a_keys_order() {
        let mut pace = Pace::new(Rates::NONE).unwrap();
        let at = |ms: i64| Timestamp::from_ms(1_000_000 + ms);
        let mut put = |records, ms| pace.admit(Stream::Events, records, |_| 0, at(ms));
        let (taken, refused) = put(vec![record("a", 10); 1_200], 0);
        assert_eq!((taken.len(), refused.len()), (1_000, 200));
        assert_eq!(put(vec![record("a", 10); 200], 999).0.len(), 0, "the second is not over");
        assert_eq!(put(vec![record("a", 10); 200], 1_000).0.len(), 200);
        let large = vec![record("b", 600_000), record("b", 600_000), record("b", 1)];
        assert_eq!(put(large, 5_000).0.len(), 1, "the small one of the key waits behind the large one");
    }

    #[test]
    fn a_key_takes_a_thousand_units_a_second_of_the_larger_size() {
        let mut pace = Pace::new(Rates::NONE).unwrap();
        let now = Timestamp::from_ms(1);
        assert_eq!(pace.write("k", 3_000, now), Some(3));
        assert_eq!(pace.write("k", 10, now), Some(3));
        assert_eq!(pace.write("k", 1_024 * 995, now), None, "994 are left");
        assert_eq!(pace.write("k", 1_024 * 994, now), Some(994));
        assert_eq!(pace.write("k", 1, now), None);
        assert_eq!(pace.write("other", 1, now), Some(1));
    }
}
