//! One batch at a time, of a shard or of a lane.

use super::*;
use std::collections::BTreeMap;

// *processing*: "It processes one batch of records at a time from each shard."
#[test]
fn a_shard_has_one_batch_at_a_time() {
    let options = Options { batch_size: 2, ..Options::default() };
    let mut mapping = with_records(options, 1..=3);
    let first = invoke(&mut mapping, at(0));
    assert_eq!(mapping.next(at(0)), None);
    assert_eq!(mapping.next_due(at(0)), None, "only an answer can change that");
    mapping.complete(first.id, &success(), at(0));
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [3]);
}

// *processing*: with a ParallelizationFactor, "Lambda still ensures in-order processing at the partition-key level."
#[test]
fn lanes_run_at_once_and_a_key_stays_in_its_lane() {
    let options = Options { parallelization_factor: 3, ..Options::default() };
    let mut mapping = mapping(options);
    for n in 0..60 {
        mapping.push(SHARD, entry(n + 1, &format!("key-{}", n % 20), at(0)), at(0));
    }
    let running: Vec<_> = (0..3).map(|_| invoke(&mut mapping, at(0))).collect();
    assert_eq!(mapping.next(at(0)), None, "one batch of a lane at a time");
    let mut lanes: BTreeMap<u64, usize> = BTreeMap::new();
    for (lane, invocation) in running.iter().enumerate() {
        assert!(invocation.batch.records.is_sorted());
        for n in &invocation.batch.records {
            assert_eq!(*lanes.entry((n - 1) % 20).or_insert(lane), lane, "all of a key are in one lane");
        }
    }
    assert_eq!(running.iter().map(|i| i.batch.records.len()).sum::<usize>(), 60);
}

#[test]
fn the_checkpoint_waits_for_the_slowest_lane() {
    let options = Options { parallelization_factor: 2, ..Options::default() };
    let mut mapping = mapping(options);
    for n in 1..=20 {
        mapping.push(SHARD, entry(n, &format!("key-{n}"), at(0)), at(0));
    }
    let (one, other) = (invoke(&mut mapping, at(0)), invoke(&mut mapping, at(0)));
    let (slow, fast) = if one.batch.records[0] == 1 { (one, other) } else { (other, one) };
    mapping.complete(fast.id, &success(), at(0));
    assert_eq!(mapping.checkpoint(SHARD), None, "record 1 is not done");
    mapping.complete(slow.id, &success(), at(0));
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(20)));
    assert_eq!(mapping.undone().count(), 0);
}

#[test]
fn the_checkpoint_never_runs_back_when_a_slow_lane_discards() {
    let options =
        Options { parallelization_factor: 2, maximum_retry_attempts: Some(0), ..Options::default() };
    let mut mapping = mapping(options);
    for n in 1..=20 {
        mapping.push(SHARD, entry(n, &format!("key-{n}"), at(0)), at(0));
    }
    let (one, other) = (invoke(&mut mapping, at(0)), invoke(&mut mapping, at(0)));
    let (slow, fast) = if one.batch.records[0] == 1 { (one, other) } else { (other, one) };
    mapping.complete(fast.id, &success(), at(0));
    assert!(mapping.complete(slow.id, &Answer::FunctionError, at(0)).discarded.is_some());
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(20)));
}

#[test]
fn what_was_read_before_is_not_read_again() {
    let mut mapping = with_records(Options::default(), 1..=3);
    assert!(!mapping.push(SHARD, entry(3, "key", at(0)), at(0)));
    assert!(!mapping.push(SHARD, entry(2, "key", at(0)), at(0)));
    assert!(mapping.push(SHARD, entry(4, "key", at(0)), at(0)));
    assert_eq!(mapping.undone().count(), 4);
}

#[test]
fn an_answer_is_taken_once() {
    let mut mapping = with_records(Options::default(), 1..=3);
    let first = invoke(&mut mapping, at(0));
    assert_eq!(mapping.complete(first.id, &success(), at(0)).done_count, 3);
    mapping.push(SHARD, entry(4, "key", at(0)), at(0));
    let second = invoke(&mut mapping, at(0));
    assert_eq!(mapping.complete(first.id, &success(), at(0)).done_count, 0, "it is not running any more");
    assert_eq!(mapping.undone().collect::<Vec<_>>(), [&4]);
    assert_eq!(mapping.complete(second.id, &success(), at(0)).done_count, 1);
}
