//! A shard: its lanes, its parents, its checkpoint.

use crate::lane::{Lane, LaneStep};
use crate::options::Options;
use crate::step::{Answer, Completed, Entry};
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use std::collections::BTreeSet;

pub(crate) struct Shard<R> {
    pub(crate) parents: Vec<String>,
    pub(crate) closed: bool,
    pub(crate) checkpoint: Option<SequenceNumber>,
    lanes: Vec<Lane<R>>,
    /// Where the search for a lane begins, so that none starves.
    next_lane: usize,
    last_read: Option<SequenceNumber>,
    /// Numbers that are done while an earlier one of another lane is not.
    ahead: BTreeSet<SequenceNumber>,
}

impl<R: Clone> Shard<R> {
    pub(crate) fn new(lane_count: usize) -> Self {
        Self {
            parents: Vec::new(),
            closed: false,
            checkpoint: None,
            lanes: (0..lane_count.max(1)).map(|_| Lane::default()).collect(),
            next_lane: 0,
            last_read: None,
            ahead: BTreeSet::new(),
        }
    }

    pub(crate) fn push(&mut self, entry: Entry<R>, now: Timestamp) -> bool {
        if self.last_read.as_ref().is_some_and(|last| entry.sequence <= *last) {
            return false;
        }
        self.last_read = Some(entry.sequence.clone());
        let lane = lane_of(&entry.partition_key, self.lanes.len());
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.push(entry, now);
        }
        true
    }

    /// A record that a filter drops: it is done as soon as it is read.
    pub(crate) fn pass_over(&mut self, sequence: SequenceNumber) -> bool {
        if self.last_read.as_ref().is_some_and(|last| sequence <= *last) {
            return false;
        }
        self.last_read = Some(sequence.clone());
        self.pass([sequence]);
        true
    }

    /// No record is undone and none follows.
    pub(crate) fn is_drained(&self) -> bool {
        self.closed && self.lanes.iter().all(|lane| lane.first().is_none())
    }

    pub(crate) fn due_at(&self, options: &Options) -> Option<Timestamp> {
        self.lanes.iter().filter_map(|lane| lane.due_at(options)).min()
    }

    /// The next step of a lane, and which lane it is.
    pub(crate) fn step(&mut self, now: Timestamp, options: &Options) -> Option<(usize, LaneStep<R>)> {
        let lane_count = self.lanes.len();
        for index in (self.next_lane..lane_count).chain(0..self.next_lane.min(lane_count)) {
            let Some(step) = self.lanes.get_mut(index).and_then(|lane| lane.step(now, options)) else {
                continue;
            };
            self.next_lane = index.saturating_add(1);
            if let LaneStep::Discard(dropped) = &step {
                self.pass(dropped.entries.iter().map(|entry| entry.sequence.clone()));
            }
            return Some((index, step));
        }
        None
    }

    pub(crate) fn complete(
        &mut self,
        name: &str,
        lane: usize,
        answer: &Answer,
        now: Timestamp,
        options: &Options,
    ) -> Option<Completed<R>> {
        let outcome = self.lanes.get_mut(lane)?.complete(answer, now, options)?;
        let done_count = outcome.done.len();
        // Both at once: the checkpoint must not pass the ones before it knows the others.
        let dropped = outcome.dropped.iter().flat_map(|d| &d.entries).map(|entry| entry.sequence.clone());
        self.pass(outcome.done.into_iter().chain(dropped));
        let discarded = outcome.dropped.map(|dropped| dropped.of(name));
        let iterator_age = Some(outcome.iterator_age);
        Some(Completed { done_count, again_count: outcome.again_count, discarded, iterator_age })
    }

    pub(crate) fn undone(&self) -> impl Iterator<Item = &R> {
        self.lanes.iter().flat_map(Lane::undone)
    }

    /// Numbers are done with. The checkpoint moves up to the first that is not.
    fn pass(&mut self, numbers: impl IntoIterator<Item = SequenceNumber>) {
        self.ahead.extend(numbers);
        let lowest = self.lanes.iter().filter_map(Lane::first).min();
        while let Some(number) = self.ahead.pop_first() {
            if lowest.is_some_and(|lowest| number > *lowest) {
                self.ahead.insert(number);
                return;
            }
            self.checkpoint = Some(number);
        }
    }
}

/// The lane of a partition key among so many. AWS does not document its hash; this one is FNV-1a, which is short and the same
/// everywhere.
#[must_use]
pub fn lane_of(partition_key: &str, lane_count: usize) -> usize {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = partition_key.bytes().fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    let lane_count = u64::try_from(lane_count).unwrap_or(1).max(1);
    usize::try_from(hash % lane_count).unwrap_or(0)
}
