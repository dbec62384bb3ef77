//! Shards, batches, checkpoints.

use beckon_domain::mark::SequenceNumber;
use std::collections::{BTreeMap, VecDeque};

/// The options of a mapping that are modelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Records of one batch at most. AWS: 100 by default, 10,000 at most.
    pub batch_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch_size: 100 }
    }
}

/// What the function answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It returned, with the `itemIdentifier`s of `batchItemFailures` as they stood there.
    Returned(Vec<Option<String>>),
    /// It failed: an error, a timeout, a throttle.
    Failed,
}

/// Records of one shard, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch<R> {
    /// The shard.
    pub shard: String,
    /// The records.
    pub records: Vec<R>,
}

/// What an answer meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Completed {
    /// Records that are done: the checkpoint has moved past them.
    pub done_count: usize,
    /// Records of the batch that are delivered again.
    pub again_count: usize,
}

struct Entry<R> {
    sequence: SequenceNumber,
    record: R,
}

struct Shard<R> {
    waiting: VecDeque<Entry<R>>,
    /// Records at the front that a running invocation has.
    invoked_count: usize,
    checkpoint: Option<SequenceNumber>,
}

/// A mapping of one stream onto one function.
pub struct Mapping<R> {
    options: Options,
    shards: BTreeMap<String, Shard<R>>,
}

impl<R: Clone> Mapping<R> {
    /// A mapping that has read nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, shards: BTreeMap::new() }
    }

    /// A record was read from its shard. Within a shard, records come in the order of their numbers.
    pub fn push(&mut self, shard: &str, sequence: SequenceNumber, record: R) {
        let shard = self.shards.entry(shard.to_owned()).or_insert_with(|| Shard {
            waiting: VecDeque::new(),
            invoked_count: 0,
            checkpoint: None,
        });
        shard.waiting.push_back(Entry { sequence, record });
    }

    /// The next batch: of a shard that has records waiting and no invocation running. One batch of a shard at a time is
    /// what keeps its order (AWS Lambda developer guide, "Using Lambda with Kinesis").
    pub fn next_batch(&mut self) -> Option<Batch<R>> {
        let free = self.shards.iter_mut().find(|(_, s)| s.invoked_count == 0 && !s.waiting.is_empty());
        let (name, shard) = free?;
        shard.invoked_count = shard.waiting.len().min(self.options.batch_size.max(1));
        let records = shard.waiting.iter().take(shard.invoked_count).map(|e| e.record.clone()).collect();
        Some(Batch { shard: name.clone(), records })
    }

    /// The function has answered for the running batch of a shard.
    pub fn complete(&mut self, shard: &str, answer: &Answer) -> Completed {
        let Some(shard) = self.shards.get_mut(shard) else {
            return Completed { done_count: 0, again_count: 0 };
        };
        let invoked_count = std::mem::take(&mut shard.invoked_count);
        let done_count = match answer {
            Answer::Failed => 0,
            Answer::Returned(failures) => done_count(shard, invoked_count, failures),
        };
        if let Some(last) = shard.waiting.drain(..done_count).next_back() {
            shard.checkpoint = Some(last.sequence);
        }
        Completed { done_count, again_count: invoked_count - done_count }
    }

    /// The number up to which a shard is done.
    #[must_use]
    pub fn checkpoint(&self, shard: &str) -> Option<&SequenceNumber> {
        self.shards.get(shard)?.checkpoint.as_ref()
    }

    /// Every record that is read and not done, in flight by its position.
    pub fn undone(&self) -> impl Iterator<Item = &R> {
        self.shards.values().flat_map(|shard| shard.waiting.iter().map(|entry| &entry.record))
    }
}

/// How many records of the batch are done. No failures: all. An identifier that is missing, empty or not of the batch
/// fails the whole batch; several count as the lowest (AWS Lambda developer guide, "Configuring partial batch response
/// with Kinesis").
fn done_count<R>(shard: &Shard<R>, invoked_count: usize, failures: &[Option<String>]) -> usize {
    let mut lowest = invoked_count;
    for failure in failures {
        let sequence = failure.as_deref().and_then(SequenceNumber::parse);
        let index = sequence.and_then(|failed| {
            shard.waiting.iter().take(invoked_count).position(|entry| entry.sequence == failed)
        });
        match index {
            Some(index) => lowest = lowest.min(index),
            None => return 0,
        }
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(n: u64) -> SequenceNumber {
        SequenceNumber::parse(&n.to_string()).unwrap()
    }

    fn mapping(batch_size: usize, records: &[(&str, u64)]) -> Mapping<u64> {
        let mut mapping = Mapping::new(Options { batch_size });
        for (shard, n) in records {
            mapping.push(shard, sequence(*n), *n);
        }
        mapping
    }

    fn failed(ids: &[&str]) -> Answer {
        Answer::Returned(ids.iter().map(|id| Some((*id).to_owned())).collect())
    }

    #[test]
    fn a_batch_is_of_one_shard_in_order_and_bounded_and_alone() {
        let mut mapping = mapping(2, &[("a", 1), ("b", 2), ("a", 3), ("a", 4)]);
        let first = mapping.next_batch().unwrap();
        assert_eq!((first.shard.as_str(), first.records), ("a", vec![1, 3]));
        let second = mapping.next_batch().unwrap();
        assert_eq!((second.shard.as_str(), second.records), ("b", vec![2]));
        assert_eq!(mapping.next_batch(), None, "a shard's next batch waits for its answer");
        mapping.complete("a", &Answer::Returned(Vec::new()));
        assert_eq!(mapping.next_batch().unwrap().records, [4]);
    }

    #[test]
    fn the_checkpoint_moves_to_just_before_the_lowest_failure() {
        let mut mapping = mapping(10, &[("a", 8), ("a", 9), ("a", 10), ("a", 11)]);
        mapping.next_batch().unwrap();
        let completed = mapping.complete("a", &failed(&["11", "10"]));
        assert_eq!(completed, Completed { done_count: 2, again_count: 2 });
        assert_eq!(mapping.checkpoint("a"), Some(&sequence(9)));
        assert_eq!(mapping.next_batch().unwrap().records, [10, 11], "everything after it comes again");
    }

    #[test]
    fn an_identifier_that_is_missing_or_foreign_fails_the_whole_batch() {
        let answers = [
            Answer::Returned(vec![None]),
            failed(&[""]),
            failed(&["99"]),
            failed(&["2", "99"]),
            Answer::Failed,
        ];
        for answer in answers {
            let mut mapping = mapping(10, &[("a", 1), ("a", 2)]);
            mapping.next_batch().unwrap();
            assert_eq!(mapping.complete("a", &answer).done_count, 0, "{answer:?}");
            assert_eq!(mapping.undone().count(), 2);
        }
    }
}
