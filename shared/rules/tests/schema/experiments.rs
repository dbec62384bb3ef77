//! The schema and the reference of the document of experiments. What it shares with rulesets (conditions, what a slot shows)
//! is taken from their schema, so that an editor needs one file.

use crate::json::Json;
use crate::{golden, reference};
use beckon_rules::{EXPERIMENTS_SCHEMA, Experiments, Ruleset, SAMPLE, SAMPLE_EXPERIMENTS};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where each mapping stands in a document: `@` is its place.
const PLACES: [(&str, &str); 9] = [
    ("", "@"),
    ("goal", "{version: 1, goals: [@]}"),
    ("experiment", "{version: 1, experiments: [@]}"),
    ("ramp_step", "{version: 1, experiments: [{id: e, coverage: [@], variants: [{id: a}, {id: b}]}]}"),
    ("namespace", "{version: 1, experiments: [{id: e, namespace: @, variants: [{id: a}, {id: b}]}]}"),
    ("variant", "{version: 1, experiments: [{id: e, variants: [{id: a, weight: 50%}, @]}]}"),
    ("change.rule", CHANGE),
    ("change.slot", CHANGE),
    ("change.mail", CHANGE),
];
const CHANGE: &str = "{version: 1, experiments: [{id: e, variants: [{id: a}, {id: b, changes: [@]}]}]}";

fn definitions(schema: &Json) -> Vec<(String, Json)> {
    schema.get("$defs").expect("definitions").fields().to_vec()
}

/// The names that a schema refers to.
fn referred(schema: &Json, names: &mut BTreeSet<String>) {
    names.extend(schema.str("$ref").strip_prefix("#/$defs/").map(str::to_owned));
    schema.fields().iter().for_each(|(_, field)| referred(field, names));
    schema.items().iter().for_each(|item| referred(item, names));
}

/// The schema as it should be: its own definitions by hand, those of rulesets as far as they are needed.
fn schema() -> Json {
    let (mut schema, rulesets) = (Json::parse(EXPERIMENTS_SCHEMA), definitions(&crate::schema()));
    let is_own = |name: &str| rulesets.iter().all(|(known, _)| known != name);
    let mut all: Vec<(String, Json)> =
        definitions(&schema).into_iter().filter(|(name, _)| is_own(name)).collect();
    let mut needed = BTreeSet::new();
    all.iter().for_each(|(_, definition)| referred(definition, &mut needed));
    loop {
        let before = needed.len();
        let taken = rulesets.iter().filter(|(name, _)| needed.contains(name)).map(|(_, d)| d.clone());
        taken.collect::<Vec<_>>().iter().for_each(|definition| referred(definition, &mut needed));
        if needed.len() == before {
            break;
        }
    }
    all.extend(rulesets.into_iter().filter(|(name, _)| needed.contains(name)));
    schema.set("$defs", Json::Object(all));
    schema
}

fn own(schema: &Json) -> Vec<(String, Json)> {
    let rulesets = definitions(&crate::schema());
    let is_own = |name: &str| rulesets.iter().all(|(known, _)| known != name);
    definitions(schema).into_iter().filter(|(name, _)| is_own(name)).collect()
}

fn load(document: &str) -> Result<Experiments, String> {
    let ruleset = Ruleset::parse(SAMPLE).expect("the sample");
    Experiments::load(document, &ruleset).map_err(|error| error.to_string())
}

#[test]
fn the_schema_of_experiments_is_whole() {
    golden("schema/experiments.schema.json", &schema().written());
    assert!(jsonschema::draft202012::meta::is_valid(&schema().value()));
}

#[test]
fn the_reference_of_experiments_says_what_their_schema_says() {
    let schema = schema();
    let names: Vec<String> = own(&schema).into_iter().map(|(name, _)| name).collect();
    golden("EXPERIMENTS.md", &reference::of_experiments(&schema, &names));
}

#[test]
fn the_schema_of_experiments_has_the_fields_that_the_loader_reads() {
    let schema = schema();
    let own = own(&schema);
    for (name, place) in PLACES {
        let definition = own.iter().find(|(known, _)| known == name).map_or(&schema, |(_, d)| d);
        let fields: Vec<&str> =
            definition.get("properties").expect("fields").fields().iter().map(|(n, _)| n.as_str()).collect();
        let problems = load(&place.replace('@', "{zzqqzz: 1}")).expect_err("a stranger");
        let line = problems.lines().find(|line| line.contains("zzqqzz")).expect("it is told");
        let known: Vec<&str> = line.split("its fields are ").nth(1).expect("a list").split(", ").collect();
        let known: Vec<&str> = known.iter().map(|field| field.trim_matches('`')).collect();
        if name.starts_with("change.") {
            assert!(fields.iter().all(|field| known.contains(field)), "{name}: {fields:?} {known:?}");
        } else {
            assert_eq!(fields, known, "{name}");
        }
    }
    let changes: BTreeSet<&str> = own
        .iter()
        .filter(|(name, _)| name.starts_with("change."))
        .flat_map(|(_, change)| change.get("properties").expect("fields").fields())
        .map(|(field, _)| field.as_str())
        .collect();
    assert_eq!(changes.len(), 10, "every field of a change is of one kind: {changes:?}");
}

#[test]
fn the_examples_of_experiments_are_documents() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema.value()).expect("a schema");
    let mut count = 0;
    for (name, definition) in own(&schema) {
        let Some((_, place)) = PLACES.iter().find(|(known, _)| *known == name) else { continue };
        for example in definition.get("examples").map_or(&[][..], Json::items) {
            let document = place.replace('@', &example.value().to_string());
            load(&document).unwrap_or_else(|error| panic!("{name}: {document}\n{error}"));
            let value: Value = serde_saphyr::from_str(&document).expect("YAML");
            assert!(validator.is_valid(&value), "{document}");
            count += 1;
        }
    }
    assert!(count >= 9, "{count}");
    let sample: Value = serde_saphyr::from_str(SAMPLE_EXPERIMENTS).expect("YAML");
    assert!(validator.is_valid(&sample));
    for wrong in
        ["{}", "{version: 1, holdout: 5}", "{version: 1, experiments: [{id: e}]}", "{version: 1, goal: []}"]
    {
        assert!(!validator.is_valid(&serde_saphyr::from_str(wrong).expect("YAML")), "{wrong}");
    }
}
