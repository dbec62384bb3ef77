//! A role allows exactly the calls that are made with it: `calls.yaml` says which, the source proves it, and the roles of
//! the template are held against it.

use crate::environment::folders;
use crate::functions::logical_id;
use crate::model::{Template, assert_finds, assert_none, each, read, target};
use crate::policies::{WITHOUT_RESOURCE, of_role};
use crate::source::{Call, called_by, calls_of, methods};
use crate::yaml;
use serde_json::Value;
use std::collections::BTreeSet;

fn written() -> Value {
    yaml::parse(&read("tests/template/calls.yaml"))
        .unwrap_or_else(|e| panic!("tests/template/calls.yaml: {e}"))
}

fn calls(section: &Value) -> BTreeSet<Call> {
    let actions = section.as_object().into_iter().flatten();
    let pairs = actions.flat_map(|(action, on)| {
        each(on).into_iter().map(move |r| (action.clone(), r.as_str().unwrap().to_owned()))
    });
    pairs.collect()
}

/// What a statement's resource is in this template: `${Table.Arn}/index/due` is `Table/index/due`; of an ARN that is
/// written out, what it names first.
fn logical(resource: &str) -> String {
    let name = |text: &str| text.split(['.', '}']).next().unwrap_or_default().to_owned();
    if let Some(rest) = resource.strip_prefix("${") {
        let below = rest.split_once('}').map_or("", |(_, below)| below);
        return name(rest) + below;
    }
    let tail = resource.rsplit("${AWS::AccountId}:").next().unwrap_or(resource);
    let after = |mark: &str| tail.split(mark).nth(1);
    match after("${").or_else(|| after("\"Fn::GetAtt\":[\"")).or_else(|| after("\"Ref\":\"")) {
        Some(rest) => rest.split(['.', '}', '"']).next().unwrap_or_default().to_owned(),
        None => resource.to_owned(),
    }
}

/// What a role allows.
fn allowed(template: &Template, role: &str) -> BTreeSet<Call> {
    let statements = of_role(role, &template.root["Resources"][role]["Properties"]);
    let mut found = BTreeSet::new();
    for statement in statements.iter().filter(|s| s.value["Effect"] == "Allow") {
        for resource in statement.resources() {
            found.extend(statement.actions().into_iter().map(|action| (action, logical(&resource))));
        }
    }
    found
}

fn compare(role: &str, needed: &BTreeSet<Call>, allowed: &BTreeSet<Call>) -> Vec<String> {
    let missing = needed
        .difference(allowed)
        .map(|(action, on)| format!("{role}: {action} on {on} is called and not allowed: add it"));
    let wide = allowed.difference(needed).map(|(action, on)| {
        format!("{role}: {action} on {on} is allowed and not in tests/template/calls.yaml: remove it, or write who calls it")
    });
    missing.chain(wide).collect()
}

/// What is wrong with the roles of a template, given who calls what.
fn faults(template: &Template, written: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut known = BTreeSet::new();
    for (folder, made) in written["functions"].as_object().into_iter().flatten() {
        let id = logical_id(folder);
        let functions = template.functions();
        let Some((_, function)) = functions.iter().find(|(found, _)| *found == id) else {
            faults.push(format!("{id}: it is in tests/template/calls.yaml and not in the template"));
            continue;
        };
        let role = target(&function["Role"]).unwrap_or_default();
        let mut needed = calls(&made["code"]);
        needed.extend(calls(&made["service"]));
        let logs = target(&function["LoggingConfig"]["LogGroup"]).unwrap_or_default();
        needed.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(|a| (a.to_owned(), logs.to_owned())));
        faults.extend(compare(role, &needed, &allowed(template, role)));
        known.insert(role.to_owned());
    }
    for (role, made) in written["roles"].as_object().into_iter().flatten() {
        faults.extend(compare(role, &calls(made), &allowed(template, role)));
        known.insert(role.clone());
    }
    for (role, properties) in template.of_type("AWS::IAM::Role") {
        if !known.contains(role) {
            faults.push(format!("{role}: nobody in tests/template/calls.yaml has this role"));
        }
        faults.extend(unconditional(role, properties));
    }
    faults
}

