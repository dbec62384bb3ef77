//! The JSON Schema of a ruleset and the reference that is written from it, held against the loader.
//! `UPDATE_GOLDEN=1` writes what the loader's tables say into the schema, and the reference from the schema.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

mod experiments;
mod fields;
mod generated;
mod json;
mod meanings;
mod reference;
mod validity;
mod words;

use json::Json;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every YAML file of a folder with its text, in the order of their names.
fn yaml_files(path: &str) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join(path))
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), std::fs::read_to_string(file).expect("a case"))).collect()
}

/// Compares a file with what it should be, or writes it.
fn golden(path: &str, wanted: &str) {
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(folder().join(path), wanted).expect("a writable folder");
    }
    let found = std::fs::read_to_string(folder().join(path)).unwrap_or_default();
    let first = found.lines().zip(wanted.lines()).position(|(a, b)| a != b).map_or(0, |line| line + 1);
    assert!(
        found == wanted,
        "{path} is not what it should be, from line {first} on: run `UPDATE_GOLDEN=1 cargo test -p beckon-rules` and \
         read the difference"
    );
}

/// The schema as it should be: by hand, but for what the tables say.
fn schema() -> Json {
    let mut schema = Json::parse(beckon_rules::SCHEMA);
    let generated = generated::definitions();
    let Some(Json::Object(definitions)) = schema.get("$defs").cloned() else { panic!("`$defs` is missing") };
    let is_by_hand = |name: &str| !generated::PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let mut all =
        Json::Object(definitions.into_iter().filter(|(name, _)| is_by_hand(name)).collect::<Vec<_>>());
    for (name, definition) in generated {
        // Of these two only the alternatives come from the tables.
        match (all.get(&name).cloned(), definition) {
            (Some(mut known), alternatives @ Json::List(_)) => {
                known.set("anyOf", alternatives);
                all.set(&name, known);
            }
            (_, definition) => all.set(&name, definition),
        }
    }
    schema.set("$defs", all);
    schema
}

#[test]
fn what_the_schema_says_of_facts_and_operators_is_what_the_loader_knows() {
    golden("schema/ruleset.schema.json", &schema().written());
}

#[test]
fn the_reference_says_what_the_schema_says() {
    golden("REFERENCE.md", &reference::written(&schema()));
}

#[test]
fn every_link_of_the_reference_leads_to_a_heading() {
    let page = reference::written(&schema());
    let headings: Vec<String> =
        page.lines().filter_map(|line| line.strip_prefix("##")).map(words::heading).collect();
    let links: Vec<&str> = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 50);
    for link in links {
        assert!(headings.iter().any(|heading| heading == link), "nothing is called #{link}");
    }
}
