//! `beckon catalog status`.

use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use beckon_domain::DurationMs;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon catalog status`.
#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Says how the catalog stands.
pub(super) async fn run(args: StatusArgs) -> Result<(), CliError> {
    let answer = args.place.open().await?.get("/catalog", &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    for line in lines(&answer) {
        crate::say(line);
    }
    Ok(())
}

pub(super) fn lines(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let (snapshot, import) = (&answer["snapshot"], &answer["lastImport"]);
    let decisions = if snapshot.is_null() {
        "decisions have no catalog: nothing was published yet".to_owned()
    } else {
        let age = DurationMs::from_minutes(snapshot["ageSeconds"].as_u64().unwrap_or_default() / 60);
        let omitted = match snapshot["omitted"].as_u64() {
            None | Some(0) => String::new(),
            Some(omitted) => format!(", {omitted} did not fit"),
        };
        format!(
            "decisions have {} products ({} with title and link{omitted}), version {}, made {} ago",
            snapshot["products"],
            snapshot["whole"],
            text(&snapshot["version"]),
            if age == DurationMs::ZERO { "less than a minute".to_owned() } else { age.to_string() },
        )
    };
    if import.is_null() {
        return vec![decisions, "no feed was imported yet: beckon catalog import FILE".to_owned()];
    }
    let imported = format!(
        "the latest import, {} by {}: {} rows, {} written, {} older than what is known, {} deleted, {} refused",
        text(&import["asOf"]),
        text(if import["by"].is_null() { &import["who"] } else { &import["by"] }),
        import["rows"],
        import["written"],
        import["older"],
        import["deleted"],
        import["refused"]
    );
    vec![decisions, imported]
}