/// What a role may do with keys and mail only under a condition.
fn unconditional(role: &str, properties: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for statement in of_role(role, properties) {
        for (service, key) in [("kms:", "kms:ViaService"), ("ses:", "ses:FromAddress")] {
            let mut actions = statement.actions().into_iter();
            let is_of = actions.any(|a| a.starts_with(service) && !WITHOUT_RESOURCE.contains(&a.as_str()));
            if is_of && statement.value["Condition"]["StringEquals"][key].is_null() {
                faults.push(format!(
                    "{}: {service}* without the condition StringEquals {key}",
                    statement.place
                ));
            }
        }
    }
    faults
}

#[test]
fn every_role_allows_exactly_the_calls_that_are_made_with_it() {
    assert_none(&faults(&Template::own(), &written()));
}

#[test]
fn the_list_of_calls_is_what_the_code_calls() {
    let (written, methods) = (written(), methods());
    let mut faults = Vec::new();
    let mut reached = BTreeSet::new();
    for folder in folders() {
        let called = called_by(&folder, &methods);
        let made = calls_of(&folder, &methods);
        let listed = calls(&written["functions"][&folder]["code"]);
        let place = |(action, on): &Call| format!("tests/template/calls.yaml, {folder}: {action} on {on}");
        faults.extend(made.difference(&listed).map(|call| format!("{} is called: add it", place(call))));
        faults
            .extend(listed.difference(&made).map(|call| format!("{} is not called: remove it", place(call))));
        reached.extend(called.into_iter().map(|(_, method)| method));
    }
    // Methods behind a port's methods are reached through them.
    let outside: BTreeSet<&str> =
        each(&written["outside"]).into_iter().map(|m| m.as_str().unwrap()).collect();
    for (port, method) in methods.keys() {
        let is_entry = !port.is_empty() || method == "create_missing";
        match (is_entry && !reached.contains(method), outside.contains(method.as_str())) {
            (true, false) => faults
                .push(format!("{port}::{method} calls AWS and no function calls it: add it to `outside`")),
            (false, true) => {
                faults.push(format!("{port}::{method} is called by a function: take it out of `outside`"))
            }
            _ => {}
        }
    }
    assert_none(&faults);
}

#[test]
fn a_right_too_many_and_a_right_too_few_are_found() {
    let written = yaml::parse(
        "functions: {mailer: {code: {dynamodb:Query: [T/index/due], ses:SendEmail: [Identity]}, service: {kms:Decrypt: [Key]}}}",
    );
    let written = written.unwrap();
    let good = r#"
Resources:
  MailerFunction: {Type: AWS::Serverless::Function, Properties: {Role: !GetAtt Role.Arn, LoggingConfig: {LogGroup: !Ref Logs}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: mailer
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: !GetAtt Logs.Arn}
              - {Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${T.Arn}/index/due'}
              - Effect: Allow
                Action: ses:SendEmail
                Resource: !Sub
                  - arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${Name}
                  - Name: !If [Has, !Ref Identity, !Ref Sender]
                Condition: {StringEquals: {ses:FromAddress: !Ref Sender}}
              - Effect: Allow
                Action: kms:Decrypt
                Resource: !GetAtt Key.Arn
                Condition: {StringEquals: {kms:ViaService: x}}
"#;
    assert_finds(
        |template| faults(template, &written),
        good,
        &[
            (
                "dynamodb:Query",
                "[dynamodb:Query, dynamodb:Scan]",
                "Role: dynamodb:Scan on T/index/due is allowed",
            ),
            ("${T.Arn}/index/due", "${T.Arn}", "Role: dynamodb:Query on T/index/due is called"),
            ("logs:PutLogEvents]", "logs:DeleteLogGroup]", "logs:PutLogEvents on Logs is called"),
            ("kms:ViaService: x", "aws:SourceAccount: x", "Role, policy mailer: kms:* without"),
            ("ses:FromAddress", "ses:Other", "ses:* without"),
            ("MailerFunction:", "OtherFunction:", "MailerFunction: it is in"),
            ("  Role:\n", "  Spare: {Type: AWS::IAM::Role}\n  Role:\n", "Spare: nobody"),
        ],
    );
}
