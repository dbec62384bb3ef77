//! The repository's files, for the other rules.

use beckon_cli::laptop::LocalModels;
use beckon_cli::stack::{Parts, Stack};
use beckon_domain::Timestamp;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::SAMPLE;
use beckon_runtime::Clock;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::memory::MemoryTables;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Files below a folder with this ending, by their path from the root, sorted; what tools put there is left out.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let made = ["target", "corpus", "artifacts"].iter().any(|name| path.ends_with(name));
                folders.extend((!made).then_some(path));
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The text of a file.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Rust files of functions, shared and tests.
pub fn rust_files() -> Vec<String> {
    ["functions", "shared", "tests"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// A fresh stack in memory whose clock stands at `now`.
pub async fn stack(now: Timestamp) -> Stack<MemoryTables, MemoryFailedEvents> {
    let (clock, _) = Clock::manual(now);
    let parts = Parts {
        tables: MemoryTables::default(),
        failed: MemoryFailedEvents::default(),
        models: LocalModels::default(),
        ruleset: SAMPLE.to_owned(),
        experiments: None,
        clock,
        shard_count: 1,
        batch_size: 100,
        epoch: "1".to_owned(),
        public_url: "https://b.example".to_owned(),
        consent_default: ConsentDefault::default(),
        feed: None,
    };
    Stack::new(parts).await.unwrap()
}
