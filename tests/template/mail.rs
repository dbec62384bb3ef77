//! E-mail: what SES is told about it, and the way of what SES tells back, on which nothing may be lost.

use crate::model::{Template, assert_finds, assert_none, each, references, render, target};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every type of event that SES publishes (API reference of SES v2, `MatchingEventTypes`).
const EVENT_TYPES: [&str; 10] = [
    "BOUNCE",
    "CLICK",
    "COMPLAINT",
    "DELIVERY",
    "DELIVERY_DELAY",
    "OPEN",
    "REJECT",
    "RENDERING_FAILURE",
    "SEND",
    "SUBSCRIPTION",
];

/// What is wrong with a configuration set and with where its events go.
fn sets(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, set) in template.of_type("AWS::SES::ConfigurationSet") {
        if set["DeliveryOptions"]["TlsPolicy"] != "REQUIRE" {
            faults.push(format!(
                "{id}: DeliveryOptions.TlsPolicy must be REQUIRE: mail has names and carts in it"
            ));
        }
        if set["ReputationOptions"]["ReputationMetricsEnabled"] != true {
            faults.push(format!("{id}: ReputationOptions.ReputationMetricsEnabled must be true"));
        }
        let reasons = &set["SuppressionOptions"]["SuppressedReasons"];
        if *reasons != json!(["BOUNCE", "COMPLAINT"]) {
            faults.push(format!("{id}: SuppressionOptions must suppress after BOUNCE and COMPLAINT"));
        }
        let destinations = template.of_type("AWS::SES::ConfigurationSetEventDestination");
        let of_set = destinations.iter().filter(|(_, d)| target(&d["ConfigurationSetName"]) == Some(id));
        let told: BTreeSet<&str> = of_set.flat_map(|(_, destination)| types(destination)).collect();
        for missing in EVENT_TYPES.iter().filter(|kind| !told.contains(*kind)) {
            faults.push(format!("{id}: nobody is told of {missing}: add it to an event destination"));
        }
        if !rules_of(template, id).iter().any(|(_, rule)| reaches_a_function(template, rule)) {
            faults.push(format!("{id}: no AWS::Events::Rule hands its events to a function"));
        }
    }
    faults
}

/// The types that a destination which is on hands to the default bus; SES takes no other.
fn types(destination: &Value) -> Vec<&str> {
    let event = &destination["EventDestination"];
    let bus = render(&event["EventBridgeDestination"]["EventBusArn"]);
    if event["Enabled"] != true || !bus.ends_with(":event-bus/default") {
        return Vec::new();
    }
    each(&event["MatchingEventTypes"]).into_iter().filter_map(Value::as_str).collect()
}

/// The rules for what SES tells of a configuration set's mails, and of no others.
fn rules_of<'a>(template: &'a Template, set: &str) -> Vec<(&'a str, &'a Value)> {
    let is_of = |rule: &Value| {
        let pattern = &rule["EventPattern"];
        let sets = &pattern["detail"]["mail"]["tags"]["ses:configuration-set"];
        pattern["source"] == json!(["aws.ses"])
            && each(sets).iter().filter_map(|name| target(name)).eq([set])
            && rule["EventBusName"].is_null()
            && rule["State"] != "DISABLED"
    };
    template.of_type("AWS::Events::Rule").into_iter().filter(|(_, rule)| is_of(rule)).collect()
}

fn reaches_a_function(template: &Template, rule: &Value) -> bool {
    let functions = template.functions();
    let is_function = |one: &&Value| functions.iter().any(|(id, _)| target(&one["Arn"]) == Some(id));
    each(&rule["Targets"]).iter().any(is_function)
}

