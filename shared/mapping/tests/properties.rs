//! What holds for every sequence of reads, answers and times.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use beckon_domain::mark::SequenceNumber;
use beckon_domain::{DurationMs, Timestamp};
use beckon_mapping::{
    Answer, Completed, DiscardReason, Discarded, Entry, Invocation, Mapping, Options, Step,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A record is told by its number, which no two shards share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Record {
    shard: u8,
    key: u8,
    number: u64,
    arrived_at: Timestamp,
}

#[derive(Clone, Debug)]
enum Action {
    Read { shard: u8, key: u8, age_seconds: u64 },
    Wait { seconds: u64 },
    Step,
    Answer { which: usize, reply: Reply },
}

#[derive(Clone, Copy, Debug)]
enum Reply {
    Success,
    Error,
    NotInvoked,
    Nonsense,
    /// Names the record at this place, if there are so many.
    From(usize),
}

fn options() -> impl Strategy<Value = Options> {
    let retries = prop_oneof![Just(None), (0_u32..4).prop_map(Some)];
    let age = prop_oneof![Just(None), (60_u32..90).prop_map(Some)];
    let payload = prop_oneof![Just(Options::PAYLOAD_BYTES_MAX), Just(4_000_usize)];
    let switches = (any::<bool>(), any::<bool>());
    (1_usize..9, 0_u32..6, 1_usize..4, retries, age, switches, payload, 0_u64..6).prop_map(
        |(batch_size, window, lanes, retries, age, (bisect, report), payload, backoff)| Options {
            batch_size,
            maximum_batching_window_in_seconds: window,
            parallelization_factor: lanes,
            maximum_retry_attempts: retries,
            maximum_record_age_in_seconds: age,
            bisect_batch_on_function_error: bisect,
            report_batch_item_failures: report,
            payload_limit_bytes: payload,
            backoff: DurationMs::from_secs(backoff),
            ..Options::default()
        },
    )
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(Reply::Success),
        Just(Reply::Error),
        Just(Reply::NotInvoked),
        Just(Reply::Nonsense),
        (0_usize..8).prop_map(Reply::From),
    ]
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let read = (0_u8..2, 0_u8..5, 0_u64..3).prop_map(|(shard, key, age_seconds)| Action::Read {
        shard,
        key,
        age_seconds,
    });
    let wait = (0_u64..25).prop_map(|seconds| Action::Wait { seconds });
    let answer = (any::<usize>(), reply()).prop_map(|(which, reply)| Action::Answer { which, reply });
    vec(prop_oneof![4 => read, 1 => wait, 3 => Just(Action::Step), 3 => answer], 1..150)
}

/// A driver that keeps its own books beside the mapping.
struct Books {
    options: Options,
    mapping: Mapping<Record>,
    now: Timestamp,
    read: Vec<Record>,
    ended: BTreeSet<u64>,
    running: Vec<Invocation<Record>>,
}

fn shard_name(shard: u8) -> String {
    format!("shard-{shard}")
}

impl Books {
    fn new(options: Options) -> Self {
        let mapping = Mapping::new(options).expect("within the limits");
        let now = Timestamp::from_ms(1_763_800_000_000);
        Self { options, mapping, now, read: Vec::new(), ended: BTreeSet::new(), running: Vec::new() }
    }

    fn read(&mut self, shard: u8, key: u8, age_seconds: u64) {
        let number = self.read.len() as u64 + 1;
        let arrived_at = self.now - DurationMs::from_secs(age_seconds);
        let record = Record { shard, key, number, arrived_at };
        let entry = Entry {
            sequence: SequenceNumber::parse(&number.to_string()).unwrap(),
            partition_key: format!("key-{key}"),
            bytes: 300,
            arrived_at,
            record,
        };
        assert!(self.mapping.push(&shard_name(shard), entry, self.now));
        self.read.push(record);
    }

    fn end(&mut self, record: &Record) {
        let before = |other: &&Record| other.number < record.number && self.shares_lane(other, record);
        let earlier = self.read.iter().filter(before).find(|other| !self.ended.contains(&other.number));
        assert_eq!(earlier, None, "{record:?} ended before an earlier record of its lane");
        assert!(self.ended.insert(record.number), "{record:?} ended twice");
    }

