//! Rows as releases wrote them, as files in `tests/fixtures/rows`: this release reads each of them as it was meant, whatever else a
//! newer release adds to them, and writes them as the newest one is.

use super::schema::{PK, SK, TTL, VERSION};
use super::{Item, config, conversions, experiments, ledger_rows, profiles};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const UPDATE: &str = "UPDATE_GOLDEN";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/rows")
}

/// The files by name, sorted.
fn files() -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.filter(|path| path.extension().is_some_and(|e| e == "json"));
    found.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path)).collect()
}

/// An attribute as DynamoDB's JSON has it; bytes as hex.
fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(Blob::new(HEXLOWER.decode(text().as_bytes()).unwrap())),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        other => panic!("no attribute of kind {other}"),
    }
}

/// The reverse of [`attribute`].
fn shown(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": HEXLOWER.encode(bytes.as_ref()) }),
        AttributeValue::Bool(is) => json!({ "BOOL": is }),
        AttributeValue::L(items) => json!({ "L": items.iter().map(shown).collect::<Vec<_>>() }),
        other => panic!("no attribute of kind {other:?}"),
    }
}

fn item(fixture: &Value) -> Item {
    let attributes = fixture["item"].as_object().unwrap();
    attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// What this release makes of a row of a kind.
fn read(kind: &str, item: &Item) -> String {
    match kind {
        "reminder" => format!("{:#?}", ledger_rows::from_item(item).unwrap()),
        "history" => format!("{:#?}", ledger_rows::history_of(item).unwrap()),
        "order" => format!("{:#?}", conversions::row(item).unwrap().unwrap()),
        "experiment" => format!("{:#?}", experiments::trace_of(item).unwrap()),
        "ruleset" => format!("{:#?}", config::live_of(item).unwrap()),
        "profile" => format!("{:#?}", profiles::from_item(item).unwrap()),
        other => {
            panic!("no kind is called {other}: reminder, history, order, experiment, ruleset or profile")
        }
    }
}

/// What this release writes of what it read, where a function says so without a table.
fn written(kind: &str, item: &Item) -> Option<Map<String, Value>> {
    let attributes = match kind {
        "reminder" => ledger_rows::reminder_attributes(&ledger_rows::from_item(item).unwrap()),
        "history" => ledger_rows::history_item(&ledger_rows::history_of(item).unwrap()),
        _ => return None,
    };
    Some(attributes.iter().map(|(name, value)| ((*name).to_owned(), shown(value))).collect())
}

#[test]
fn every_row_of_a_release_is_read_as_it_was_meant() {
    let found = files();
    assert!(found.len() >= 8, "{found:?}");
    for (name, path) in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut fixture: Value = serde_json::from_str(&text).unwrap();
        let kind = fixture["kind"].as_str().unwrap().to_owned();
        let reads_as = read(&kind, &item(&fixture));
        let lines: Vec<&str> = reads_as.lines().collect();
        if std::env::var_os(UPDATE).is_some() {
            fixture["reads_as"] = json!(lines);
            std::fs::write(&path, serde_json::to_string_pretty(&fixture).unwrap() + "\n").unwrap();
            continue;
        }
        assert_eq!(fixture["reads_as"], json!(lines), "{name}: read otherwise than it was meant");
        let mut newer = item(&fixture);
        newer.insert("of_a_newer_release".to_owned(), AttributeValue::Bool(true));
        assert_eq!(read(&kind, &newer), reads_as, "{name}: an attribute of a newer release changes it");
    }
}

#[test]
fn a_row_is_written_as_its_newest_fixture_has_it() {
    for (name, path) in files() {
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let kind = fixture["kind"].as_str().unwrap();
        // One of an older form is read only: what is written now is another file's.
        if fixture["is_newest"] == false {
            continue;
        }
        let Some(now) = written(kind, &item(&fixture)) else { continue };
        let mut then = fixture["item"].as_object().unwrap().clone();
        for other in [PK, SK, VERSION, TTL] {
            then.remove(other);
        }
        assert_eq!(
            Value::Object(now),
            Value::Object(then),
            "{name}: the form of a row changed: keep this file with `is_newest: false`, and add one of the new form"
        );
    }
}
