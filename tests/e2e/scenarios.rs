//! Every scenario of `tests/scenarios`, on memory and on the embedded DynamoDB. Another file is another scenario.

use crate::scenario::{Scenario, play};
use beckon_cli::laptop;
use beckon_store::tables::memory::MemoryTables;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn read(file: &Path) -> (String, Scenario) {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).unwrap();
    let scenario = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    (name, scenario)
}

fn report(failures: &[String], count: usize) {
    assert!(failures.is_empty(), "{} of {count} scenarios fail:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test]
async fn every_scenario_holds_on_memory() {
    let files = files();
    let mut failures = Vec::new();
    for file in &files {
        let (name, scenario) = read(file);
        let mut world = scenario.world(MemoryTables::default()).await;
        if let Err(error) = play(&mut world, &scenario).await {
            failures.push(format!("{name} ({}): {error}", scenario.name));
        }
    }
    report(&failures, files.len());
}

#[tokio::test]
async fn every_scenario_holds_on_dynamodb() {
    let files = files();
    let mut failures = Vec::new();
    for file in &files {
        let (name, scenario) = read(file);
        let mut world = scenario.world(laptop::tables(None).await.unwrap()).await;
        if let Err(error) = Box::pin(play(&mut world, &scenario)).await {
            failures.push(format!("{name} ({}): {error}", scenario.name));
        }
    }
    report(&failures, files.len());
}

/// The files say what the product promises; nobody may empty the folder and still be green.
#[test]
fn every_scenario_has_a_name_of_its_own_and_expects_something() {
    let mut names = std::collections::BTreeSet::new();
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let (name, scenario) = read(&file);
        assert!(text.contains("expect"), "{name} expects nothing");
        assert!(names.insert(scenario.name), "{name}: another scenario has this name");
    }
    assert!(names.len() >= 20, "only {} scenarios", names.len());
}
