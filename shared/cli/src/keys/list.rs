//! `beckon keys list`.

use super::line;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon keys list`.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Says which keys there are, and how they came about.
pub(super) async fn run(args: ListArgs) -> Result<(), CliError> {
    let answer = args.place.open().await?.get("/keys", &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    let keys = answer["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    if keys.is_empty() {
        crate::say(
            "nobody made a key yet: beckon keys create --source NAME; those of a stack's secret: beckon stack keys",
        );
    }
    keys.iter().for_each(|key| crate::say(line(key)));
    answer["changes"].as_array().into_iter().flatten().for_each(|change| crate::say(changed(change)));
    Ok(())
}

/// A change in one line.
pub(super) fn changed(change: &Value) -> String {
    let text = |name: &str| change[name].as_str().unwrap_or_default();
    let who =
        change["by"].as_str().map_or_else(|| text("who").to_owned(), |by| format!("{by} ({})", text("who")));
    let note = change["note"].as_str().map_or_else(String::new, |note| format!("; {note}"));
    format!("{} {} {} by {who}: {}{note}", text("at"), text("action"), text("key"), text("about"))
}
