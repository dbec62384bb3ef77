//! `beckon experiments check`.

use super::text;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use beckon_rules::Ruleset;
use beckon_rules::experiments::Experiments;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `beckon experiments check`.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The document
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The ruleset that it changes, as a file [default: the one that is live]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// What is wrong with a document beside a ruleset, as the admin API says it.
fn checked(document: &Path, rules: &Path) -> Result<Value, CliError> {
    let ruleset = std::fs::read_to_string(rules)
        .map_err(|e| CliError::usage(format!("the ruleset {} cannot be read: {e}", rules.display())))?;
    let ruleset = Ruleset::parse(&ruleset).map_err(|e| CliError::ruleset(rules.display(), &e))?;
    Ok(match Experiments::load(&text(document)?, &ruleset) {
        Ok(experiments) => {
            let ids =
                experiments.iter().map(|experiment| json!({ "id": experiment.run.experiment.as_str() }));
            json!({ "valid": true, "version": experiments.version(), "problems": [],
                "experiments": ids.collect::<Vec<_>>() })
        }
        Err(error) => {
            let problem = |p: &beckon_rules::Problem| json!({ "line": p.line, "column": p.column, "detail": p.message });
            let problems: Vec<Value> = error.problems().iter().map(problem).collect();
            json!({ "valid": false, "problems": problems, "experiments": [] })
        }
    })
}

/// Says what is wrong; exit code 2 when anything is.
pub(super) async fn run(args: CheckArgs) -> Result<(), CliError> {
    let answer = match &args.rules {
        Some(rules) => checked(&args.file, rules)?,
        None => {
            let admin = args.place.open().await?;
            admin.post("/experiments/check", &[], text(&args.file)?).await?.done(None)?
        }
    };
    if args.json {
        crate::say(format_args!("{answer:#}"));
    }
    let file = args.file.display().to_string();
    let lines = lines(&answer, &file);
    if answer["valid"] == true {
        if !args.json {
            lines.into_iter().for_each(crate::say);
        }
        return Ok(());
    }
    Err(CliError::usage(lines.join("\nbeckon: ")))
}

pub(super) fn lines(answer: &Value, file: &str) -> Vec<String> {
    if answer["valid"] == true {
        let count = answer["experiments"].as_array().map_or(0, Vec::len);
        let version = answer["version"].as_str().unwrap_or_default();
        return vec![format!("{file}: {count} experiments, the holdout included; version {version}")];
    }
    let problems = answer["problems"].as_array().into_iter().flatten();
    let line = |p: &Value| {
        format!("{file}:{}:{}: {}", p["line"], p["column"], p["detail"].as_str().unwrap_or_default())
    };
    problems.map(line).collect()
}
