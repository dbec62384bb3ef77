//! What the schema accepts and refuses, held against the loader.

use crate::json::Json;
use crate::{schema, yaml_files};
use beckon_rules::Ruleset;
use jsonschema::Validator;
use serde_json::Value;

/// Files of `testdata/errors` that are wrong by their shape, so that an editor can tell without knowing the shop.
const WRONG_BY_SHAPE: [&str; 11] = [
    "actions.yaml",
    "catalog.yaml",
    "conditions.yaml",
    "empty.yaml",
    "missing-and-twice.yaml",
    "not-a-mapping.yaml",
    "reminder-mixed-up.yaml",
    "slots.yaml",
    "tables.yaml",
    "unknown-field.yaml",
    "values.yaml",
];

fn validator(schema: &Json) -> Validator {
    jsonschema::draft202012::new(&schema.value()).expect("a schema")
}

/// As editors read YAML, and as the loader does: `y` is a text.
fn read(yaml: &str) -> Result<Value, serde_saphyr::Error> {
    let options = serde_saphyr::options! { strict_booleans: true, leading_zero_numbers_as_strings: true };
    serde_saphyr::from_str_with_options(yaml, options)
}

fn value(yaml: &str) -> Value {
    read(yaml).expect("YAML")
}

/// The first complaint, with where it is.
fn complaint(validator: &Validator, instance: &Value) -> Option<String> {
    validator.iter_errors(instance).next().map(|error| format!("{}: {error}", error.instance_path()))
}

/// Every ruleset that the tests of this crate use and that the loader takes.
fn good_rulesets() -> Vec<(String, String)> {
    let mut all = yaml_files("rulesets");
    for (file, text) in yaml_files("testdata/conformance") {
        if let Some(ruleset) = value(&text).get("ruleset").and_then(Value::as_str)
            && ruleset != "sample"
        {
            all.push((file, ruleset.to_owned()));
        }
    }
    all
}

#[test]
fn the_schema_is_a_schema() {
    let schema = schema().value();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn what_the_loader_takes_the_schema_takes_too() {
    let validator = validator(&schema());
    let rulesets = good_rulesets();
    assert!(rulesets.len() > 12, "cases are missing: {}", rulesets.len());
    let mut failures = Vec::new();
    for (file, yaml) in rulesets {
        Ruleset::parse(&yaml).unwrap_or_else(|error| panic!("{file}:\n{error}"));
        failures.extend(complaint(&validator, &value(&yaml)).map(|complaint| format!("{file}: {complaint}")));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn what_is_wrong_by_its_shape_an_editor_can_tell() {
    let validator = validator(&schema());
    let files = yaml_files("testdata/errors");
    for file in WRONG_BY_SHAPE {
        let (_, yaml) = files.iter().find(|(known, _)| known == file).unwrap_or_else(|| panic!("{file}"));
        // What is not even YAML, such as a field given twice, any editor tells.
        if let Ok(value) = read(yaml) {
            assert!(!validator.is_valid(&value), "the schema takes {file}");
        }
    }
}

#[test]
fn every_example_is_what_its_definition_says() {
    let schema = schema();
    let definitions = schema.get("$defs").expect("definitions");
    for (name, definition) in definitions.fields() {
        // A schema of its own, that refers to the others.
        let whole =
            Json::object([("$ref", Json::text(format!("#/$defs/{name}"))), ("$defs", definitions.clone())]);
        let validator = validator(&whole);
        let fields = definition.get("properties").map_or(&[][..], Json::fields);
        for example in definition.get("examples").map_or(&[][..], Json::items) {
            assert_eq!(complaint(&validator, &example.value()), None, "{name}: {example}");
        }
        for (field, described) in fields {
            assert!(
                described.get("$ref").is_some() || !described.str("description").is_empty(),
                "{name}.{field}"
            );
            assert!(!described.str("description").contains('\n'), "{name}.{field}: one line");
        }
    }
}

#[test]
fn every_fact_is_in_the_schema_with_what_it_means() {
    let schema = schema();
    let definitions = schema.get("$defs").expect("definitions");
    let mut count = 0;
    for fact in beckon_rules::language::facts() {
        let names =
            definitions.get(&format!("facts.{}", fact.kind)).and_then(|d| d.get("anyOf")).expect("facts");
        let found = names.items().iter().find(|one| one.str("const") == fact.name);
        let meaning = found.unwrap_or_else(|| panic!("{}", fact.name)).str("description");
        assert_eq!(meaning.trim_end_matches('.'), fact.meaning);
        count += 1;
    }
    assert!(count > 30);
}
