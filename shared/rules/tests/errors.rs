//! Every ruleset in `testdata/errors` is refused with the message beside it (`.txt`). `UPDATE_GOLDEN=1` writes the
//! messages anew; read them before you commit them: they are what a marketer gets.
// The tests read their cases from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

use beckon_rules::{PROBLEM_COUNT_MAX, Ruleset};
use std::path::Path;

#[test]
fn every_mistake_is_reported_as_agreed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/errors");
    let update = std::env::var("UPDATE_GOLDEN").is_ok();
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "cases are missing: {}", paths.len());
    let mut failures = Vec::new();
    for path in paths {
        let yaml = std::fs::read_to_string(&path).expect("a readable case");
        let error = Ruleset::parse(&yaml).expect_err(&format!("{} must be refused", path.display()));
        assert!(error.problems().iter().all(|p| !p.message.contains('\n')), "{}", path.display());
        assert!(error.problems().len() <= PROBLEM_COUNT_MAX, "{}", path.display());
        let found = format!("{error}\n");
        let golden = path.with_extension("txt");
        if update {
            std::fs::write(&golden, &found).expect("a writable folder");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if expected != found {
            failures.push(format!("{}\nexpected:\n{expected}found:\n{found}", path.display()));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
