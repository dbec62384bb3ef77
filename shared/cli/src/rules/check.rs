//! `beckon rules check`: everything that is wrong with rulesets, and nothing else.

use super::file;
use crate::error::CliError;
use beckon_domain::Timestamp;
use beckon_rules::{Problem, Ruleset};
use beckon_runtime::Clock;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `beckon rules check`.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// Rulesets
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Checks every file, and says all that is wrong with any of them.
pub(super) fn run(args: &CheckArgs) -> Result<(), CliError> {
    let now = Clock::system().now();
    let (mut lines, mut documents, mut bad_count) = (Vec::new(), Vec::new(), 0);
    for path in &args.files {
        let (mut told, document, is_good) = check(path, &file::text(path)?, now);
        bad_count += usize::from(!is_good);
        lines.append(&mut told);
        documents.push(document);
    }
    if args.json {
        crate::say(format_args!("{:#}", json!({ "files": documents })));
    } else {
        crate::say(lines.join("\n"));
    }
    if bad_count > 0 {
        let total = args.files.len();
        let what =
            if total == 1 { "the ruleset".to_owned() } else { format!("{bad_count} of {total} rulesets") };
        return Err(CliError::usage(format!("{what} cannot be used: mend what is listed and check again")));
    }
    Ok(())
}

/// What is to say of one file: lines for people, a document for scripts, and whether it is good.
fn check(path: &Path, text: &str, now: Timestamp) -> (Vec<String>, Value, bool) {
    let file = path.display().to_string();
    let problem = |p: &Problem| json!({"line": p.line, "column": p.column, "message": p.message});
    match Ruleset::parse(text) {
        Ok(ruleset) => {
            let (name, version) = (ruleset.name(), ruleset.version());
            let (slots, tests) = (ruleset.slot_ids().count(), ruleset.tests().len());
            let count =
                |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
            let line = format!(
                "{file}: fine ({name}@{version}: {}, {}, {})",
                count(ruleset.products().len(), "product"),
                count(slots, "slot"),
                count(tests, "test")
            );
            // What is over harms nothing, and somebody has forgotten it.
            let over = ruleset.expired(now);
            let mut lines: Vec<String> = over.iter().map(|over| file::problem(path, over)).collect();
            lines.push(line);
            let warnings: Vec<Value> = over.iter().map(problem).collect();
            let document = json!({
                "file": file, "ok": true, "name": name, "version": version, "problems": [], "warnings": warnings,
            });
            (lines, document, true)
        }
        Err(error) => {
            let problems: Vec<Value> = error.problems().iter().map(problem).collect();
            let document =
                json!({"file": file, "ok": false, "problems": problems, "omitted": error.omitted()});
            (file::problems(path, &error), document, false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_place_in_the_file() {
        let text = "version: 1\nname: X\ncurrency: EURO\nslotz: []\n";
        let (lines, document, is_good) = check(Path::new("shop.yaml"), text, Timestamp::EPOCH);
        assert!(!is_good);
        assert_eq!(
            lines,
            [
                "shop.yaml:3:11: `currency` must be a three-letter ISO 4217 code such as EUR",
                "shop.yaml:4:1: unknown field `slotz` of the ruleset, did you mean `slots`?",
            ]
        );
        assert_eq!(document["problems"][1]["line"], 4);
        let (lines, document, is_good) =
            check(Path::new("sample.yaml"), beckon_rules::SAMPLE, Timestamp::EPOCH);
        assert!(is_good && lines[0].contains("fine (Outdoor sample@"), "{lines:?}");
        assert_eq!(document["ok"], true);
    }

    #[test]
    fn what_is_over_is_told_and_is_no_mistake() {
        let text = beckon_rules::SAMPLE.replacen(
            "    priority: 90\n",
            "    priority: 90\n    active: { until: 2026-01-01 }\n",
            1,
        );
        let before = |ms| check(Path::new("shop.yaml"), &text, Timestamp::from_ms(ms));
        assert_eq!(before(1_767_225_599_999).0.len(), 1);
        let (lines, document, is_good) = before(1_767_225_600_000);
        assert!(is_good && lines[0].contains("rule `tent-accessories` is not active any more"), "{lines:?}");
        assert_eq!(document["warnings"][0]["line"], document["warnings"][0]["line"].as_u64().unwrap());
    }
}
