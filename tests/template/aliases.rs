//! Safe change: everybody calls a function by its alias, updates move it as parameters say, and what a setting turns on is there
//! only then.

use crate::model::{Template, assert_finds, assert_none, conditions, references, target};
use serde_json::Value;

/// What makes calls: the API, the bus, the schedules, and what each of them is allowed.
const CALLERS: [&str; 6] = [
    "AWS::ApiGatewayV2::Integration",
    "AWS::Lambda::Permission",
    "AWS::Events::Rule",
    "AWS::Scheduler::Schedule",
    "AWS::IAM::Role",
    "AWS::SQS::QueuePolicy",
];

/// The functions that a value names other than by their alias.
fn bare<'a>(value: &'a Value, functions: &[&str], found: &mut Vec<&'a str>) {
    let named = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str());
    found.extend(named.filter(|name| functions.contains(name)));
    match value {
        Value::Array(items) => items.iter().for_each(|item| bare(item, functions, found)),
        Value::Object(fields) => fields.values().for_each(|field| bare(field, functions, found)),
        _ => {}
    }
}

/// What is wrong with how functions are called and updated.
fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let functions = template.functions();
    let names: Vec<&str> = functions.iter().map(|(id, _)| *id).collect();
    for kind in CALLERS {
        for (id, properties) in template.of_type(kind) {
            let mut found = Vec::new();
            bare(properties, &names, &mut found);
            faults
                .extend(found.iter().map(|name| format!("{id}: {name}: name its alias, !Ref {name}.Alias")));
        }
    }
    for (id, function) in &functions {
        if function["AutoPublishAlias"] != "live" || function["AutoPublishAliasAllProperties"] != true {
            faults.push(format!("{id}: AutoPublishAlias must be live, for all of its properties"));
        }
        let preference = &function["DeploymentPreference"];
        if preference["Enabled"] == false {
            continue;
        }
        if !template.is_by_parameter(&preference["Enabled"]) || !template.is_by_parameter(&preference["Type"])
        {
            faults.push(format!("{id}: DeploymentPreference: Enabled and Type must be by a parameter"));
        }
        let own = |alarm: &Value| {
            let dimensions =
                target(alarm).map(|name| &template.root["Resources"][name]["Properties"]["Dimensions"]);
            dimensions.is_some_and(|dimensions| references(dimensions).contains(*id))
        };
        if !preference["Alarms"].as_array().is_some_and(|alarms| alarms.iter().any(own)) {
            faults.push(format!("{id}: DeploymentPreference.Alarms must have an alarm of its own"));
        }
    }
    faults
}

/// A consumer of a stream costs by the hour: it is made only where a parameter says so, and whoever reads by it reads without it.
fn consumers(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, _) in template.of_type("AWS::Kinesis::StreamConsumer") {
        let condition = template.root["Resources"][id]["Condition"].as_str().unwrap_or_default();
        if !template.is_by_parameter(&template.root["Conditions"][condition]) {
            faults.push(format!("{id}: Condition must be by a parameter"));
        }
        for (function, properties) in template.functions() {
            let named =
                |value: &Value| references(value).contains(id) && !conditions(value).contains(condition);
            let events = properties["Events"].as_object().into_iter().flatten();
            faults.extend(events.filter(|(_, event)| named(event)).map(|(event, _)| {
                format!("{function}, event {event}: {id} is not always there: !If [{condition}, …]")
            }));
        }
    }
    faults
}

#[test]
fn everybody_calls_a_function_by_its_alias_and_updates_go_as_parameters_say() {
    assert_none(&faults(&Template::own()));
}

#[test]
fn a_consumer_is_there_only_where_a_parameter_wants_it() {
    let template = Template::own();
    assert_eq!(template.of_type("AWS::Kinesis::StreamConsumer").len(), 1);
    assert_none(&consumers(&template));
}

#[test]
fn what_runs_the_stream_is_a_parameter() {
    let template = Template::own();
    let profiler = &template.functions().into_iter().find(|(id, _)| *id == "ProfilerFunction").unwrap().1;
    let mapping = &profiler["Events"]["Events"]["Properties"];
    let stream = &template.root["Resources"]["EventStream"]["Properties"];
    for (what, value) in [
        ("the profiler's memory", &profiler["MemorySize"]),
        ("the parallelization factor", &mapping["ParallelizationFactor"]),
        ("enhanced fan-out", &mapping["Stream"]),
        ("the mode of the stream", &stream["StreamModeDetails"]["StreamMode"]),
        ("the shards", &stream["ShardCount"]),
    ] {
        assert!(template.is_by_parameter(value), "{what}");
    }
}

const GOOD: &str = r"
Parameters: {Gradual: {Default: 'false'}, How: {Default: AllAtOnce}, Fan: {Default: 'false'}}
Conditions: {HasFan: !Equals [!Ref Fan, 'true']}
Globals: {Function: {AutoPublishAlias: live, AutoPublishAliasAllProperties: true,
    DeploymentPreference: {Enabled: !Ref Gradual, Type: !Ref How}}}
Resources:
  S: {Type: AWS::Kinesis::Stream}
  C: {Type: AWS::Kinesis::StreamConsumer, Condition: HasFan, Properties: {StreamARN: !GetAtt S.Arn}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      DeploymentPreference: {Alarms: [!Ref Errors]}
      Events: {E: {Type: Kinesis, Properties: {Stream: !If [HasFan, !GetAtt C.ConsumerARN, !GetAtt S.Arn]}}}
  Daily: {Type: AWS::Serverless::Function, Properties: {DeploymentPreference: {Enabled: false}}}
  Errors: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: FunctionName, Value: !Ref F}]}}
  Others: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: FunctionName, Value: !Ref Daily}]}}
  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !Ref F.Alias}}
  May: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref F.Alias}}
  Role: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Statement: [{Resource: !Ref Daily.Alias}]}}]}}
";

#[test]
fn who_calls_past_the_alias_is_found() {
    assert_finds(
        faults,
        GOOD,
        &[
            ("IntegrationUri: !Ref F.Alias", "IntegrationUri: !GetAtt F.Arn", "I: F: name its alias"),
            ("FunctionName: !Ref F.Alias", "FunctionName: !Ref F", "May: F: name its alias"),
            ("Resource: !Ref Daily.Alias", "Resource: [!GetAtt Daily.Arn]", "Role: Daily"),
            ("AutoPublishAlias: live, ", "", "F: AutoPublishAlias"),
            ("AutoPublishAliasAllProperties: true,", "", "F: AutoPublishAlias"),
            ("Enabled: !Ref Gradual", "Enabled: true", "F: DeploymentPreference: Enabled"),
            ("[!Ref Errors]", "[!Ref Others]", "F: DeploymentPreference.Alarms"),
        ],
    );
}

#[test]
fn a_consumer_that_is_always_or_never_there_is_found() {
    assert_finds(
        consumers,
        GOOD,
        &[
            ("Condition: HasFan, ", "", "C: Condition"),
            ("!If [HasFan, !GetAtt C.ConsumerARN, !GetAtt S.Arn]", "!GetAtt C.ConsumerARN", "F, event E: C"),
        ],
    );
}
