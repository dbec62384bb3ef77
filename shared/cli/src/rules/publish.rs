//! `beckon rules publish`.

use super::change::ChangeArgs;
use crate::error::CliError;
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;

/// Arguments of `beckon rules publish`.
#[derive(Args, Debug)]
pub(super) struct PublishArgs {
    /// The ruleset
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check it and run its tests, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Publish it although its tests fail; the history says so
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Publishes.
pub(super) async fn run(args: PublishArgs) -> Result<(), CliError> {
    let file = args.file.display().to_string();
    let body = std::fs::read_to_string(&args.file)
        .map_err(|e| CliError::usage(format!("cannot read the ruleset {file}: {e}")))?;
    let query = args.change.query(&[("dry_run", args.dry_run), ("force", args.force)]);
    let admin = args.change.place.open().await?;
    let answer = admin.post("/rulesets", &query, body).await?.done(Some(&file))?;
    tell(&answer, args.change.json);
    Ok(())
}

/// Says what became of a change.
pub(super) fn tell(answer: &Value, as_json: bool) {
    if as_json {
        crate::say(format_args!("{answer:#}"));
        return;
    }
    let text = |name: &str| answer[name].as_str().unwrap_or("nothing");
    let (to, from) = (text("version"), text("from"));
    let tests = &answer["tests"];
    let (passed, failed) = (tests["passed"].as_u64().unwrap_or(0), tests["failed"].as_u64().unwrap_or(0));
    let tests = if passed + failed == 0 {
        "it has no tests".to_owned()
    } else {
        format!("tests: {passed} passed, {failed} failed")
    };
    let line = match (answer["dryRun"] == true, answer["changed"] == true) {
        (true, true) => format!("{to} would be live, after {from}; {tests}; nothing was changed"),
        (false, true) => format!("{to} is live, after {from}; {tests}; functions have it within 30 seconds"),
        (_, false) => format!("{to} is live already; nothing was changed"),
    };
    crate::say(line);
}
