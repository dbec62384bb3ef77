//! What a mapping drops by its filters. *filtering* is "Control which events Lambda sends to your function", *kinesis
//! filtering* "Using event filtering with a Kinesis event source".

use super::*;
use beckon_mapping::filter::{FilterError, Filters};

fn passes(pattern: &str, data: &str) -> bool {
    Filters::parse(&[pattern]).unwrap().let_through(data.as_bytes())
}

// *filtering*: the table "Properly filtering Kinesis messages", row by row.
#[test]
fn data_that_is_not_json_passes_no_pattern_of_data_and_is_dropped() {
    let json = r#"{"order": {"type": "buy"}}"#;
    assert!(passes(r#"{"data": {"order": {"type": ["buy"]}}}"#, json));
    assert!(!passes(r#"{"data": {"order": {"type": ["sell"]}}}"#, json));
    assert!(!passes(r#"{"data": {"order": {"type": ["buy"]}}}"#, "plain text"), "dropped");
    for data in [json, "plain text"] {
        assert!(passes("{}", data), "no pattern of data lets everything through");
        assert!(Filters::default().let_through(data.as_bytes()));
    }
    assert_eq!(Filters::parse(&[r#"{"data": "plain"}"#]), Err(FilterError::DataNotAnObject(1)));
}

// *kinesis filtering*: "Kinesis event source mappings only support filtering on the data key".
#[test]
fn only_data_can_be_filtered() {
    let refused = Filters::parse(&["{}", r#"{"partitionKey": ["1"]}"#]);
    assert_eq!(refused, Err(FilterError::NotData { index: 2, key: "partitionKey".to_owned() }));
    assert_eq!(Filters::parse(&["[]"]), Err(FilterError::NotAnObject(1)));
    assert_eq!(Filters::parse(&["{}"; 6]), Err(FilterError::TooMany(6)));
}

// *filtering*: "a record that satisfies any one of the patterns" is sent.
#[test]
fn one_of_several_filters_is_enough() {
    let filters = Filters::parse(&[r#"{"data": {"a": [1]}}"#, r#"{"data": {"b": [2]}}"#]).unwrap();
    assert!(filters.let_through(br#"{"a": 9, "b": 2}"#));
    assert!(!filters.let_through(br#"{"a": 9, "b": 9}"#));
}

// *filtering*: the table of filter rule syntax.
#[test]
fn the_operators_mean_what_the_table_of_filter_rules_says() {
    let cases = [
        (r#"{"u": [null]}"#, r#"{"u": null}"#, r#"{"u": 1}"#),
        (r#"{"u": [""]}"#, r#"{"u": ""}"#, r#"{"u": "x"}"#),
        (r#"{"n": ["Alice"]}"#, r#"{"n": "Alice"}"#, r#"{"n": "alice"}"#),
        (r#"{"n": [{"equals-ignore-case": "alice"}]}"#, r#"{"n": "ALICE"}"#, r#"{"n": "bob"}"#),
        (r#"{"a": ["x"], "b": ["y"]}"#, r#"{"a": "x", "b": "y"}"#, r#"{"a": "x", "b": "z"}"#),
        (r#"{"p": ["cash", "card"]}"#, r#"{"p": "card"}"#, r#"{"p": "debit"}"#),
        (r#"{"$or": [{"a": [1]}, {"b": [1]}]}"#, r#"{"a": 0, "b": 1}"#, r#"{"a": 0, "b": 0}"#),
        (r#"{"w": [{"anything-but": ["rain"]}]}"#, r#"{"w": "sun"}"#, r#"{"w": "rain"}"#),
        (r#"{"p": [{"numeric": ["=", 100]}]}"#, r#"{"p": 100.0}"#, r#"{"p": 101}"#),
        (r#"{"p": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"p": 20}"#, r#"{"p": 10}"#),
        (r#"{"k": [{"exists": true}]}"#, r#"{"k": 0}"#, r#"{"l": 0}"#),
        (r#"{"k": [{"exists": false}]}"#, r#"{"l": 0}"#, r#"{"k": 0}"#),
        (r#"{"r": [{"prefix": "us-"}]}"#, r#"{"r": "us-east-1"}"#, r#"{"r": "eu-us-1"}"#),
        (r#"{"f": [{"suffix": ".png"}]}"#, r#"{"f": "a.png"}"#, r#"{"f": "a.jpg"}"#),
        (r#"{"t": ["x"]}"#, r#"{"t": ["y", "x"]}"#, r#"{"t": []}"#),
        (r#"{"t": [{"newer-than-us": 1}]}"#, r#"{"t": "nothing"}"#, r#"{"t": 1}"#),
    ];
    for (index, (pattern, yes, no)) in cases.into_iter().enumerate() {
        let pattern = format!(r#"{{"data": {pattern}}}"#);
        let is_known = index < cases.len() - 1;
        assert_eq!(passes(&pattern, yes), is_known, "{pattern} {yes}");
        assert!(!passes(&pattern, no), "{pattern} {no}");
    }
}

// *filtering*: records that do not match are not sent, and the mapping goes on behind them.
#[test]
fn a_filtered_record_is_passed_over_and_the_checkpoint_moves_on() {
    let mut mapping = with_records(reporting(), [1]);
    assert!(mapping.pass_over(SHARD, sequence(2)));
    assert!(mapping.push(SHARD, entry(3, "k", at(0)), at(0)));
    assert!(!mapping.pass_over(SHARD, sequence(3)), "it was read before");
    let (records, _) = round(&mut mapping, &success(), at(0));
    assert_eq!(records, [1, 3]);
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(3)));
    assert!(mapping.pass_over(SHARD, sequence(4)));
    assert_eq!(mapping.checkpoint(SHARD), Some(&sequence(4)), "nothing waits before it");
}
