//! Splits and merges (Amazon Kinesis Data Streams developer guide, "Complete the resharding action": what was put before
//! a reshard stays in the parents, which are to be read to their end before the children where order matters).

use super::*;

fn push(mapping: &mut Mapping<u64>, shard: &str, n: u64) {
    assert!(mapping.push(shard, entry(n, "key", at(0)), at(0)));
}

#[test]
fn a_split_shards_children_wait_until_it_is_closed_and_drained() {
    let mut mapping = mapping(reporting());
    push(&mut mapping, "parent", 1);
    for (child, n) in [("left", 2), ("right", 3)] {
        mapping.open_shard(child, ["parent"]);
        push(&mut mapping, child, n);
    }
    assert!(!mapping.is_readable("left") && mapping.is_readable("parent"));
    let parent = invoke(&mut mapping, at(0));
    assert_eq!(parent.batch.shard, "parent");
    assert_eq!(mapping.next(at(0)), None, "the parent's batch is running");
    mapping.complete(parent.id, &success(), at(0));
    assert_eq!(mapping.next(at(0)), None, "more may be in the parent");
    assert_eq!(mapping.next_due(at(0)), None);
    mapping.close_shard("parent");
    assert!(mapping.is_readable("left") && mapping.is_readable("right"));
    let mut children = [invoke(&mut mapping, at(0)).batch.records, invoke(&mut mapping, at(0)).batch.records];
    children.sort_unstable();
    assert_eq!(children, [[2], [3]], "both at once");
}

#[test]
fn a_merged_shard_waits_for_both_parents() {
    let mut mapping = mapping(Options { maximum_retry_attempts: Some(0), ..reporting() });
    push(&mut mapping, "left", 1);
    push(&mut mapping, "right", 2);
    mapping.open_shard("child", ["left", "right"]);
    push(&mut mapping, "child", 3);
    mapping.close_shard("left");
    mapping.close_shard("right");
    assert_eq!(round(&mut mapping, &success(), at(0)).0, [1]);
    assert!(!mapping.is_readable("child"));
    let (_, completed) = round(&mut mapping, &Answer::FunctionError, at(0));
    assert!(completed.discarded.is_some(), "a parent is drained by a discard too");
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [3]);
}

#[test]
fn a_grandchild_waits_for_the_whole_line() {
    let mut mapping = mapping(reporting());
    push(&mut mapping, "c-first", 1);
    mapping.open_shard("b-second", ["c-first"]);
    mapping.open_shard("a-third", ["b-second"]);
    push(&mut mapping, "a-third", 2);
    mapping.close_shard("c-first");
    mapping.close_shard("b-second");
    assert!(!mapping.is_readable("a-third"), "its parent is empty, but the line is not drained");
    assert_eq!(round(&mut mapping, &success(), at(0)).0, [1]);
    assert_eq!(round(&mut mapping, &success(), at(0)).0, [2]);
}

#[test]
fn a_parent_that_has_passed_out_of_the_stream_is_not_waited_for() {
    let mut mapping = mapping(reporting());
    mapping.open_shard("child", ["gone"]);
    push(&mut mapping, "child", 1);
    assert_eq!(invoke(&mut mapping, at(0)).batch.records, [1]);
}

#[test]
fn shards_that_name_each_other_as_parents_are_never_read_and_do_no_harm() {
    let mut mapping = mapping(reporting());
    mapping.open_shard("one", ["other"]);
    mapping.open_shard("other", ["one"]);
    push(&mut mapping, "one", 1);
    assert_eq!(mapping.next(at(0)), None);
    assert_eq!(mapping.undone().count(), 1);
}