    /// Certainly of one lane: of one key, or of one shard that has one lane.
    fn shares_lane(&self, one: &Record, other: &Record) -> bool {
        one.shard == other.shard && (one.key == other.key || self.options.parallelization_factor == 1)
    }

    fn is_too_old(&self, record: &Record) -> bool {
        let limit = self.options.maximum_record_age_in_seconds;
        limit.is_some_and(|age| self.now.since(record.arrived_at) > DurationMs::from_secs(age.into()))
    }

    /// Returns whether there was a step.
    fn step(&mut self) -> bool {
        let due = self.mapping.next_due(self.now);
        let step = self.mapping.next(self.now);
        assert_eq!(due == Some(self.now), step.is_some(), "due {due:?} at {:?}: {step:?}", self.now);
        match step {
            None => false,
            Some(Step::Invoke(invocation)) => {
                self.check_invocation(&invocation);
                self.running.push(invocation);
                true
            }
            Some(Step::Discard(discarded)) => {
                assert_eq!(discarded.reason, DiscardReason::RecordAgeExceeded);
                assert!(discarded.entries.iter().all(|e| self.is_too_old(&e.record)), "not too old");
                self.end_discarded(&discarded);
                true
            }
        }
    }

    fn check_invocation(&self, invocation: &Invocation<Record>) {
        let records = &invocation.batch.records;
        assert!((1..=self.options.batch_size).contains(&records.len()));
        assert!(self.options.maximum_retry_attempts.is_none_or(|max| invocation.attempt <= max + 1));
        assert!(records.is_sorted_by_key(|record| record.number));
        assert!(!self.is_too_old(&records[0]), "sent although too old");
        for record in records {
            assert_eq!(shard_name(record.shard), invocation.batch.shard);
            assert!(!self.ended.contains(&record.number), "{record:?} came again after its end");
            let busy = self.running.iter().flat_map(|other| &other.batch.records);
            assert!(
                !busy.into_iter().any(|other| self.shares_lane(other, record)),
                "two of a lane at a time"
            );
        }
    }

    fn answer(&mut self, which: usize, reply: Reply) {
        if self.running.is_empty() {
            return;
        }
        let invocation = self.running.remove(which % self.running.len());
        let records = &invocation.batch.records;
        let named = |place: usize| {
            records.get(place).map_or_else(Vec::new, |record| vec![Some(record.number.to_string())])
        };
        let answer = match reply {
            Reply::Success => Answer::Returned(Vec::new()),
            Reply::Error => Answer::FunctionError,
            Reply::NotInvoked => Answer::NotInvoked,
            Reply::Nonsense => Answer::Returned(vec![None]),
            Reply::From(place) => Answer::Returned(named(place)),
        };
        let completed = self.mapping.complete(invocation.id, &answer, self.now);
        let expected_done = match reply {
            Reply::Success => records.len(),
            Reply::Error | Reply::NotInvoked => 0,
            Reply::Nonsense | Reply::From(_) if !self.options.report_batch_item_failures => records.len(),
            Reply::Nonsense => 0,
            Reply::From(place) => records.len().min(if place < records.len() { place } else { usize::MAX }),
        };
        assert_eq!(completed.done_count, expected_done);
        self.end_completed(records, &completed);
    }

    fn end_completed(&mut self, records: &[Record], completed: &Completed<Record>) {
        records[..completed.done_count].iter().for_each(|record| self.end(record));
        let mut left = records.len() - completed.done_count;
        if let Some(discarded) = &completed.discarded {
            assert_eq!(discarded.reason, DiscardReason::RetryAttemptsExhausted);
            let entries: Vec<Record> = discarded.entries.iter().map(|entry| entry.record).collect();
            assert_eq!(entries, records[completed.done_count..], "the whole rest is discarded");
            left -= entries.len();
            self.end_discarded(discarded);
        }
        assert_eq!(completed.again_count, left);
    }

    fn end_discarded(&mut self, discarded: &Discarded<Record>) {
        assert!(!discarded.entries.is_empty());
        discarded.entries.iter().for_each(|entry| self.end(&entry.record));
    }

