//! The Kinesis event source mappings: every option written down, because a default of today may wait forever.

use crate::model::{Template, assert_finds, assert_none, each, references, target};
use serde_json::Value;

const EXPLICIT: [&str; 11] = [
    "Stream",
    "StartingPosition",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "DestinationConfig",
    "Enabled",
];

/// The Kinesis events of a function: name and properties.
pub fn kinesis_events(function: &Value) -> Vec<(&str, &Value)> {
    let events = function["Events"].as_object().into_iter().flatten();
    let kinesis = events.filter(|(_, event)| event["Type"] == "Kinesis");
    kinesis.map(|(name, event)| (name.as_str(), &event["Properties"])).collect()
}

/// What is wrong with the mappings.
fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut read: Vec<String> = Vec::new();
    for (id, function) in template.functions() {
        for (name, mapping) in kinesis_events(&function) {
            read.extend(target(&mapping["Stream"]).map(ToOwned::to_owned));
            one(template, &function, mapping, &mut |what| faults.push(format!("{id}, event {name}: {what}")));
        }
    }
    let raw = template.of_type("AWS::Lambda::EventSourceMapping");
    faults.extend(raw.iter().map(|(id, _)| format!("{id}: write the mapping as an event of its function")));
    // Two functions behind one stream would both have to keep what neither can apply.
    for (id, _) in template.of_type("AWS::Kinesis::Stream") {
        let count = read.iter().filter(|stream| *stream == id).count();
        if count != 1 {
            faults.push(format!("{id}: one function has one Kinesis event of it; found {count}"));
        }
    }
    faults
}

fn one(template: &Template, function: &Value, mapping: &Value, fault: &mut impl FnMut(String)) {
    for option in EXPLICIT.iter().filter(|option| mapping[**option].is_null()) {
        fault(format!("{option} is not set: write it down"));
    }
    if !mapping["FilterCriteria"].is_null() {
        fault("FilterCriteria: remove it, a filtered record is skipped without a trace".to_owned());
    }
    let numbers = |option: &str| template.numbers(&mapping[option]);
    for option in ["MaximumRetryAttempts", "MaximumRecordAgeInSeconds"] {
        if numbers(option).is_empty() || numbers(option).iter().any(|n| *n < 0) {
            fault(format!("{option} must be a number that ends: -1 holds up its shard for ever"));
        }
    }
    let stream = target(&mapping["Stream"]).unwrap_or_default();
    let hours = template.numbers(&template.root["Resources"][stream]["Properties"]["RetentionPeriodHours"]);
    match (numbers("MaximumRecordAgeInSeconds").iter().max(), hours.iter().min()) {
        (Some(age), Some(hours)) if *age >= hours * 3_600 => fault(format!(
            "MaximumRecordAgeInSeconds may be {age}: keep it below the retention of {stream}, {hours} hours"
        )),
        (_, None) => fault(format!("Stream: {stream} has no RetentionPeriodHours: write it down")),
        _ => {}
    }
    // It tells two lives of a stream apart: that of another stream would tell nothing.
    let variables = function["Environment"]["Variables"].as_object().into_iter().flatten();
    let epochs: Vec<_> = variables.filter(|(name, _)| name.ends_with("STREAM_EPOCH")).collect();
    if epochs.len() != 1 || epochs.iter().any(|(_, value)| target(value) != Some(stream)) {
        fault(format!("one variable …STREAM_EPOCH must be {stream}, which it reads"));
    }
    // A function that reads it keeps as failed what nears the age at which the mapping would discard it.
    let guarded = &function["Environment"]["Variables"]["RECORD_AGE_MAX_SECONDS"];
    if !guarded.is_null() && template.numbers(guarded) != numbers("MaximumRecordAgeInSeconds") {
        fault("MaximumRecordAgeInSeconds must be the function's RECORD_AGE_MAX_SECONDS".to_owned());
    }
    if mapping["BisectBatchOnFunctionError"] != true {
        fault("BisectBatchOnFunctionError must be true".to_owned());
    }
    if each(&mapping["FunctionResponseTypes"]) != ["ReportBatchItemFailures"] {
        fault("FunctionResponseTypes must be [ReportBatchItemFailures]".to_owned());
    }
    let bucket = references(&function["Environment"]["Variables"]["FAILED_BUCKET"]);
    let destination = references(&mapping["DestinationConfig"]["OnFailure"]["Destination"]);
    if destination.is_empty() || destination != bucket {
        fault("DestinationConfig.OnFailure.Destination must be the bucket of FAILED_BUCKET".to_owned());
    }
    if !mapping["Enabled"].is_null() && !template.is_by_parameter(&mapping["Enabled"]) {
        fault("Enabled must be by a parameter: it is how an operator stops the flow".to_owned());
    }
}

