//! What came of a paced run: how full shards and keys were, how many events a write covered, and who waited how long.

use super::super::book::Logged;
use super::super::ground::Ground;
use super::super::script::{START, Script, What};
use super::super::signals::LoggedSignals;
use super::pace::{Asked, Invoked, KeyWrites, Stream};
use super::script::{HOT_PRODUCT, is_hot};
use super::{Case, Heat, LANES};
use beckon_domain::{ProductId, ProfileKey, Timestamp};
use beckon_mapping::lane_of;
use beckon_store::tables::{ListKey, TrendKey};
use serde::Serialize;
use std::collections::BTreeMap;

/// What became of what some sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Events sent.
    pub sent: u64,
    /// Events in the stream.
    pub taken: u64,
    /// Events that a bucket of the collector did not let in (429).
    pub throttled: u64,
    /// Events that the stream did not take, and whose client gave up (503).
    pub lost: u64,
}

/// How long something took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Of how many.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_ms: u64,
    /// 99 of a hundred.
    pub p99_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// A shard in its busiest second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShardLoad {
    /// Records, of 1,000.
    pub records: u64,
    /// Kilobytes, of 1,024.
    pub kilobytes: u64,
    /// Records that it refused in the whole run, each time that it did.
    pub refused: u64,
}

/// What one item took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct KeyLoad {
    /// Writes.
    pub writes: u64,
    /// Events, or signals, for each of them.
    pub lines_per_write: f64,
    /// The same of the write that covered most; of trends not known.
    pub lines_max: u64,
    /// Writes in the busiest second.
    pub writes_per_second: u64,
    /// Write units in the busiest second, of 1,000.
    pub units_per_second: u64,
    /// Its size when it was largest.
    pub bytes_max: u32,
    /// Writes that found another version.
    pub conflicts: u64,
    /// Writes that its partition refused.
    pub throttled: u64,
}

/// What was measured of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Which case.
    pub name: String,
    /// The hot visitor's events.
    pub hot: Sent,
    /// Everybody else's.
    pub others: Sent,
    /// Instances of the collector at the same time.
    pub instances: u64,
    /// The hot shard of events.
    pub shard: ShardLoad,
    /// The hot shard of signals.
    pub signal_shard: ShardLoad,
    /// Batches with something of the hot key.
    pub batches: u64,
    /// Its events, or its signals, in each of them.
    pub lines_per_batch: f64,
    /// The hot item.
    pub item: KeyLoad,
    /// The shop's list of best sellers.
    pub list: KeyLoad,
    /// Signals of the hot product, and records of them.
    pub signals: u64,
    /// Records that these were in.
    pub signal_records: u64,
    /// Iterator age of the hot shard at its highest, in milliseconds: of events, or of signals where a product is hot.
    pub hot_shard_lag_ms: u64,
    /// The same of all other shards of that stream.
    pub other_shards_lag_ms: u64,
    /// From the stream into the profile: events of the hot visitor.
    pub fresh_hot: Spread,
    /// Of others in its lane.
    pub fresh_lane: Spread,
    /// Of others in its shard's other lane.
    pub fresh_shard: Spread,
    /// Of everybody in other shards; of all where no visitor is hot.
    pub fresh_elsewhere: Spread,
    /// From the stream of signals into the trends: signals of the hot product.
    pub fresh_signals_hot: Spread,
    /// Of all others.
    pub fresh_signals: Spread,
    /// The law that was broken.
    pub violation: Option<String>,
}

/// What is hot, and where.
struct Place<'a> {
    is_visitor: bool,
    key: &'a ProfileKey,
    shard: usize,
    lane: usize,
    signal_shard: usize,
}

