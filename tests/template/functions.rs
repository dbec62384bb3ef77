//! What every function has: a role and a log group of its own, and alarms that reach somebody.

use crate::mapping::kinesis_events;
use crate::model::{Template, assert_finds, assert_none, each, read, references, rust_files, target};
use serde_json::Value;
use std::collections::BTreeMap;

/// The logical id of the function that is built from a folder: `cart-mailer` is `CartMailerFunction`.
pub fn logical_id(folder: &str) -> String {
    let words = folder.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    words.chain(["Function".to_owned()]).collect()
}

/// What is wrong with roles and logs.
fn own_things(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut users: BTreeMap<String, &str> = BTreeMap::new();
    for (id, function) in template.functions() {
        let log_group = &function["LoggingConfig"]["LogGroup"];
        for (property, value, kind) in [
            ("Role", &function["Role"], "AWS::IAM::Role"),
            ("LoggingConfig.LogGroup", log_group, "AWS::Logs::LogGroup"),
        ] {
            let Some(name) = target(value).filter(|name| template.root["Resources"][name]["Type"] == kind)
            else {
                faults.push(format!("{id}: {property} must be an {kind} of this template"));
                continue;
            };
            if let Some(other) = users.insert(name.to_owned(), id) {
                faults.push(format!("{id}: {property} {name} is {other}'s: give it its own"));
            }
        }
        if function["LoggingConfig"]["LogFormat"] != "JSON" {
            faults.push(format!(
                "{id}: LoggingConfig.LogFormat must be JSON, or LOG_LEVEL's lines are wrapped in text"
            ));
        }
    }
    for (id, group) in template.of_type("AWS::Logs::LogGroup") {
        if group["RetentionInDays"].is_null() {
            faults.push(format!("{id}: RetentionInDays is not set: logs would be kept for ever"));
        }
    }
    faults
}

fn dimension<'a>(alarm: &'a Value, name: &str) -> Option<&'a str> {
    each(&alarm["Dimensions"]).into_iter().find(|d| d["Name"] == name).and_then(|d| target(&d["Value"]))
}

/// What is wrong with alarms.
fn alarms(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let has = |function: &str, metric: &str, statistic: Option<&str>| {
        alarms.iter().any(|(_, alarm)| {
            alarm["Namespace"] == "AWS/Lambda"
                && alarm["MetricName"] == metric
                && dimension(alarm, "FunctionName") == Some(function)
                && statistic.is_none_or(|statistic| alarm["Statistic"] == statistic)
        })
    };
    for (id, function) in template.functions() {
        if !has(id, "Errors", None) {
            faults.push(format!("{id}: no alarm on AWS/Lambda Errors with FunctionName !Ref {id}"));
        }
        if !kinesis_events(&function).is_empty() && !has(id, "IteratorAge", Some("Maximum")) {
            faults.push(format!("{id}: no alarm on AWS/Lambda IteratorAge with Statistic Maximum"));
        }
    }
    for (id, function) in template.functions() {
        let keeps = !function["Environment"]["Variables"]["FAILED_BUCKET"].is_null();
        if keeps && !alarms.iter().any(|(_, alarm)| speaks_of_failed_events(template, &function, alarm)) {
            faults.push(format!("{id}: no alarm on a metric of failed events, of its bucket or of its log"));
        }
        for (event, _) in kinesis_events(&function) {
            let mapping = format!("{id}{event}");
            for metric in ["DroppedEventCount", "OnFailureDestinationDeliveredEventCount"] {
                let is_on = |alarm: &Value| {
                    alarm["MetricName"] == metric
                        && dimension(alarm, "EventSourceMappingUUID") == Some(mapping.as_str())
                };
                if !alarms.iter().any(|(_, alarm)| is_on(alarm)) {
                    faults.push(format!("{id}: no alarm on AWS/Lambda {metric} of {mapping}"));
                }
            }
        }
    }
    for (id, alarm) in &alarms {
        for property in ["TreatMissingData", "AlarmDescription"].iter().filter(|p| alarm[**p].is_null()) {
            faults.push(format!("{id}: {property} is not set"));
        }
        let mut topics = references(&alarm["AlarmActions"]).into_iter();
        let parameter = topics.find(|name| !template.root["Parameters"][name].is_null());
        if parameter.is_none() {
            faults.push(format!("{id}: AlarmActions must name the topic's parameter, or nobody hears of it"));
        }
    }
    faults
}

