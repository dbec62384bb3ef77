//! Parameters, outputs, and the order of the file: what an operator meets first.

use crate::model::{Template, assert_finds, assert_none, conditions, each, references};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is wrong with parameters, conditions and outputs.
fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, parameter) in template.section("Parameters") {
        if parameter["Description"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{id}: Description is not set"));
        }
        let bounds: &[&str] =
            if parameter["Type"] == "Number" { &["MinValue", "MaxValue"] } else { &["AllowedPattern"] };
        let is_bounded =
            !parameter["AllowedValues"].is_null() || bounds.iter().all(|key| !parameter[*key].is_null());
        if !is_bounded {
            faults.push(format!("{id}: give it AllowedValues, or {}", bounds.join(" and ")));
        }
        if !parameter["AllowedPattern"].is_null() && parameter["ConstraintDescription"].is_null() {
            faults.push(format!("{id}: ConstraintDescription must say in words what AllowedPattern wants"));
        }
        let values = each(&parameter["AllowedValues"]);
        let default = &parameter["Default"];
        if !values.is_empty() && !default.is_null() && !values.contains(&default) {
            faults.push(format!("{id}: Default {default} is not among AllowedValues"));
        }
    }
    for (id, output) in template.section("Outputs") {
        if output["Description"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{id}: the output has no Description"));
        }
    }
    faults.extend(names(template));
    faults.extend(groups(template));
    faults
}

/// Names that lead nowhere, and declarations that nothing leads to.
fn names(template: &Template) -> Vec<String> {
    let ids = |section: &str| -> BTreeSet<String> {
        template.section(section).map(|(id, _)| id.to_owned()).collect()
    };
    let used: Vec<&Value> =
        ["Conditions", "Globals", "Resources", "Outputs"].iter().map(|s| &template.root[*s]).collect();
    let named: BTreeSet<String> = used.iter().flat_map(|section| references(section)).collect();
    let asked: BTreeSet<String> = used.iter().flat_map(|section| conditions(section)).collect();
    // SAM makes a resource of each event, called as the function and the event.
    let events = template.functions().into_iter().flat_map(|(id, function)| {
        let events = function["Events"].as_object().cloned().unwrap_or_default();
        events.keys().map(|event| format!("{id}{event}")).collect::<Vec<_>>()
    });
    let mut known = ids("Parameters");
    known.extend(ids("Resources"));
    known.extend(events);
    let unused = ids("Parameters").into_iter().filter(|id| !named.contains(id));
    let mut faults: Vec<String> =
        unused.map(|id| format!("{id}: the parameter is not used: remove it")).collect();
    let lost = named.iter().filter(|name| !known.contains(*name) && !name.starts_with("AWS::"));
    faults.extend(lost.map(|name| format!("{name}: it is named and nowhere declared")));
    faults.extend(
        ids("Conditions").difference(&asked).map(|id| format!("{id}: the condition is not used: remove it")),
    );
    faults.extend(
        asked.difference(&ids("Conditions")).map(|id| format!("{id}: the condition is nowhere declared")),
    );
    for (id, resource) in template.section("Resources") {
        let texts = unsubstituted(resource).into_iter();
        faults.extend(texts.map(|text| format!("{id}: {text} stays as it is: write !Sub before it")));
        let waits = each(&resource["DependsOn"]).into_iter().filter_map(Value::as_str);
        let lost = waits.filter(|name| !known.contains(*name));
        faults.extend(lost.map(|name| format!("{id}: DependsOn {name}, which is nowhere declared")));
    }
    faults
}

/// Texts with `${Name}` that nothing substitutes.
fn unsubstituted(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.contains("${") => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(unsubstituted).collect(),
        Value::Object(fields) => {
            let within = |(key, value): (&String, &Value)| match (key.as_str(), value) {
                ("Fn::Sub", Value::Array(pair)) => unsubstituted(&pair[1]),
                ("Fn::Sub", _) => Vec::new(),
                (_, value) => unsubstituted(value),
            };
            fields.iter().flat_map(within).collect()
        }
        _ => Vec::new(),
    }
}

