//! `beckon rules history`.

use super::place::PlaceArgs;
use crate::error::CliError;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon rules history`.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// How many changes at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Only changes before this number
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Prints the history.
pub(super) async fn run(args: HistoryArgs) -> Result<(), CliError> {
    print("/rulesets", args).await
}

/// Prints the history that is read there.
pub(crate) async fn print(path: &str, args: HistoryArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.before.map(|before| ("before", before.to_string())));
    let answer = admin.get(path, &query).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    for line in lines(&answer) {
        crate::say(line);
    }
    Ok(())
}

fn lines(answer: &Value) -> Vec<String> {
    let changes: Vec<&Value> = answer["changes"].as_array().into_iter().flatten().collect();
    if changes.is_empty() {
        return vec!["nothing was published yet".to_owned()];
    }
    let mut rows =
        vec![["NO", "AT", "WHAT", "LIVE", "BEFORE", "WHO", "TESTS", "NOTE"].map(str::to_owned).to_vec()];
    rows.extend(changes.iter().map(|change| row(change)));
    let mut lines = crate::failed::aligned(&rows);
    if let Some(next) = answer["next"].as_u64() {
        lines.push(format!("there are more: --before {next}"));
    }
    lines
}

fn row(change: &Value) -> Vec<String> {
    let text = |name: &str| change[name].as_str().unwrap_or("-").to_owned();
    let who = match change["by"].as_str() {
        Some(by) => format!("{by} ({})", text("who")),
        None => text("who"),
    };
    let (passed, failed) = (&change["tests"]["passed"], &change["tests"]["failed"]);
    let forced = if change["forced"] == true { ", forced" } else { "" };
    let tests = format!("{passed} passed, {failed} failed{forced}");
    let note = change["note"].as_str().unwrap_or_default().to_owned();
    vec![change["number"].to_string(), text("at"), text("action"), text("to"), text("from"), who, tests, note]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_told_with_who_made_it_and_what_its_tests_said() {
        let change = json!({ "number": 2, "at": "2026-11-22T08:00:00.000Z", "action": "publish", "to": "b",
            "from": "a", "who": "shop", "by": "marketing", "note": "sale", "forced": true,
            "tests": { "passed": 3, "failed": 1 } });
        let told = lines(&json!({ "active": "b", "changes": [change], "next": 2 }));
        assert!(
            told[1].contains("marketing (shop)") && told[1].contains("3 passed, 1 failed, forced"),
            "{told:?}"
        );
        assert_eq!(told[2], "there are more: --before 2");
        assert_eq!(lines(&json!({ "changes": [] })), ["nothing was published yet"]);
    }
}
