//! What every function and every table is watched for: alarms on their errors and on what they are refused.

use crate::known::Looked;
use crate::model::{Template, assert_finds, assert_none, read};
use crate::yaml;
use serde_json::Value;
use std::collections::BTreeSet;

/// Tables of which several items are written at once. A transaction is an operation of its own, and has no right of its own.
const TRANSACTED: [&str; 3] = ["AuditTable", "ConfigTable", "OutreachTable"];

/// A metric and its dimensions without the table's or the function's name.
type Watched = BTreeSet<(String, Vec<String>)>;

/// Metrics that alarms look at whose first dimension is this resource.
fn watched(template: &Template, dimension: &str, id: &str) -> Watched {
    let reference = format!("${{{id}}}");
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let looked = alarms.iter().flat_map(|(_, alarm)| Looked::by_alarm(alarm)).map(|(_, looked)| looked);
    looked
        .filter(|looked| looked.dimensions.first() == Some(&(dimension.to_owned(), reference.clone())))
        .map(|looked| (looked.name, looked.dimensions.into_iter().skip(1).map(|(_, value)| value).collect()))
        .collect()
}

/// What calls.yaml lets be done with a table.
fn operations(calls: &Value, table: &str) -> BTreeSet<String> {
    let of_functions = calls["functions"].as_object().into_iter().flatten();
    let made = of_functions.flat_map(|(_, function)| function["code"].as_object().into_iter().flatten());
    let is_on = |on: &Value| on.as_str().and_then(|on| on.split('/').next()) == Some(table);
    let on_table = made.filter(|(_, on)| on.as_array().into_iter().flatten().any(is_on));
    let operations = on_table.filter_map(|(action, _)| action.strip_prefix("dynamodb:"));
    let transaction = TRANSACTED.contains(&table).then_some("TransactWriteItems");
    operations.chain(transaction).map(ToOwned::to_owned).collect()
}

/// What nobody would be told of.
fn unwatched(template: &Template, calls: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut compare = |id: &str, wanted: Watched, found: Watched| {
        let say =
            |(name, rest): &(String, Vec<String>)| format!("{name} {}", rest.join(" ")).trim_end().to_owned();
        faults.extend(wanted.difference(&found).map(|one| format!("{id}: no alarm on {}", say(one))));
        faults.extend(
            found.difference(&wanted).map(|one| format!("{id}: an alarm on {} says nothing", say(one))),
        );
    };
    for (id, _) in template.functions() {
        let wanted = ["Errors", "Throttles"].map(|name| (name.to_owned(), vec![]));
        let found = watched(template, "FunctionName", id);
        let found = found.into_iter().filter(|(name, _)| name != "IteratorAge").collect();
        compare(id, wanted.into(), found);
    }
    for (id, table) in template.of_type("AWS::DynamoDB::Table") {
        let indexes = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let indexes = indexes.map(|index| vec![index["IndexName"].as_str().unwrap_or_default().to_owned()]);
        let mut wanted = Watched::new();
        for of in indexes.chain([vec![]]) {
            wanted.extend(
                ["ReadThrottleEvents", "WriteThrottleEvents"].map(|name| (name.to_owned(), of.clone())),
            );
        }
        wanted.extend(
            operations(calls, id).into_iter().map(|operation| ("SystemErrors".to_owned(), vec![operation])),
        );
        compare(id, wanted, watched(template, "TableName", id));
    }
    faults
}

#[test]
fn every_function_and_table_is_watched_for_errors_and_for_what_it_is_refused() {
    let calls = yaml::parse(&read("tests/template/calls.yaml")).unwrap();
    assert_none(&unwatched(&Template::own(), &calls));
}

#[test]
fn what_nobody_would_be_told_of_is_found() {
    let alarm = |namespace: &str, name: &str, dimensions: &str| {
        format!(
            "{{Type: AWS::CloudWatch::Alarm, Properties: {{Namespace: {namespace}, MetricName: {name}, Statistic: Sum, \
             Dimensions: [{dimensions}]}}}}"
        )
    };
    let of_function = "{Name: FunctionName, Value: !Ref FFunction}";
    let of_table = "{Name: TableName, Value: !Ref ConfigTable}";
    let good = format!(
        "Resources:
  FFunction: {{Type: AWS::Serverless::Function, Properties: {{MemorySize: 1}}}}
  ConfigTable: {{Type: AWS::DynamoDB::Table, Properties: {{GlobalSecondaryIndexes: []}}}}
  A: {}
  B: {}
  C: {}
  D: {}
  E: {}
  F: {}
",
        alarm("AWS/Lambda", "Errors", of_function),
        alarm("AWS/Lambda", "Throttles", of_function),
        alarm("AWS/DynamoDB", "ReadThrottleEvents", of_table),
        alarm("AWS/DynamoDB", "WriteThrottleEvents", of_table),
        alarm("AWS/DynamoDB", "SystemErrors", &format!("{of_table}, {{Name: Operation, Value: GetItem}}")),
        alarm(
            "AWS/DynamoDB",
            "SystemErrors",
            &format!("{of_table}, {{Name: Operation, Value: TransactWriteItems}}")
        ),
    );
    let calls = yaml::parse("functions: {f: {code: {dynamodb:GetItem: [ConfigTable], s3:GetObject: [B/x]}}}")
        .unwrap();
    assert_finds(
        |template| unwatched(template, &calls),
        &good,
        &[
            ("Throttles", "Duration", "FFunction: no alarm on Throttles"),
            ("WriteThrottleEvents", "ReadThrottleEvents", "ConfigTable: no alarm on WriteThrottleEvents"),
            ("[]", "[{IndexName: due}]", "ConfigTable: no alarm on ReadThrottleEvents due"),
            ("Value: GetItem", "Value: Scan", "ConfigTable: no alarm on SystemErrors GetItem"),
            ("Value: GetItem", "Value: Scan", "ConfigTable: an alarm on SystemErrors Scan says nothing"),
            ("Value: TransactWriteItems", "Value: GetItem", "no alarm on SystemErrors TransactWriteItems"),
        ],
    );
}