/// Every parameter is in one group of the console's form.
fn groups(template: &Template) -> Vec<String> {
    let groups = &template.root["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let listed: Vec<&str> =
        each(groups).into_iter().flat_map(|g| each(&g["Parameters"])).filter_map(Value::as_str).collect();
    let mut faults = Vec::new();
    for (id, _) in template.section("Parameters") {
        let count = listed.iter().filter(|name| **name == id).count();
        if count != 1 {
            faults.push(format!("{id}: it must be in one of ParameterGroups; it is in {count}"));
        }
    }
    let lost = listed.iter().filter(|name| template.root["Parameters"][**name].is_null());
    faults.extend(lost.map(|name| format!("{name}: ParameterGroups name it and nothing declares it")));
    faults
}

/// Under which banner (`# --- …`) resources of a type are looked for: words, one of which it must hold.
const BANNERS: [(&str, &[&str]); 10] = [
    ("AWS::Kinesis::", &["stream"]),
    ("AWS::DynamoDB::", &["table"]),
    ("AWS::SecretsManager::", &["secret"]),
    ("AWS::KMS::", &["key"]),
    ("AWS::S3::", &["failed event", "archive", "models"]),
    ("AWS::KinesisFirehose::", &["archive"]),
    ("AWS::Serverless::Function", &["function"]),
    ("AWS::ApiGatewayV2::", &["http"]),
    ("AWS::Scheduler::", &["schedule"]),
    ("AWS::SES::", &["e-mail"]),
];

/// What is wrong with the order of the text.
fn banners(template: &Template) -> Vec<String> {
    let (mut banner, mut section, mut faults) = (String::new(), "", Vec::new());
    for line in template.text.lines() {
        if let Some(text) = line.trim_start().strip_prefix("# ---") {
            banner = text.trim_matches(['-', ' ']).to_lowercase();
        } else if !line.starts_with([' ', '#']) && line.contains(':') {
            section = line.split(':').next().unwrap_or_default();
            if ["Parameters", "Outputs"].contains(&section) && !banner.contains(&section.to_lowercase()) {
                faults.push(format!("{section}: put a banner (# --- {section} ---) above it"));
            }
            if section == "Resources" {
                banner.clear();
            }
        } else if section == "Resources"
            && line.starts_with("  ")
            && line[2..].starts_with(char::is_alphabetic)
        {
            let id = line[2..].split(':').next().unwrap_or_default();
            let kind = template.root["Resources"][id]["Type"].as_str().unwrap_or_default();
            let words = BANNERS
                .iter()
                .find(|(prefix, _)| kind.starts_with(prefix))
                .map_or(&[""][..], |(_, words)| words);
            if banner.is_empty() || !words.iter().any(|word| banner.contains(word)) {
                faults.push(format!("{id}: {kind} is below the banner `{banner}`: put it below its own"));
            }
        }
    }
    faults
}

#[test]
fn parameters_are_described_bounded_and_used() {
    assert_none(&faults(&Template::own()));
}

#[test]
fn every_resource_is_below_the_banner_of_its_kind() {
    assert_none(&banners(&Template::own()));
}

const GOOD: &str = r"
Metadata: {'AWS::CloudFormation::Interface': {ParameterGroups: [{Parameters: [Stage, Count, Sender]}]}}
# --- Parameters ---
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, live], Description: Which.}
  Count: {Type: Number, MinValue: 1, MaxValue: 9, Description: How many.}
  Sender: {Type: String, AllowedPattern: ^.+@.+$, ConstraintDescription: an address, Description: Who.}
Conditions:
  IsLive: !Equals [!Ref Stage, live]
Resources:
  # --- Stream ---
  Events:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: !If [IsLive, !Ref Count, 1], Tags: [{Key: sender, Value: !Sub '${Sender}'}]}
  # --- Tables ---
  Table:
    Type: AWS::DynamoDB::Table
    DependsOn: Events
# --- Outputs ---
Outputs:
  Name: {Description: Its name., Value: !Ref Table}
";

#[test]
fn a_parameter_that_cannot_be_understood_is_found() {
    assert_finds(
        faults,
        GOOD,
        &[
            ("Description: Which.", "Description: ''", "Stage: Description"),
            ("MaxValue: 9, ", "", "Count: give it AllowedValues, or MinValue and MaxValue"),
            ("AllowedValues: [dev, live], ", "", "Stage: give it AllowedValues, or AllowedPattern"),
            ("ConstraintDescription: an address, ", "", "Sender: ConstraintDescription"),
            ("Default: dev", "Default: test", "Stage: Default"),
            ("!Ref Count", "3", "Count: the parameter is not used"),
            ("'${Sender}'", "'${Other}'", "Other: it is named and nowhere declared"),
            ("!If [IsLive,", "!If [IsDead,", "IsLive: the condition is not used"),
            ("!If [IsLive,", "!If [IsDead,", "IsDead: the condition is nowhere declared"),
            ("!Sub '${Sender}'", "'${Sender}'", "Events: ${Sender} stays as it is"),
            ("DependsOn: Events", "DependsOn: Other", "Table: DependsOn Other"),
            ("Description: Its name., ", "", "Name: the output has no Description"),
            ("[Stage, Count, Sender]", "[Stage, Count]", "Sender: it must be in one of"),
            ("[Stage, Count, Sender]", "[Stage, Count, Sender, Old]", "Old: ParameterGroups name it"),
        ],
    );
}

#[test]
fn a_resource_in_the_wrong_place_is_found() {
    assert_finds(
        banners,
        GOOD,
        &[
            ("  # --- Tables ---\n", "", "Table: AWS::DynamoDB::Table is below the banner `stream`"),
            ("  # --- Stream ---\n", "", "Events: AWS::Kinesis::Stream is below the banner ``"),
            ("# --- Outputs ---\n", "", "Outputs: put a banner"),
        ],
    );
}
