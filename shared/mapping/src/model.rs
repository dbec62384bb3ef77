//! The mapping: shards in turn, invocations by their id.

use crate::lane::LaneStep;
use crate::options::{Options, OptionsError};
use crate::shard::Shard;
use crate::step::{Answer, Batch, Completed, Entry, Invocation, InvocationId, Step};
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Which lane of which shard an invocation has.
struct Running {
    shard: String,
    lane: usize,
}

/// A mapping of one stream onto one function.
///
/// It has no clock: every call that depends on time takes `now`, which never runs backwards. A driver pushes what it
/// reads, takes steps until there is none, reports each answer, and asks [`Mapping::next_due`] when to come back.
pub struct Mapping<R> {
    options: Options,
    shards: BTreeMap<String, Shard<R>>,
    running: BTreeMap<InvocationId, Running>,
    invocation_count: u64,
    /// The shard of the last step: the next one is looked for behind it, so that none starves.
    last_shard: String,
}

impl<R: Clone> Mapping<R> {
    /// A mapping that has read nothing yet.
    ///
    /// # Errors
    /// When an option is out of AWS's limits.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        options.check()?;
        Ok(Self {
            options,
            shards: BTreeMap::new(),
            running: BTreeMap::new(),
            invocation_count: 0,
            last_shard: String::new(),
        })
    }

    /// A shard that came of others: of one by a split, of two by a merge. Nothing of it is invoked before they are
    /// drained. A parent that the mapping does not know does not count: it has passed out of the stream. Open parents
    /// first. A shard without parents need not be opened.
    pub fn open_shard<'a>(&mut self, shard: &str, parents: impl IntoIterator<Item = &'a str>) {
        let parents = parents.into_iter().map(ToOwned::to_owned).collect();
        self.shard(shard).parents = parents;
    }

    /// A shard was read to its end: it was split or merged, and no record follows.
    pub fn close_shard(&mut self, shard: &str) {
        self.shard(shard).closed = true;
    }

    /// Whether a shard may be read: its parents, and theirs, are closed and drained.
    #[must_use]
    pub fn is_readable(&self, shard: &str) -> bool {
        let parents_of = |name: &str| self.shards.get(name).map_or(&[][..], |s| s.parents.as_slice());
        let mut open: Vec<&str> = parents_of(shard).iter().map(String::as_str).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            if self.shards.get(name).is_some_and(|parent| !parent.is_drained()) {
                return false;
            }
            open.extend(parents_of(name).iter().map(String::as_str));
        }
        true
    }

    /// A record was read from its shard, at `now`. Within a shard, records come in the order of their numbers. Returns
    /// `false`, and keeps nothing, when the record is not behind the last one that was read: a repeated read.
    pub fn push(&mut self, shard: &str, entry: Entry<R>, now: Timestamp) -> bool {
        self.shard(shard).push(entry, now)
    }

    /// A record was read that a filter drops ([`crate::filter::Filters`]): no function sees it, and the mapping goes on
    /// behind it. Returns `false` for a repeated read.
    pub fn pass_over(&mut self, shard: &str, sequence: SequenceNumber) -> bool {
        self.shard(shard).pass_over(sequence)
    }

    /// The next step that can be taken now, if there is one. Shards and their lanes take turns.
    pub fn next(&mut self, now: Timestamp) -> Option<Step<R>> {
        let last = self.last_shard.as_str();
        let behind = self.shards.range::<str, _>((Bound::Excluded(last), Bound::Unbounded));
        let before = self.shards.range::<str, _>((Bound::Unbounded, Bound::Included(last)));
        let due = |shard: &Shard<R>| shard.due_at(&self.options).is_some_and(|at| at <= now);
        let (name, _) = behind.chain(before).find(|(name, shard)| due(shard) && self.is_readable(name))?;
        self.last_shard = name.clone();
        let shard = self.shards.get_mut(&self.last_shard)?;
        let (lane, step) = shard.step(now, &self.options)?;
        Some(match step {
            LaneStep::Discard(dropped) => Step::Discard(dropped.of(&self.last_shard)),
            LaneStep::Invoke { attempt, records } => {
                self.invocation_count = self.invocation_count.saturating_add(1);
                let id = InvocationId(self.invocation_count);
                self.running.insert(id, Running { shard: self.last_shard.clone(), lane });
                Step::Invoke(Invocation {
                    id,
                    attempt,
                    batch: Batch { shard: self.last_shard.clone(), records },
                })
            }
        })
    }

    /// When a step can be taken if no record and no answer comes first; `now` if at once, `None` if never.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let readable = self.shards.iter().filter(|(name, _)| self.is_readable(name));
        readable.filter_map(|(_, shard)| shard.due_at(&self.options)).min().map(|at| at.max(now))
    }

    /// What came of an invocation. An id that is not running changes nothing.
    pub fn complete(&mut self, id: InvocationId, answer: &Answer, now: Timestamp) -> Completed<R> {
        let running = self.running.remove(&id);
        let completed = running.and_then(|Running { shard: name, lane }| {
            self.shards.get_mut(&name)?.complete(&name, lane, answer, now, &self.options)
        });
        completed.unwrap_or(Completed { done_count: 0, again_count: 0, discarded: None, iterator_age: None })
    }

    /// The number up to which a shard is done: nothing at or before it is delivered again.
    #[must_use]
    pub fn checkpoint(&self, shard: &str) -> Option<&SequenceNumber> {
        self.shards.get(shard)?.checkpoint.as_ref()
    }

    /// Every record that is read and neither done nor discarded, running ones too.
    pub fn undone(&self) -> impl Iterator<Item = &R> {
        self.shards.values().flat_map(Shard::undone)
    }

    fn shard(&mut self, name: &str) -> &mut Shard<R> {
        let lane_count = self.options.parallelization_factor;
        self.shards.entry(name.to_owned()).or_insert_with(|| Shard::new(lane_count))
    }
}
