//! `beckon experiments list` and `show`.

use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon experiments list`.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Arguments of `beckon experiments show`.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// The experiment [default: the whole document, as it was published]
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Prints how each stands.
pub(super) async fn run(args: ListArgs) -> Result<(), CliError> {
    let answer = args.place.open().await?.get("/experiments", &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else {
        lines(&answer).into_iter().for_each(crate::say);
    }
    Ok(())
}

/// Prints one, or the document.
pub(super) async fn show(args: ShowArgs) -> Result<(), CliError> {
    let answer = args.place.open().await?.get("/experiments", &[]).await?.done(None)?;
    let Some(id) = args.id else {
        let text = answer["text"].as_str();
        let text = text.ok_or_else(|| CliError::usage("no experiments were published yet"))?;
        crate::say(if args.json { format!("{answer:#}") } else { text.trim_end().to_owned() });
        return Ok(());
    };
    let found = answer["experiments"].as_array().into_iter().flatten().find(|known| known["id"] == id);
    let missing = || CliError::usage(format!("no experiment is called {id}: beckon experiments list"));
    let found = found.ok_or_else(missing)?;
    if args.json {
        crate::say(format_args!("{found:#}"));
    } else {
        crate::failed::aligned(&[header(), row(found)]).into_iter().for_each(crate::say);
    }
    Ok(())
}

fn header() -> Vec<String> {
    ["EXPERIMENT", "RUN", "STATUS", "PEOPLE", "GOAL", "WINDOW", "VARIANTS"].map(str::to_owned).to_vec()
}

pub(super) fn lines(answer: &Value) -> Vec<String> {
    let mut rows = vec![header()];
    rows.extend(answer["experiments"].as_array().into_iter().flatten().map(row));
    let mut lines = crate::failed::aligned(&rows);
    lines.push(match answer["version"].as_str() {
        Some(version) => {
            let change = &answer["change"];
            let who = change["by"].as_str().or_else(|| change["who"].as_str()).unwrap_or("somebody");
            format!("version {version}, live since {} by {who}", change["at"].as_str().unwrap_or("some time"))
        }
        None => "no experiments were published: there is the holdout alone".to_owned(),
    });
    lines
}

fn row(experiment: &Value) -> Vec<String> {
    let text = |name: &str| experiment[name].as_str().unwrap_or("-").to_owned();
    let status = match (experiment["killed"] == true, experiment["winner"].as_str()) {
        (true, _) => "killed".to_owned(),
        (false, Some(winner)) => format!("stopped, {winner} won"),
        (false, None) => text("status"),
    };
    let percent = |share: f64| format!("{}%", (share * 1_000.0).round() / 10.0);
    let weight = |variant: &Value| {
        let share = variant["weight"].as_f64().unwrap_or_default();
        format!("{} {}", variant["id"].as_str().unwrap_or_default(), percent(share))
    };
    let variants: Vec<String> = experiment["variants"].as_array().into_iter().flatten().map(weight).collect();
    let hours = experiment["windowSecs"].as_u64().unwrap_or_default() / 3_600;
    let window = if hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") };
    let people = percent(experiment["percent"].as_f64().unwrap_or_default() / 100.0);
    let run = experiment["run"].to_string();
    vec![text("id"), run, status, people, text("goal"), window, variants.join(", ")]
}
