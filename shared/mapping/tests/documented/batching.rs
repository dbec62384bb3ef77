//! When a batch is invoked, and how much is in it.

use super::*;

// *processing*: "By default, Lambda invokes your function as soon as records are available."
#[test]
fn without_a_window_a_single_record_is_invoked_at_once() {
    let mut mapping = with_records(Options::default(), [1]);
    assert_eq!(mapping.next_due(at(0)), Some(at(0)));
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [1]);
}

// *processing*: "Lambda continues to read records … until it has gathered a full batch, the batching window expires, or
// the batch reaches the payload limit of 6 MB."
#[test]
fn the_first_window_begins_with_the_first_record() {
    let options = Options { maximum_batching_window_in_seconds: 10, ..Options::default() };
    let mut mapping = mapping(options);
    mapping.push(SHARD, entry(1, "key", at(0)), at(5));
    mapping.push(SHARD, entry(2, "key", at(9)), at(9));
    assert_eq!(mapping.next_due(at(9)), Some(at(15)), "from the first record that was read, not the last");
    assert_eq!(mapping.next(Timestamp::from_ms(14_999)), None);
    assert_eq!(invoke(&mut mapping, at(15)).batch.records, [1, 2]);
}

// *batching*: "the next window begins as soon as the previous function invocation completes."
#[test]
fn the_next_window_begins_with_the_answer_before_it() {
    let options = Options { batch_size: 2, maximum_batching_window_in_seconds: 10, ..Options::default() };
    let mut mapping = with_records(options, 1..=3);
    let first = invoke(&mut mapping, at(0));
    assert_eq!(mapping.next_due(at(30)), None, "nothing before the answer");
    mapping.complete(first.id, &success(), at(30));
    assert_eq!(mapping.next_due(at(30)), Some(at(40)), "also for a record that had waited before");
    assert_eq!(round(&mut mapping, &success(), at(40)).0, [3]);
    mapping.push(SHARD, entry(4, "key", at(49)), at(49));
    assert_eq!(mapping.next_due(at(49)), Some(at(50)), "what comes in that window waits for its end only");
    assert_eq!(round(&mut mapping, &success(), at(50)).0, [4]);
    mapping.push(SHARD, entry(5, "key", at(60)), at(60));
    assert_eq!(mapping.next_due(at(60)), Some(at(70)), "after an empty window the first record begins one");
}

#[test]
fn a_full_batch_does_not_wait_for_its_window() {
    let options = Options { batch_size: 2, maximum_batching_window_in_seconds: 300, ..Options::default() };
    let mut mapping = with_records(options, [1, 2, 3]);
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [1, 2]);
}

// *batching*: "The payload size reaches 6 MB." Base64 makes four bytes of three, so that 4.5 MB of data are too many.
#[test]
fn a_batch_of_six_megabytes_does_not_wait_and_is_never_larger() {
    let options = Options { maximum_batching_window_in_seconds: 300, ..Options::default() };
    let mut mapping = mapping(options);
    let mebibyte = |n: u64| Entry { bytes: 1_024 * 1_024, ..entry(n, "key", at(0)) };
    for n in 1..=4 {
        mapping.push(SHARD, mebibyte(n), at(0));
    }
    assert_eq!(mapping.next(at(0)), None, "4 MiB are 5.3 MiB in base64, and more has room");
    mapping.push(SHARD, mebibyte(5), at(0));
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [1, 2, 3, 4]);
}

// *parameters*: BatchSize is 100 by default.
#[test]
fn the_default_batch_has_a_hundred_records() {
    let mut mapping = with_records(Options::default(), 1..=150);
    let first = invoke(&mut mapping, at(0));
    assert_eq!(first.batch.records, (1..=100).collect::<Vec<_>>());
    mapping.complete(first.id, &success(), at(0));
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, (101..=150).collect::<Vec<_>>());
}

// *metrics*: "how old the last record in the batch was when processing finished".
#[test]
fn the_iterator_age_is_that_of_the_last_record_when_the_function_has_ended() {
    let mut mapping = mapping(reporting());
    mapping.push(SHARD, entry(1, "k", at(0)), at(10));
    mapping.push(SHARD, entry(2, "k", at(4)), at(10));
    let invocation = invoke(&mut mapping, at(10));
    let age = |completed: Completed<u64>| completed.iterator_age;
    let completed = mapping.complete(invocation.id, &success(), at(15));
    assert_eq!(age(completed), Some(at(11).since(at(0))));
    assert_eq!(age(mapping.complete(invocation.id, &success(), at(15))), None);
}

// *processing*: "Each batch contains records from a single shard/data stream."
#[test]
fn a_batch_is_of_one_shard_and_a_failing_shard_does_not_starve_the_others() {
    let mut mapping = mapping(reporting());
    for n in 1..=4 {
        mapping.push(if n % 2 == 0 { "b" } else { "a" }, entry(n, "key", at(0)), at(0));
    }
    let first = invoke(&mut mapping, at(0));
    assert_eq!((first.batch.shard.as_str(), first.batch.records), ("a", vec![1, 3]));
    mapping.complete(first.id, &Answer::FunctionError, at(0));
    let second = invoke(&mut mapping, at(0));
    assert_eq!((second.batch.shard.as_str(), second.batch.records), ("b", vec![2, 4]));
}

#[test]
fn a_failing_lane_does_not_starve_the_others() {
    let mut mapping = mapping(Options { parallelization_factor: 2, ..reporting() });
    for n in 1..=20 {
        mapping.push(SHARD, entry(n, &format!("key-{n}"), at(0)), at(0));
    }
    let (failing, _) = round(&mut mapping, &Answer::FunctionError, at(0));
    let (next, _) = round(&mut mapping, &success(), at(0));
    assert_ne!(failing, next);
}