impl Figures {
    /// Of the ground that a run leaves.
    pub(crate) fn of(case: &Case, ground: &Ground, script: &Script, key: &ProfileKey) -> Self {
        let is_visitor = matches!(case.heat, Heat::Profile { .. });
        let place = Place {
            is_visitor,
            key,
            shard: ground.shards.shard_of(key.as_str()),
            lane: lane_of(key.as_str(), LANES),
            signal_shard: ground.signals.shards.shard_of(HOT_PRODUCT),
        };
        let mut figures = Self::empty(case.name());
        let Some(pace) = &ground.pace else { return figures };
        let notes = &pace.notes;
        (figures.hot, figures.others) = sent(script, ground, &notes.throttled, &notes.lost);
        figures.instances = notes.instances as u64;
        figures.shard = shard_load(
            ground.book.log.iter().map(|l| &l.record),
            |key| ground.shards.shard_of(key),
            place.shard,
        );
        figures.signal_shard = shard_load(
            ground.signals.log.iter().map(|l| &l.record),
            |key| ground.signals.shards.shard_of(key),
            place.signal_shard,
        );
        let refused = |of: (Stream, usize)| notes.refused.get(&of).copied().unwrap_or_default();
        figures.shard.refused = refused((Stream::Events, place.shard));
        figures.signal_shard.refused = refused((Stream::Signals, place.signal_shard));
        let of_product: Vec<&LoggedSignals> =
            ground.signals.log.iter().filter(|l| l.record.partition_key == HOT_PRODUCT).collect();
        figures.signal_records = of_product.len() as u64;
        figures.signals = of_product.iter().map(|l| l.lines.len() as u64).sum();
        figures.freshness(&ground.book.log, ground, &place);
        figures.signal_freshness(&notes.invoked, &ground.signals.log);
        figures.batches(&notes.invoked, ground, &place);
        let item = ProductId::new(HOT_PRODUCT).map(|product| format!("{:?}", TrendKey::Item(product)));
        figures.item = if is_visitor {
            key_load(notes.profiles.get(key), None)
        } else {
            key_load(item.ok().and_then(|item| notes.trends.get(&item)), Some(figures.signals))
        };
        figures.list = key_load(notes.lists.get(&format!("{:?}", ListKey::Store)), None);
        figures
    }

    fn empty(name: String) -> Self {
        Self {
            name,
            hot: Sent::default(),
            others: Sent::default(),
            instances: 0,
            shard: ShardLoad::default(),
            signal_shard: ShardLoad::default(),
            batches: 0,
            lines_per_batch: 0.0,
            item: KeyLoad::default(),
            list: KeyLoad::default(),
            signals: 0,
            signal_records: 0,
            hot_shard_lag_ms: 0,
            other_shards_lag_ms: 0,
            fresh_hot: Spread::default(),
            fresh_lane: Spread::default(),
            fresh_shard: Spread::default(),
            fresh_elsewhere: Spread::default(),
            fresh_signals_hot: Spread::default(),
            fresh_signals: Spread::default(),
            violation: None,
        }
    }

    fn freshness(&mut self, log: &[Logged], ground: &Ground, place: &Place<'_>) {
        let mut waited: [Vec<u64>; 4] = Default::default();
        for logged in log {
            let key = logged.record.partition_key.as_str();
            let class = if !place.is_visitor {
                3
            } else if key == place.key.as_str() {
                0
            } else if ground.shards.shard_of(key) != place.shard {
                3
            } else if lane_of(key, LANES) == place.lane {
                1
            } else {
                2
            };
            let arrived_at = logged.record.arrived_at;
            let settled =
                logged.told.iter().filter(|told| !told.line.internal).filter_map(|told| told.settled_at);
            waited[class].extend(settled.map(|at| at.since(arrived_at).as_ms()));
        }
        let [hot, lane, shard, elsewhere] = waited.map(Spread::of);
        (self.fresh_hot, self.fresh_lane, self.fresh_shard, self.fresh_elsewhere) =
            (hot, lane, shard, elsewhere);
    }

    fn signal_freshness(&mut self, invoked: &[Invoked], log: &[LoggedSignals]) {
        let mut waited: [Vec<u64>; 2] = Default::default();
        for invoked in invoked.iter().filter(|invoked| invoked.stream == Stream::Signals) {
            let done = invoked.records.len().saturating_sub(invoked.again);
            for logged in invoked.records[..done].iter().filter_map(|place| log.get(*place)) {
                let class = usize::from(logged.record.partition_key != HOT_PRODUCT);
                let age = invoked.ended.since(logged.record.arrived_at).as_ms();
                waited[class].extend(std::iter::repeat_n(age, logged.lines.len()));
            }
        }
        let [hot, others] = waited.map(Spread::of);
        (self.fresh_signals_hot, self.fresh_signals) = (hot, others);
    }

