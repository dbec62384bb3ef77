//! `BisectBatchOnFunctionError`.

use super::*;

fn bisecting(maximum_retry_attempts: u32) -> Options {
    Options {
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(maximum_retry_attempts),
        ..reporting()
    }
}

// *discards*: "splits a failed batch into two smaller batches, isolating bad records".
#[test]
fn the_halves_are_invoked_in_order_and_the_second_after_the_first() {
    let mut mapping = with_records(bisecting(5), 1..=4);
    round(&mut mapping, &Answer::FunctionError, at(0));
    let first = invoke(&mut mapping, at(0));
    assert_eq!(first.batch.records, [1, 2]);
    assert_eq!(mapping.next(at(0)), None, "the second half waits");
    mapping.complete(first.id, &Answer::FunctionError, at(0));
    let order: Vec<_> = (0..3).map(|_| round(&mut mapping, &success(), at(0)).0).collect();
    assert_eq!(order, [vec![1], vec![2], vec![3, 4]], "a half that fails is split before the other begins");
}

// *discards*: "Splitting batches doesn't consume the retry quota."
#[test]
fn a_split_is_no_attempt_and_a_single_bad_record_ends_alone() {
    let bad = 6;
    let mut mapping = with_records(bisecting(2), 1..=8);
    let (mut done, mut attempts_alone, mut dropped) = (Vec::new(), 0, Vec::new());
    while mapping.undone().count() > 0 {
        let invocation = invoke(&mut mapping, at(0));
        let records_of = &invocation.batch.records;
        let is_bad = records_of.contains(&bad);
        attempts_alone += usize::from(*records_of == [bad]);
        let answer = if is_bad { Answer::FunctionError } else { success() };
        let completed = mapping.complete(invocation.id, &answer, at(0));
        if !is_bad {
            done.extend(invocation.batch.records);
        }
        dropped.extend(completed.discarded);
    }
    assert_eq!(done, [1, 2, 3, 4, 5, 7, 8], "every neighbour is done, in order");
    assert_eq!(attempts_alone, 3, "one attempt and two retries, whatever it took to find it");
    assert_eq!(dropped.len(), 1);
    assert_eq!(records(&dropped[0]), [bad]);
    assert_eq!(dropped[0].invoke_count, 6, "with eight, four, two, and three times alone");
}

// *partial*: with both options on, "the batch is bisected at the returned sequence number and Lambda retries only the
// remaining records."
#[test]
fn a_partial_answer_splits_at_its_number() {
    let mut mapping = with_records(bisecting(0), 1..=8);
    let (_, completed) = round(&mut mapping, &failed(&["6"]), at(0));
    assert_eq!((completed.done_count, completed.again_count, completed.discarded), (5, 3, None));
    let again = invoke(&mut mapping, at(0));
    assert_eq!((again.attempt, again.batch.records), (1, vec![6, 7, 8]), "the split was no attempt");
}

// *partial*: "If your invocation fails and BisectBatchOnFunctionError is turned on, the batch is bisected regardless of
// your ReportBatchItemFailures setting." Naming the first record leaves nothing before it: taken for a failure.
#[test]
fn a_batch_whose_first_record_is_named_is_split_in_the_middle() {
    let mut mapping = with_records(bisecting(0), 1..=4);
    round(&mut mapping, &failed(&["1"]), at(0));
    assert_eq!(round(&mut mapping, &failed(&["1"]), at(0)).0, [1, 2]);
    let (given, completed) = round(&mut mapping, &failed(&["1"]), at(0));
    assert_eq!((given, records(&completed.discarded.unwrap())), (vec![1], vec![1]));
    assert_eq!(round(&mut mapping, &success(), at(0)).0, [2]);
    assert_eq!(round(&mut mapping, &success(), at(0)).0, [3, 4]);
}
