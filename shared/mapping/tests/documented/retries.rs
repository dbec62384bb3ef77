//! Retries: how often, how long, and what comes after.

use super::*;
use beckon_domain::DurationMs;
use beckon_mapping::DiscardReason;

fn retrying(maximum_retry_attempts: u32) -> Options {
    Options { maximum_retry_attempts: Some(maximum_retry_attempts), ..reporting() }
}

// *discards*: "Lambda retries until the records … reach the configured retry quota"; then "Lambda discards the records
// and continues processing batches from the stream."
#[test]
fn a_batch_is_tried_once_and_retried_as_often_as_allowed_then_discarded() {
    let mut mapping = with_records(Options { batch_size: 2, ..retrying(2) }, 1..=3);
    for attempt in 1..=2 {
        let invocation = invoke(&mut mapping, at(0));
        assert_eq!(invocation.attempt, attempt);
        let completed = mapping.complete(invocation.id, &Answer::FunctionError, at(0));
        assert_eq!((completed.again_count, completed.discarded), (2, None));
    }
    let (_, last) = round(&mut mapping, &Answer::FunctionError, at(0));
    let discarded = last.discarded.unwrap();
    assert_eq!((last.done_count, last.again_count), (0, 0));
    assert_eq!(discarded.reason, DiscardReason::RetryAttemptsExhausted);
    assert_eq!((discarded.invoke_count, records(&discarded)), (3, vec![1, 2]));
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(2)), "the checkpoint has passed them");
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [3], "the rest goes on");
}

// *parameters*: MaximumRetryAttempts is -1 by default: "failed records are retried until the record expires".
#[test]
fn by_default_a_batch_is_retried_for_ever() {
    let mut mapping = with_records(reporting(), [1]);
    for _ in 0..20_000 {
        let (_, completed) = round(&mut mapping, &Answer::FunctionError, at(0));
        assert_eq!((completed.again_count, completed.discarded), (1, None));
    }
}

// *discards*: "If a Lambda event source mapping is unable to invoke the function due to throttling or other issues, it
// retries until the records expire or exceed the maximum age".
#[test]
fn an_invocation_that_did_not_take_place_is_no_attempt() {
    let options = Options { bisect_batch_on_function_error: true, ..retrying(0) };
    let mut mapping = with_records(options, 1..=2);
    for _ in 0..1_000 {
        let invocation = invoke(&mut mapping, at(0));
        assert_eq!(
            (invocation.attempt, invocation.batch.records),
            (1, vec![1, 2]),
            "neither split nor counted"
        );
        mapping.complete(invocation.id, &Answer::NotInvoked, at(0));
    }
}

// A choice: AWS documents nothing about the count after a partial success.
#[test]
fn progress_starts_the_count_anew() {
    let mut mapping = with_records(retrying(1), 1..=3);
    let (_, completed) = round(&mut mapping, &failed(&["2"]), at(0));
    assert_eq!((completed.done_count, completed.again_count), (1, 2), "the first failure of record 2");
    let (_, completed) = round(&mut mapping, &failed(&["3"]), at(0));
    assert_eq!((completed.done_count, completed.again_count), (1, 1), "the first failure of record 3");
    let (_, completed) = round(&mut mapping, &failed(&["3"]), at(0));
    assert_eq!(records(&completed.discarded.unwrap()), [3]);
}

#[test]
fn without_retries_a_partial_answer_discards_what_it_names_and_what_follows() {
    let mut mapping = with_records(retrying(0), 1..=3);
    let (_, completed) = round(&mut mapping, &failed(&["2"]), at(0));
    assert_eq!((completed.done_count, completed.again_count), (1, 0));
    assert_eq!(records(&completed.discarded.unwrap()), [2, 3]);
}

// A choice: AWS does not document its back-off.
#[test]
fn a_failed_batch_waits_for_its_backoff_and_its_shard_with_it() {
    let mut mapping = with_records(Options { backoff: DurationMs::from_secs(7), ..reporting() }, 1..=2);
    round(&mut mapping, &Answer::FunctionError, at(10));
    mapping.push(SHARD, entry(3, "key", at(10)), at(10));
    assert_eq!(mapping.next_due(at(10)), Some(at(17)));
    assert_eq!(mapping.next(Timestamp::from_ms(16_999)), None);
    assert_eq!(round(&mut mapping, &success(), at(17)).0, [1, 2]);
    assert_eq!(invoke(&mut mapping, at(17)).batch.records, [3], "after a success nothing waits");
}