#[test]
fn every_option_of_the_mapping_is_written_down_and_bounded() {
    assert_none(&faults(&Template::own()));
}

#[test]
fn what_is_wrong_with_a_mapping_is_found() {
    let good = r"
Parameters: {Flow: {Default: 'true'}, Age: {Default: 3600, MinValue: 60, MaxValue: 7200}}
Resources:
  EventStream: {Type: AWS::Kinesis::Stream, Properties: {RetentionPeriodHours: 24}}
  FailedBucket: {Type: AWS::S3::Bucket}
  ProfilerFunction:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables: {FAILED_BUCKET: !Ref FailedBucket, RECORD_AGE_MAX_SECONDS: !Ref Age, STREAM_EPOCH: !Ref EventStream}
      Events:
        Events:
          Type: Kinesis
          Properties:
            Stream: !GetAtt EventStream.Arn
            StartingPosition: TRIM_HORIZON
            BatchSize: 100
            MaximumBatchingWindowInSeconds: 1
            ParallelizationFactor: 1
            MaximumRetryAttempts: 10
            MaximumRecordAgeInSeconds: !Ref Age
            BisectBatchOnFunctionError: true
            FunctionResponseTypes: [ReportBatchItemFailures]
            DestinationConfig: {OnFailure: {Destination: !GetAtt FailedBucket.Arn}}
            Enabled: !Ref Flow
";
    let extra = "StartingPosition: LATEST\n            FilterCriteria: {Filters: []}";
    assert_finds(
        faults,
        good,
        &[
            ("StartingPosition: TRIM_HORIZON", "Other: 1", "StartingPosition is not set"),
            ("BatchSize: 100", "Other: 1", "ProfilerFunction, event Events: BatchSize is not set"),
            ("MaximumBatchingWindowInSeconds: 1", "Other: 1", "MaximumBatchingWindowInSeconds is not"),
            ("ParallelizationFactor: 1", "Other: 1", "ParallelizationFactor is not set"),
            ("MaximumRetryAttempts: 10", "MaximumRetryAttempts: -1", "MaximumRetryAttempts must be"),
            ("MinValue: 60", "MinValue: -1", "MaximumRecordAgeInSeconds must be a number"),
            ("RECORD_AGE_MAX_SECONDS: !Ref Age", "RECORD_AGE_MAX_SECONDS: '3600'", "must be the function's"),
            (
                "STREAM_EPOCH: !Ref EventStream",
                "STREAM_EPOCH: !Ref Other",
                "STREAM_EPOCH must be EventStream",
            ),
            ("STREAM_EPOCH: !Ref EventStream", "OTHER: 1", "STREAM_EPOCH must be EventStream"),
            ("MaxValue: 7200", "MaxValue: 86400", "may be 86400"),
            ("RetentionPeriodHours: 24", "ShardCount: 1", "no RetentionPeriodHours"),
            ("BisectBatchOnFunctionError: true", "BisectBatchOnFunctionError: false", "must be true"),
            ("[ReportBatchItemFailures]", "[]", "FunctionResponseTypes must be"),
            ("!GetAtt FailedBucket.Arn", "!GetAtt Other.Arn", "bucket of FAILED_BUCKET"),
            ("StartingPosition: TRIM_HORIZON", extra, "FilterCriteria: remove it"),
            ("Enabled: !Ref Flow", "Enabled: true", "Enabled must be by a parameter"),
            ("Type: Kinesis", "Type: SQS", "found 0"),
            ("AWS::S3::Bucket", "AWS::Lambda::EventSourceMapping", "as an event of its function"),
        ],
    );
}
