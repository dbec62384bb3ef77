//! The committed documents are what the code generates. `UPDATE_GOLDEN=1` writes them, and so does `cargo beckon openapi
//! --output .`.
#![allow(clippy::unwrap_used)]

use beckon_contract::api::{Api, files};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_committed_documents_and_schemas_are_what_the_code_generates() {
    let is_update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for file in files(&Api::ALL) {
        let path = root().join(&file.path);
        if is_update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &file.text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == file.text,
            "{} is not what the code generates: UPDATE_GOLDEN=1 writes it",
            file.path
        );
    }
}

#[test]
fn no_schema_lies_there_that_the_code_does_not_generate() {
    let ours: BTreeSet<PathBuf> =
        files(&[Api::Collector]).into_iter().map(|file| root().join(file.path)).collect();
    for folder in ["functions/collector/schemas", "functions/collector/schemas/events"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            assert!(
                path.is_dir() || ours.contains(&path),
                "{} is no generated schema: delete it",
                path.display()
            );
        }
    }
}

#[test]
fn every_schema_of_a_document_is_one_of_the_draft_and_every_reference_leads_somewhere() {
    for api in Api::ALL {
        let document = api.document();
        let mut references = Vec::new();
        find_references(&document, &mut references);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{}: {reference} leads nowhere", api.name());
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(jsonschema::draft202012::meta::is_valid(schema), "{}: {name} is no schema", api.name());
        }
    }
}

fn find_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            object.values().for_each(|value| find_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| find_references(value, found)),
        _ => {}
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_words_an_answer_and_an_example() {
    for api in Api::ALL {
        let examples = beckon_contract::examples::of(api);
        let mut names = BTreeSet::new();
        let document = api.document();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let at = format!("{} {method} {path}", api.name());
                assert!(
                    operation["summary"].is_string() && operation["responses"]["200"].is_object(),
                    "{at}"
                );
                if method == "options" {
                    continue;
                }
                let id = operation["operationId"].as_str().unwrap();
                assert!(names.insert(id.to_owned()), "{at}: {id} is the name of two operations");
                let shown =
                    examples.iter().find(|example| example["operation"] == id && example["status"] == 200);
                assert!(shown.is_some(), "{at}: an example in {}", beckon_contract::examples::file(api));
            }
        }
        for example in &examples {
            let id = example["operation"].as_str().unwrap();
            assert!(names.contains(id), "an example of {id}, which {} has not", api.name());
        }
    }
}
