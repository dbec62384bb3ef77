//! `samconfig.toml`: the environments, and settings without which SAM builds or deploys something else.

use crate::model::{Template, assert_none, each, read};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// `default` is what `sam deploy` takes without a name: dev.
const ENVIRONMENTS: [&str; 3] = ["default", "staging", "production"];

/// A setting of a command in an environment; what `global` says holds for every command. SAM lets no environment inherit
/// from `default`.
fn setting<'a>(config: &'a Table, environment: &str, command: &str, name: &str) -> Option<&'a Value> {
    let of = |command: &str| config.get(environment)?.get(command)?.get("parameters")?.get(name);
    of(command).or_else(|| of("global"))
}

/// The overrides of an environment: a list or a text of `Name=value`, as SAM reads both.
fn overrides(config: &Table, environment: &str) -> Vec<(String, String)> {
    let words: Vec<String> = match setting(config, environment, "deploy", "parameter_overrides") {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        Some(Value::String(text)) => text.split_whitespace().map(ToOwned::to_owned).collect(),
        _ => Vec::new(),
    };
    let pair = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or((word.as_str(), ""));
        (name.to_owned(), value.trim_matches('"').to_owned())
    };
    words.iter().map(pair).collect()
}

/// What is wrong with a configuration for a template.
fn faults(template: &Template, text: &str) -> Vec<String> {
    let config: Table = match text.parse() {
        Ok(config) => config,
        Err(error) => return vec![format!("samconfig.toml is not TOML: {error}")],
    };
    let mut faults = Vec::new();
    if config.get("version").is_none() {
        faults.push("samconfig.toml: version is not set: SAM refuses the file".to_owned());
    }
    for environment in ENVIRONMENTS.iter().filter(|name| !config.contains_key(**name)) {
        faults.push(format!("samconfig.toml: the environment {environment} is missing"));
    }
    let mut stacks = BTreeSet::new();
    for environment in config.keys().filter(|key| *key != "version") {
        let mut fault = |what: String| faults.push(format!("samconfig.toml, {environment}: {what}"));
        for name in ["cached", "parallel"] {
            if setting(&config, environment, "build", name).and_then(Value::as_bool) != Some(false) {
                fault(format!("[{environment}.build.parameters] must say {name} = false"));
            }
        }
        if setting(&config, environment, "validate", "lint").and_then(Value::as_bool) == Some(true) {
            fault("lint = true takes the translation of the template out of `sam validate`".to_owned());
        }
        let confirms = setting(&config, environment, "deploy", "confirm_changeset").and_then(Value::as_bool);
        if environment == "production" && confirms != Some(true) {
            fault("confirm_changeset must be true".to_owned());
        }
        match setting(&config, environment, "deploy", "stack_name").and_then(Value::as_str) {
            Some(name) if stacks.insert(name.to_owned()) => {}
            Some(name) => fault(format!("stack_name {name} is another environment's")),
            None => fault("stack_name is not set".to_owned()),
        }
        for (name, value) in overrides(&config, environment) {
            let parameter = &template.root["Parameters"][&name];
            let allowed = each(&parameter["AllowedValues"]);
            let text = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned);
            if parameter.is_null() {
                fault(format!("parameter_overrides: the template has no parameter {name}"));
            } else if !allowed.is_empty() && !allowed.iter().any(|v| text(v) == value) {
                fault(format!("parameter_overrides: {name} cannot be {value}"));
            }
        }
    }
    faults
}

#[test]
fn every_environment_builds_what_is_there_and_deploys_what_is_meant() {
    assert_none(&faults(&Template::own(), &read("samconfig.toml")));
}

#[test]
fn a_setting_that_builds_or_deploys_something_else_is_found() {
    let template = Template::parse(
        "Parameters: {Data: {AllowedValues: [Retain, Delete]}, Days: {AllowedValues: [7, 30]}}",
    )
    .unwrap();
    let environment = |name: &str| {
        format!(
            "[{name}.global.parameters]\nstack_name = \"{name}\"\n[{name}.build.parameters]\ncached = false\nparallel = false\n\
             [{name}.validate.parameters]\nlint = false\n[{name}.deploy.parameters]\nconfirm_changeset = true\n\
             parameter_overrides = [\"Data=Retain\", \"Days=7\"]\n"
        )
    };
    let good: String = ["default", "staging", "production"].map(environment).concat();
    let good = format!("version = 0.1\n{good}");
    assert_none(&faults(&template, &good));
    for (this, by_that, words) in [
        ("version = 0.1\n", "", "version is not set"),
        ("[staging.", "[stage.", "the environment staging is missing"),
        ("cached = false", "cached = true", "default: [default.build.parameters] must say cached = false"),
        ("parallel = false", "", "must say parallel = false"),
        ("lint = false", "lint = true", "takes the translation"),
        ("confirm_changeset = true", "confirm_changeset = false", "production: confirm_changeset"),
        ("stack_name = \"staging\"", "stack_name = \"default\"", "stack_name default is another"),
        ("stack_name = \"staging\"", "", "staging: stack_name is not set"),
        ("[\"Data=Retain\", \"Days=7\"]", "\"Date=Retain\"", "the template has no parameter Date"),
        ("[\"Data=Retain\", \"Days=7\"]", "\"Data=\\\"Keep\\\" Days=7\"", "Data cannot be Keep"),
        ("version = 0.1", "version", "is not TOML"),
    ] {
        assert!(good.contains(this), "{this}");
        let found = faults(&template, &good.replace(this, by_that));
        assert!(found.iter().any(|f| f.contains(words)), "`{by_that}` is not found: {found:?}");
    }
}