    /// The mapping's own account agrees with the books.
    fn check(&self) {
        let undone: BTreeSet<u64> = self.mapping.undone().map(|record| record.number).collect();
        assert_eq!(self.mapping.undone().count(), undone.len(), "undone once");
        let read: BTreeSet<u64> = self.read.iter().map(|record| record.number).collect();
        assert_eq!(undone, &read - &self.ended, "ended, or undone, and nothing else");
        for shard in 0..2 {
            let of_shard = self.read.iter().filter(|record| record.shard == shard).map(|r| r.number);
            let passed = of_shard.take_while(|number| self.ended.contains(number)).last();
            let checkpoint = self.mapping.checkpoint(&shard_name(shard)).map(ToString::to_string);
            assert_eq!(checkpoint, passed.map(|number| number.to_string()), "checkpoint of shard {shard}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_ends_once_and_in_order_whatever_happens(options in options(), actions in actions()) {
        let mut books = Books::new(options);
        for action in actions {
            match action {
                Action::Read { shard, key, age_seconds } => books.read(shard, key, age_seconds),
                Action::Wait { seconds } => books.now = books.now + DurationMs::from_secs(seconds),
                Action::Step => { books.step(); }
                Action::Answer { which, reply } => books.answer(which, reply),
            }
            books.check();
        }
        // From now on everything succeeds: nothing may be left hanging.
        for _ in 0..10_000 {
            while books.step() {}
            if books.running.is_empty() {
                let Some(due) = books.mapping.next_due(books.now) else { break };
                books.now = due;
            }
            books.answer(0, Reply::Success);
        }
        books.check();
        prop_assert_eq!(books.ended.len(), books.read.len());
    }

    #[test]
    fn under_bisecting_a_bad_record_is_discarded_alone_and_all_others_are_done(
        options in options(),
        keys in vec(0_u8..5, 1..60),
        bad in vec(any::<bool>(), 60),
        one_bad in any::<prop::sample::Index>(),
        many in any::<bool>(),
        retries in 0_u32..4,
    ) {
        let options = Options {
            bisect_batch_on_function_error: true,
            maximum_retry_attempts: Some(retries),
            maximum_record_age_in_seconds: None,
            ..options
        };
        let mut books = Books::new(options);
        keys.iter().for_each(|key| books.read(0, *key, 0));
        let one_bad = one_bad.index(keys.len()) as u64 + 1;
        let is_bad = |number: u64| {
            if many { bad[usize::try_from(number).unwrap() % bad.len()] } else { number == one_bad }
        };
        let (mut alone, mut discarded): (BTreeMap<u64, u32>, BTreeSet<u64>) = Default::default();
        while let Some(due) = books.mapping.next_due(books.now) {
            books.now = due;
            let Some(Step::Invoke(invocation)) = books.mapping.next(due) else { panic!("an invocation") };
            books.check_invocation(&invocation);
            let records = &invocation.batch.records;
            let first_bad = records.iter().find(|record| is_bad(record.number));
            let answer = match first_bad {
                None => Answer::Returned(Vec::new()),
                Some(record) if options.report_batch_item_failures => {
                    Answer::Returned(vec![Some(record.number.to_string())])
                }
                Some(_) => Answer::FunctionError,
            };
            if let ([record], Some(_)) = (records.as_slice(), first_bad) {
                *alone.entry(record.number).or_default() += 1;
            }
            let completed = books.mapping.complete(invocation.id, &answer, due);
            books.end_completed(records, &completed);
            if let Some(dropped) = completed.discarded {
                prop_assert_eq!(dropped.entries.len(), 1, "alone");
                discarded.insert(dropped.entries[0].record.number);
            }
        }
        books.check();
        prop_assert_eq!(books.ended.len(), keys.len());
        let expected: BTreeSet<u64> = (1..=keys.len() as u64).filter(|n| is_bad(*n)).collect();
        prop_assert_eq!(&discarded, &expected, "the bad ones and no neighbour");
        for number in expected {
            prop_assert_eq!(alone[&number], retries + 1, "attempts of record {}", number);
        }
    }
}
