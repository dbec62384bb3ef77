//! Age, and the limits of the options.

use super::*;
use beckon_mapping::{DiscardReason, OptionsError};

fn ageing() -> Options {
    Options { maximum_record_age_in_seconds: Some(60), ..reporting() }
}

// *create*: MaximumRecordAgeInSeconds "discard[s] records older than the specified age".
#[test]
fn records_older_than_the_limit_are_discarded_without_being_invoked() {
    let mut mapping = with_records(ageing(), 1..=2);
    mapping.push(SHARD, entry(3, "key", at(30)), at(61));
    let discarded = discard(&mut mapping, at(61));
    assert_eq!(discarded.reason, DiscardReason::RecordAgeExceeded);
    assert_eq!((discarded.invoke_count, records(&discarded)), (0, vec![1, 2]));
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(2)));
    assert_eq!(invoke(&mut mapping, at(61)).batch.records, [3]);
}

#[test]
fn a_record_exactly_as_old_as_the_limit_is_still_invoked() {
    let mut mapping = with_records(ageing(), [1]);
    assert_eq!(invoke(&mut mapping, at(60)).batch.records, [1]);
}

// *discards*: both kinds of errors are retried until the records "exceed the maximum age".
#[test]
fn what_fails_or_cannot_be_invoked_is_discarded_when_it_is_too_old() {
    for (answer, invoke_count) in [(Answer::FunctionError, 1), (Answer::NotInvoked, 0)] {
        let mut mapping = with_records(ageing(), 1..=2);
        mapping.push(SHARD, entry(3, "key", at(30)), at(30));
        round(&mut mapping, &answer, at(30));
        let discarded = discard(&mut mapping, at(61));
        assert_eq!((discarded.invoke_count, records(&discarded)), (invoke_count, vec![1, 2]));
        assert_eq!(invoke(&mut mapping, at(61)).batch.records, [3], "the rest of the batch goes on");
    }
}

#[test]
fn age_ends_a_backoff_and_a_window() {
    let pause = beckon_domain::DurationMs::from_hours(1);
    let options = Options { backoff: pause, maximum_batching_window_in_seconds: 300, ..ageing() };
    let expiry = Timestamp::from_ms(60_001);
    let mut mapping = with_records(options, [1]);
    assert_eq!(mapping.next_due(at(0)), Some(expiry), "before the window ends");
    assert_eq!(records(&discard(&mut mapping, expiry)), [1]);
    let mut mapping = with_records(Options { maximum_batching_window_in_seconds: 0, ..options }, [1]);
    round(&mut mapping, &Answer::FunctionError, at(1));
    assert_eq!(mapping.next_due(at(1)), Some(expiry), "before the pause ends");
    assert_eq!(records(&discard(&mut mapping, expiry)), [1]);
}

// Arrival times are approximate: they need not rise with the numbers.
#[test]
fn an_old_record_behind_a_younger_one_is_not_sent_with_it() {
    let mut mapping = mapping(ageing());
    mapping.push(SHARD, entry(1, "key", at(50)), at(61));
    mapping.push(SHARD, entry(2, "key", at(0)), at(61));
    assert_eq!(round(&mut mapping, &success(), at(61)).0, [1]);
    assert_eq!(records(&discard(&mut mapping, at(61))), [2]);
}

// *parameters* and *create*: the limits of each option.
#[test]
fn options_out_of_aws_limits_are_refused_with_their_names() {
    let ok = Options::default();
    let cases = [
        (Options { batch_size: 0, ..ok }, "BatchSize"),
        (Options { batch_size: 10_001, ..ok }, "BatchSize"),
        (Options { maximum_batching_window_in_seconds: 301, ..ok }, "MaximumBatchingWindowInSeconds"),
        (Options { parallelization_factor: 0, ..ok }, "ParallelizationFactor"),
        (Options { parallelization_factor: 11, ..ok }, "ParallelizationFactor"),
        (Options { maximum_retry_attempts: Some(10_001), ..ok }, "MaximumRetryAttempts"),
        (Options { maximum_record_age_in_seconds: Some(59), ..ok }, "MaximumRecordAgeInSeconds"),
        (Options { maximum_record_age_in_seconds: Some(604_801), ..ok }, "MaximumRecordAgeInSeconds"),
        (Options { payload_limit_bytes: 6 * 1_024 * 1_024 + 1, ..ok }, "the payload limit"),
    ];
    for (options, name) in cases {
        assert_eq!(options.check().unwrap_err().option, name, "{options:?}");
        assert!(Mapping::<u64>::new(options).is_err());
    }
    let most = Options {
        batch_size: 10_000,
        maximum_batching_window_in_seconds: 300,
        parallelization_factor: 10,
        maximum_retry_attempts: Some(10_000),
        maximum_record_age_in_seconds: Some(604_800),
        ..ok
    };
    assert_eq!(most.check(), Ok(()));
    let error = OptionsError { option: "BatchSize", value: 0, min: 1, max: 10_000 };
    assert_eq!(error.to_string(), "BatchSize of the event source mapping is 0: choose 1 to 10000");
}