/// Whether an alarm counts what a function sets aside: objects in its bucket of failed events, or a filter of its log.
fn speaks_of_failed_events(template: &Template, function: &Value, alarm: &Value) -> bool {
    let buckets = references(&function["Environment"]["Variables"]["FAILED_BUCKET"]);
    let of_bucket = dimension(alarm, "BucketName").is_some_and(|name| buckets.contains(name));
    let counted = |filter: &Value| {
        let group = target(&function["LoggingConfig"]["LogGroup"]);
        let of_its_log = group.is_some() && target(&filter["LogGroupName"]) == group;
        let transformed = each(&filter["MetricTransformations"]).into_iter();
        let names_failed = filter["FilterPattern"].to_string().to_lowercase().contains("fail");
        of_its_log && names_failed && transformed.into_iter().any(|t| t["MetricName"] == alarm["MetricName"])
    };
    of_bucket || template.of_type("AWS::Logs::MetricFilter").iter().any(|(_, filter)| counted(filter))
}

/// The folder that a function is built from: `CartMailerFunction` is `cart-mailer`.
fn folder_of(logical_id: &str) -> String {
    let mut folder = String::new();
    for letter in logical_id.trim_end_matches("Function").chars() {
        if letter.is_ascii_uppercase() && !folder.is_empty() {
            folder.push('-');
        }
        folder.push(letter.to_ascii_lowercase());
    }
    folder
}

/// The texts that filters of logs look for, which is what stands in quotes, each with the function whose log it is.
fn messages(template: &Template) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (id, filter) in template.of_type("AWS::Logs::MetricFilter") {
        let group = target(&filter["LogGroupName"]);
        let functions = template.functions();
        let function = functions.iter().find(|(_, f)| target(&f["LoggingConfig"]["LogGroup"]) == group);
        let folder = function.map_or_else(|| "of no function".to_owned(), |(id, _)| folder_of(id));
        let pattern = filter["FilterPattern"].as_str().unwrap_or_default();
        let texts = pattern.split('"').skip(1).step_by(2);
        found.extend(texts.map(|text| (id.to_owned(), folder.clone(), text.to_owned())));
    }
    found
}

#[test]
fn what_a_filter_of_logs_looks_for_is_logged_at_every_level() {
    let found = messages(&Template::own());
    assert!(!found.is_empty(), "no AWS::Logs::MetricFilter looks for a text");
    let template = Template::own();
    let filters = template.of_type("AWS::Logs::MetricFilter");
    let is_measure = |filter: &Value| {
        each(&filter["MetricTransformations"])
            .iter()
            .all(|metric| metric["MetricValue"].as_str() != Some("1"))
    };
    let is_measured: Vec<String> =
        filters.into_iter().filter(|(_, f)| is_measure(f)).map(|(id, _)| id.to_owned()).collect();
    for (id, folder, message) in found {
        let files = rust_files(&format!("functions/{folder}/src"));
        let mut source: String = files.iter().map(|file| read(file)).collect();
        if source.contains("ActiveRuleset") {
            source += &read("shared/store/src/ruleset.rs");
        }
        if source.contains("ActivePropensity") {
            source += &read("shared/store/src/active_model.rs");
        }
        if source.contains("PoolCounts") || source.contains("count_codes") {
            source += &read("shared/store/src/tables/codes/counts.rs");
        }
        // A line with many fields ends on a line of its own.
        let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
        let source = lines.join("\n").replace("\n);", ");");
        let text = format!("\"{message}\");");
        let at = source.find(&text);
        let at =
            at.unwrap_or_else(|| panic!("{id}: FilterPattern: functions/{folder} never logs {message:?}"));
        let begin = source[..at].rfind("tracing::").expect("a line is logged by tracing");
        // What is measured is a figure to look at; what an alarm waits for is never left out.
        if is_measured.contains(&id) && source[begin..].starts_with("tracing::info!") {
            continue;
        }
        assert!(
            source[begin..].starts_with("tracing::error!"),
            "{id}: {message:?} is not logged with LogLevel=ERROR: log it as an error"
        );
    }
}

#[test]
fn every_function_has_its_own_role_and_log_group() {
    assert_none(&own_things(&Template::own()));
}

#[test]
fn every_function_has_its_alarms_and_somebody_hears_them() {
    assert_none(&alarms(&Template::own()));
}