    fn batches(&mut self, invoked: &[Invoked], ground: &Ground, place: &Place<'_>) {
        let (stream, shard, hot_key) = if place.is_visitor {
            (Stream::Events, place.shard, place.key.as_str())
        } else {
            (Stream::Signals, place.signal_shard, HOT_PRODUCT)
        };
        let record = |index: usize| match stream {
            Stream::Events => ground.book.log.get(index).map(|l| (&l.record, l.told.len())),
            Stream::Signals => ground.signals.log.get(index).map(|l| (&l.record, l.lines.len())),
        };
        let shard_of = |key: &str| match stream {
            Stream::Events => ground.shards.shard_of(key),
            Stream::Signals => ground.signals.shards.shard_of(key),
        };
        let mut hot_lines = 0;
        for invoked in invoked.iter().filter(|invoked| invoked.stream == stream) {
            let records = invoked.records.iter().filter_map(|place| record(*place));
            let lines: usize =
                records.filter(|(r, _)| r.partition_key == hot_key).map(|(_, lines)| lines).sum();
            self.batches += u64::from(lines > 0);
            hot_lines += lines;
            let first = invoked.records.first().and_then(|place| record(*place));
            let is_hot = first.is_some_and(|(record, _)| shard_of(&record.partition_key) == shard);
            let lag = if is_hot { &mut self.hot_shard_lag_ms } else { &mut self.other_shards_lag_ms };
            *lag = (*lag).max(invoked.age.as_ms());
        }
        self.lines_per_batch = hot_lines as f64 / (self.batches as f64).max(1.0);
    }
}

impl Spread {
    fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let at =
            |percent: usize| values.get((values.len() * percent / 100).min(values.len().saturating_sub(1)));
        let at = |percent| at(percent).copied().unwrap_or_default();
        Self { count: values.len() as u64, p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
    }
}

fn sent(script: &Script, ground: &Ground, throttled: &[Asked; 2], lost: &[Asked; 2]) -> (Sent, Sent) {
    let mut both = [Sent::default(); 2];
    for op in &script.ops {
        let What::Request(request) = &op.what else { continue };
        let of = &mut both[usize::from(!is_hot(request))];
        of.sent += request.events.len() as u64;
        of.taken +=
            request.events.iter().filter(|event| ground.book.accepted.contains(&event.id)).count() as u64;
    }
    for (index, of) in both.iter_mut().enumerate() {
        (of.throttled, of.lost) = (throttled[index].events, lost[index].events);
    }
    let [hot, others] = both;
    (hot, others)
}

/// Sums by the second.
fn busiest(values: impl Iterator<Item = (Timestamp, u64)>) -> u64 {
    let mut seconds: BTreeMap<i64, u64> = BTreeMap::new();
    for (at, value) in values {
        *seconds.entry((at.as_ms() - START.as_ms()).div_euclid(1_000)).or_default() += value;
    }
    seconds.into_values().max().unwrap_or_default()
}

fn shard_load<'a>(
    records: impl Iterator<Item = &'a beckon_store::streams::memory::StreamRecord> + Clone,
    shard_of: impl Fn(&str) -> usize + Copy,
    shard: usize,
) -> ShardLoad {
    let of_shard = || records.clone().filter(move |record| shard_of(&record.partition_key) == shard);
    let bytes = busiest(of_shard().map(|r| (r.arrived_at, (r.data.len() + r.partition_key.len()) as u64)));
    ShardLoad {
        records: busiest(of_shard().map(|r| (r.arrived_at, 1))),
        kilobytes: bytes / 1_024,
        refused: 0,
    }
}

fn key_load(noted: Option<&KeyWrites>, lines: Option<u64>) -> KeyLoad {
    let Some(KeyWrites { writes, conflicts, throttled }) = noted else { return KeyLoad::default() };
    let lines = lines.unwrap_or_else(|| writes.iter().map(|write| write.lines).sum());
    KeyLoad {
        writes: writes.len() as u64,
        lines_per_write: lines as f64 / (writes.len() as f64).max(1.0),
        lines_max: writes.iter().map(|write| write.lines).max().unwrap_or_default(),
        writes_per_second: busiest(writes.iter().map(|write| (write.at, 1))),
        units_per_second: busiest(writes.iter().map(|write| (write.at, write.units))),
        bytes_max: writes.iter().map(|write| write.bytes).max().unwrap_or_default(),
        conflicts: *conflicts,
        throttled: *throttled,
    }
}
