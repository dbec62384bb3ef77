//! Partial answers: `ReportBatchItemFailures`.

use super::*;

// *partial*: "An empty batchItemFailure list" is a complete success.
#[test]
fn an_empty_list_is_a_success() {
    let mut mapping = with_records(reporting(), 8..=11);
    let (_, completed) = round(&mut mapping, &success(), at(0));
    assert_eq!((completed.done_count, completed.again_count, completed.discarded), (4, 0, None));
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(11)));
}

// *partial*: "If the batchItemFailures array contains multiple items, Lambda uses the record with the lowest sequence
// number as the checkpoint. Lambda then retries all records starting from that checkpoint."
#[test]
fn the_lowest_number_is_the_checkpoint_and_everything_from_it_comes_again() {
    let mut mapping = with_records(reporting(), 8..=11);
    let (_, completed) = round(&mut mapping, &failed(&["11", "10"]), at(0));
    assert_eq!((completed.done_count, completed.again_count), (2, 2));
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(9)));
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [10, 11]);
}

// *partial*: an empty, null or misnamed itemIdentifier is a complete failure. One that is not of the batch: undocumented
// for streams; taken for a failure, because nothing is lost by it.
#[test]
fn an_identifier_that_is_missing_empty_or_foreign_fails_the_whole_batch() {
    let answers = [Answer::Returned(vec![None]), failed(&[""]), failed(&["99"]), failed(&["2", "99"])];
    for answer in answers {
        let mut mapping = with_records(reporting(), 1..=3);
        let (_, completed) = round(&mut mapping, &answer, at(0));
        assert_eq!((completed.done_count, completed.again_count), (0, 3), "{answer:?}");
        assert_eq!(invoke(&mut mapping, at(0)).batch.records, [1, 2, 3]);
    }
}

// *partial*: "these responses will not be processed by Lambda unless the ReportBatchItemFailures feature is explicitly
// turned on".
#[test]
fn without_the_option_a_list_is_ignored() {
    let mut mapping = with_records(Options::default(), 1..=3);
    let (_, completed) = round(&mut mapping, &failed(&["1"]), at(0));
    assert_eq!((completed.done_count, completed.again_count), (3, 0));
}

// *partial*: "Lambda treats all other results as a complete failure and retries processing the batch".
#[test]
fn a_function_error_fails_the_whole_batch_which_comes_again_as_it_was() {
    let mut mapping = with_records(reporting(), 1..=3);
    let (_, completed) = round(&mut mapping, &Answer::FunctionError, at(0));
    assert_eq!((completed.done_count, completed.again_count), (0, 3));
    mapping.push(SHARD, entry(4, "key", at(0)), at(0));
    let again = invoke(&mut mapping, at(0));
    assert_eq!((again.attempt, again.batch.records), (2, vec![1, 2, 3]), "the same batch, nothing joins it");
}