const GOOD: &str = r#"
Parameters: {AlarmTopicArn: {Default: ''}}
Resources:
  PRole: {Type: AWS::IAM::Role}
  PLogs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  P:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt PRole.Arn
      LoggingConfig: {LogGroup: !Ref PLogs, LogFormat: JSON}
      Environment: {Variables: {FAILED_BUCKET: !Ref FailedBucket}}
      Events: {Events: {Type: Kinesis, Properties: {}}}
  QRole: {Type: AWS::IAM::Role}
  QLogs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Q:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt QRole.Arn, LoggingConfig: {LogGroup: !Ref QLogs, LogFormat: JSON}}
  PErrors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: x
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{Name: FunctionName, Value: !Ref P}]
      TreatMissingData: notBreaching
      AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
  PAge: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmDescription: x, Namespace: AWS/Lambda, MetricName: IteratorAge,
      Statistic: Maximum, Dimensions: [{Name: FunctionName, Value: !Ref P}], TreatMissingData: x, AlarmActions: [!Ref AlarmTopicArn]}}
  QErrors: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmDescription: x, Namespace: AWS/Lambda, MetricName: Errors,
      Dimensions: [{Name: FunctionName, Value: !Ref Q}], TreatMissingData: x, AlarmActions: [!Ref AlarmTopicArn]}}
  PDropped: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmDescription: x, MetricName: DroppedEventCount,
      Dimensions: [{Name: EventSourceMappingUUID, Value: !Ref PEvents}], TreatMissingData: x, AlarmActions: [!Ref AlarmTopicArn]}}
  PKept: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmDescription: x, MetricName: OnFailureDestinationDeliveredEventCount,
      Dimensions: [{Name: EventSourceMappingUUID, Value: !Ref PEvents}], TreatMissingData: x, AlarmActions: [!Ref AlarmTopicArn]}}
  Kept: {Type: AWS::Logs::MetricFilter, Properties: {LogGroupName: !Ref PLogs, FilterPattern: '{$.message = "event failed"}',
      MetricTransformations: [{MetricName: FailedEvents}]}}
  Failed: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmDescription: x, Namespace: Beckon, MetricName: FailedEvents,
      TreatMissingData: x, AlarmActions: [!Ref AlarmTopicArn]}}
"#;

#[test]
fn a_shared_or_missing_role_or_log_group_is_found() {
    assert_finds(
        own_things,
        GOOD,
        &[
            ("!GetAtt QRole.Arn", "!GetAtt PRole.Arn", "Q: Role PRole is P's"),
            ("!GetAtt QRole.Arn", "!Ref Elsewhere", "Q: Role must be"),
            ("LogGroup: !Ref QLogs", "LogGroup: !Ref PLogs", "PLogs is P's"),
            ("LogGroup: !Ref QLogs", "ApplicationLogLevel: x", "Q: LoggingConfig.LogGroup must be"),
            ("RetentionInDays: 7", "Name: x", "QLogs: RetentionInDays"),
            ("LogFormat: JSON}}", "LogFormat: Text}}", "Q: LoggingConfig.LogFormat"),
        ],
    );
}

#[test]
fn a_missing_or_mute_alarm_is_found() {
    let mute = "AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]";
    assert_finds(
        alarms,
        GOOD,
        &[
            ("Value: !Ref Q", "Value: !Ref P", "Q: no alarm on AWS/Lambda Errors"),
            ("Statistic: Maximum", "Statistic: Average", "P: no alarm on AWS/Lambda IteratorAge"),
            ("MetricName: FailedEvents,", "MetricName: Other,", "P: no alarm on a metric of failed"),
            ("LogGroupName: !Ref PLogs", "LogGroupName: !Ref QLogs", "P: no alarm on a metric of failed"),
            (
                "MetricName: DroppedEventCount",
                "MetricName: Other",
                "P: no alarm on AWS/Lambda DroppedEventCount",
            ),
            ("Value: !Ref PEvents", "Value: !Ref QEvents", "of PEvents"),
            ("TreatMissingData: notBreaching", "Period: 60", "PErrors: TreatMissingData"),
            ("AlarmDescription: x", "Period: 60", "PErrors: AlarmDescription"),
            (mute, "AlarmActions: []", "PErrors: AlarmActions"),
        ],
    );
}

#[test]
fn a_functions_logical_id_follows_its_folder() {
    assert_eq!(logical_id("cart-mailer"), "CartMailerFunction");
}