/// What is wrong with the rules: what they cannot hand over, and what a function gives up on, must be kept and told.
fn rules(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, rule) in template.of_type("AWS::Events::Rule") {
        for one in each(&rule["Targets"]) {
            let Some(function) = target(&one["Arn"]) else { continue };
            if one["RetryPolicy"].is_null() {
                faults.push(format!("{id}: RetryPolicy of its target is not set"));
            }
            let queue = target(&one["DeadLetterConfig"]["Arn"]);
            if queue.is_none_or(|queue| !may_be_put_into(template, queue, id)) {
                faults.push(format!(
                    "{id}: what it cannot hand over must be kept in a queue that takes it from this rule"
                ));
            }
            if !may_call(template, id, function) {
                faults.push(format!("{id}: no AWS::Lambda::Permission lets it call {function}"));
            }
            let functions = template.functions();
            let made = functions.iter().find(|(found, _)| *found == function).map(|(_, made)| made);
            let given_up = made.map(|made| &made["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]);
            if given_up.is_none_or(|kept| target(&kept["Destination"]) != queue) {
                faults.push(format!(
                    "{function}: EventInvokeConfig must keep what it gives up on in the queue of {id}"
                ));
            }
            if !queue.is_some_and(|queue| is_watched(template, queue)) {
                faults.push(format!("{id}: no alarm says that its queue is not empty"));
            }
        }
    }
    faults
}

fn may_be_put_into(template: &Template, queue: &str, rule: &str) -> bool {
    let policies = template.of_type("AWS::SQS::QueuePolicy").into_iter();
    let of_queue = policies.filter(|(_, policy)| references(&policy["Queues"]).contains(queue));
    let statements = of_queue.flat_map(|(_, policy)| each(&policy["PolicyDocument"]["Statement"]));
    statements.into_iter().any(|statement| {
        statement["Principal"]["Service"] == "events.amazonaws.com"
            && statement["Action"] == "sqs:SendMessage"
            && target(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == Some(rule)
    })
}

fn may_call(template: &Template, rule: &str, function: &str) -> bool {
    template.of_type("AWS::Lambda::Permission").iter().any(|(_, permission)| {
        permission["Principal"] == "events.amazonaws.com"
            && target(&permission["FunctionName"]) == Some(function)
            && target(&permission["SourceArn"]) == Some(rule)
    })
}

fn is_watched(template: &Template, queue: &str) -> bool {
    template.of_type("AWS::CloudWatch::Alarm").iter().any(|(_, alarm)| {
        alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
            && each(&alarm["Dimensions"]).iter().any(|d| references(&d["Value"]).contains(queue))
    })
}

#[test]
fn mail_is_sent_over_tls_and_everything_that_ses_tells_reaches_a_function() {
    let own = Template::own();
    assert!(!own.of_type("AWS::SES::ConfigurationSet").is_empty());
    assert_none(&sets(&own));
}

#[test]
fn an_event_that_cannot_be_taken_over_is_kept_and_somebody_hears_of_it() {
    assert_none(&rules(&Template::own()));
}

const GOOD: &str = r#"
Resources:
  Set:
    Type: AWS::SES::ConfigurationSet
    Properties:
      DeliveryOptions: {TlsPolicy: REQUIRE}
      ReputationOptions: {ReputationMetricsEnabled: true}
      SuppressionOptions: {SuppressedReasons: [BOUNCE, COMPLAINT]}
  Told:
    Type: AWS::SES::ConfigurationSetEventDestination
    Properties:
      ConfigurationSetName: !Ref Set
      EventDestination:
        Enabled: true
        MatchingEventTypes: [SEND, DELIVERY, BOUNCE, COMPLAINT, REJECT, RENDERING_FAILURE, DELIVERY_DELAY, OPEN, CLICK, SUBSCRIPTION]
        EventBridgeDestination: {EventBusArn: !Sub 'arn:aws:events:x:event-bus/default'}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.ses], detail: {mail: {tags: {'ses:configuration-set': [!Ref Set]}}}}
      Targets: [{Arn: !GetAtt F.Arn, Id: f, RetryPolicy: {MaximumRetryAttempts: 9}, DeadLetterConfig: {Arn: !GetAtt Kept.Arn}}]
  F:
    Type: AWS::Serverless::Function
    Properties: {EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Kept.Arn}}}}
  May: {Type: AWS::Lambda::Permission, Properties: {Principal: events.amazonaws.com, FunctionName: !Ref F, SourceArn: !GetAtt Rule.Arn}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Kept]
      PolicyDocument:
        Statement:
          - {Principal: {Service: events.amazonaws.com}, Action: sqs:SendMessage, Condition: {ArnEquals: {aws:SourceArn: !GetAtt Rule.Arn}}}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: ApproximateNumberOfMessagesVisible,
      Dimensions: [{Name: QueueName, Value: !GetAtt Kept.QueueName}]}}
"#;

#[test]
fn mail_without_tls_and_events_that_nobody_is_told_of_are_found() {
    assert_finds(
        sets,
        GOOD,
        &[
            ("TlsPolicy: REQUIRE", "TlsPolicy: OPTIONAL", "Set: DeliveryOptions.TlsPolicy"),
            ("ReputationMetricsEnabled: true", "ReputationMetricsEnabled: false", "ReputationOptions"),
            ("[BOUNCE, COMPLAINT]", "[BOUNCE]", "SuppressionOptions"),
            ("[SEND, DELIVERY, ", "[SEND, ", "nobody is told of DELIVERY"),
            ("Enabled: true\n", "Enabled: false\n", "nobody is told of SEND"),
            ("event-bus/default", "event-bus/own", "nobody is told of BOUNCE"),
            ("[aws.ses]", "[aws.s3]", "no AWS::Events::Rule"),
            ("[!Ref Set]", "[other]", "no AWS::Events::Rule"),
            ("Arn: !GetAtt F.Arn", "Arn: !GetAtt Kept.Arn", "no AWS::Events::Rule"),
        ],
    );
}

#[test]
fn an_event_that_would_be_lost_is_found() {
    assert_finds(
        rules,
        GOOD,
        &[
            ("RetryPolicy: {MaximumRetryAttempts: 9}, ", "", "Rule: RetryPolicy"),
            ("DeadLetterConfig: {Arn: !GetAtt Kept.Arn}", "Input: x", "Rule: what it cannot hand over"),
            ("Queues: [!Ref Kept]", "Queues: [!Ref Other]", "Rule: what it cannot hand over"),
            ("FunctionName: !Ref F", "FunctionName: !Ref G", "lets it call F"),
            ("Destination: !GetAtt Kept.Arn", "Destination: !GetAtt Other.Arn", "F: EventInvokeConfig"),
            ("Value: !GetAtt Kept.QueueName", "Value: other", "no alarm says"),
        ],
    );
}
