//! The environment: what each function's `config.rs` reads is what the template sets, no more and no less.

use crate::functions::logical_id;
use crate::model::{Template, assert_none, read, references, root};
use crate::source::table_id;
use std::collections::BTreeSet;
use std::fs;

/// The functions' folders.
pub fn folders() -> Vec<String> {
    let entries = fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().join("Cargo.toml").exists());
    let mut names: Vec<String> = folders.map(|f| f.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The names that a source text reads. Sees literals only, which is all that `Env` is given today.
fn names_read(text: &str) -> BTreeSet<String> {
    let openings = ["required(", "required_parsed(", "optional(", "env::var("];
    let after = openings.iter().flat_map(|opening| text.split(opening).skip(1));
    let literals = after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    literals.map(ToOwned::to_owned).collect()
}

/// The resource that a variable names: `PROFILE_TABLE` is `ProfileTable`. Nothing for a setting.
fn resource_of(name: &str) -> Option<String> {
    match name {
        "EVENT_STREAM" => Some("EventStream".to_owned()),
        "SIGNAL_STREAM" => Some("SignalStream".to_owned()),
        "FAILED_BUCKET" => Some("FailedEventBucket".to_owned()),
        "ARCHIVE_BUCKET" => Some("ArchiveBucket".to_owned()),
        "MODEL_BUCKET" => Some("ModelBucket".to_owned()),
        "SECRET_ARN" => Some("Secret".to_owned()),
        "CONFIGURATION_SET" => Some("ConfigurationSet".to_owned()),
        name => name.strip_suffix("_TABLE").map(|table| table_id(&table.to_lowercase())),
    }
}

/// What is wrong with what a function is built from: SAM takes the binary of this name.
fn binary(template: &Template, folder: &str) -> Option<String> {
    let id = logical_id(folder);
    let built = &template.root["Resources"][&id]["Metadata"];
    let is_right =
        built["BuildMethod"] == "rust-cargolambda" && built["BuildProperties"]["Binary"] == *folder;
    (!is_right).then(|| format!("{id}: Metadata must say BuildMethod rust-cargolambda and Binary {folder}"))
}

/// What is wrong when the function `id` reads these names.
fn faults(template: &Template, id: &str, names: &BTreeSet<String>) -> Vec<String> {
    let Some((_, function)) = template.functions().into_iter().find(|(found, _)| *found == id) else {
        return vec![format!("{id}: it is in functions/ and not in the template")];
    };
    let variables = function["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
    let set: BTreeSet<String> = variables.keys().cloned().collect();
    let wrong = variables.iter().filter_map(|(name, value)| {
        let meant = resource_of(name)?;
        let found: Vec<String> = references(value).into_iter().collect();
        (found != [meant.clone()]).then(|| format!("{id}: {name} must be {meant}"))
    });
    let missing = names.difference(&set).map(|name| format!("{id}: {name} is read and not set: add it"));
    let superfluous =
        set.difference(names).map(|name| format!("{id}: {name} is set and never read: remove it"));
    missing.chain(superfluous).chain(wrong).collect()
}

#[test]
fn every_function_is_given_what_it_reads_and_nothing_else() {
    let template = Template::own();
    let shared = names_read(&read("shared/runtime/src/logs.rs"));
    assert_eq!(shared, BTreeSet::from(["LOG_LEVEL".to_owned()]));
    let told = names_read(&read("shared/runtime/src/metrics/mod.rs"));
    assert_eq!(told, BTreeSet::from(["METRICS_NAMESPACE".to_owned()]));
    let mut found = Vec::new();
    for folder in folders() {
        let mut own = names_read(&read(&format!("functions/{folder}/src/config.rs")));
        assert!(!own.is_empty(), "no variable is found in functions/{folder}/src/config.rs");
        if read(&format!("functions/{folder}/src/main.rs")).contains("Metrics::from_env()") {
            own.extend(told.iter().cloned());
        }
        found.extend(binary(&template, &folder));
        found.extend(faults(&template, &logical_id(&folder), &own.union(&shared).cloned().collect()));
    }
    let built: BTreeSet<String> = folders().iter().map(|folder| logical_id(folder)).collect();
    let extra = template.functions().into_iter().filter(|(id, _)| !built.contains(*id));
    found.extend(extra.map(|(id, _)| format!("{id}: no folder of functions/ has this function")));
    assert_none(&found);
}

#[test]
fn a_missing_and_a_superfluous_variable_are_found() {
    let text = "Globals: {Function: {Environment: {Variables: {LOG_LEVEL: info}}}}\n\
                Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Environment: {Variables: {OLD: x}}}}}";
    let template = Template::parse(text).unwrap();
    let names =
        names_read("env.required(\"NEW\"); env.required_parsed(\n \"MAX\"); std::env::var(\"LOG_LEVEL\")");
    let expected = [
        "F: MAX is read and not set: add it",
        "F: NEW is read and not set: add it",
        "F: OLD is set and never read: remove it",
    ];
    assert_eq!(faults(&template, "F", &names), expected);
    assert!(faults(&template, "G", &names)[0].contains("not in the template"));
}

#[test]
fn a_variable_that_names_another_resource_and_another_binary_are_found() {
    let text = "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Environment: {Variables: {A_TABLE: !Ref BTable}}}}}";
    let template = Template::parse(text).unwrap();
    let names = BTreeSet::from(["A_TABLE".to_owned()]);
    assert_eq!(faults(&template, "F", &names), ["F: A_TABLE must be ATable"]);
    let text = "Resources: {MailFunction: {Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: mail}}}}";
    assert_eq!(binary(&Template::parse(text).unwrap(), "mail"), None);
    let other = text.replace("Binary: mail", "Binary: male");
    assert!(binary(&Template::parse(&other).unwrap(), "mail").is_some());
}
