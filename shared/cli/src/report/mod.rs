//! `beckon report`: what came of experiments and of decisions, through the admin API of `beckon serve` or of a stack.

mod chart;
mod engagement;
#[cfg(test)]
mod tests;
mod text;

use crate::error::CliError;
use crate::plot;
use crate::rules::admin::{Admin, encoded};
use crate::rules::place::PlaceArgs;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `beckon report`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  beckon report                                      every experiment, and the holdout
  beckon report hero-copy                            one of them
  beckon report beckon.holdout                       what all personalization brings
  beckon report engagement                           decisions seen, clicked and bought from, and rules that stopped paying
  beckon report hero-copy --plot uplift.svg          its uplift with the always-valid interval, day by day
  beckon report hero-copy --run 1 --json             an earlier run, for a script
  beckon report hero-copy --stack-name beckon-dev    of a deployed stack

Intervals are always valid: look as often as you like, and stop when you please. People are counted where they were shown a
variant first; what they do counts from then on, for the experiment's window. Where people were not divided as they were to be,
no comparison of that run is to be believed until the cause is found.")]
pub struct ReportArgs {
    #[command(subcommand)]
    of: Option<ReportOf>,
    /// The experiment [default: all]
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Which run of it [default: the one that is live]
    #[arg(long, value_name = "NUMBER", requires = "id")]
    run: Option<u16>,
    /// Draw the uplift's interval by day into this file (SVG)
    #[arg(long, value_name = "FILE", requires = "id")]
    plot: Option<PathBuf>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// What else there is to report of.
#[derive(Subcommand, Debug)]
enum ReportOf {
    /// What became of decisions: seen, clicked, bought from, and which rules stopped paying
    Engagement(engagement::EngagementArgs),
}

/// Refuses a plot that is no SVG.
fn must_be_svg(path: &Path) -> Result<(), CliError> {
    let is_svg = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("svg"));
    let refused = || CliError::usage(format!("the plot is an SVG: name it so, not {}", path.display()));
    is_svg.then_some(()).ok_or_else(refused)
}

/// Prints what came of experiments, or of decisions.
///
/// # Errors
/// When there is none of that name, the plot cannot be written, or the admin API does not do what was asked.
pub async fn run(args: ReportArgs) -> Result<(), CliError> {
    if let Some(ReportOf::Engagement(args)) = args.of {
        return engagement::run(args).await;
    }
    let admin = args.place.open().await?;
    let query: Vec<(&str, String)> = args.run.iter().map(|run| ("run", run.to_string())).collect();
    let mut reports = Vec::new();
    for id in ids(&admin, args.id).await? {
        let path = format!("/reports/experiments/{}", encoded(&id));
        reports.push(admin.get(&path, &query).await?.done(None)?);
    }
    if let (Some(path), [report]) = (&args.plot, reports.as_slice()) {
        must_be_svg(path)?;
        plot::write(path, &chart::uplift(report).svg())?;
    }
    if args.json {
        let answer =
            if let [report] = reports.as_slice() { report.clone() } else { json!({ "reports": reports }) };
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    reports.iter().flat_map(text::lines).for_each(crate::say);
    Ok(())
}

/// The experiments to tell of.
async fn ids(admin: &Admin, one: Option<String>) -> Result<Vec<String>, CliError> {
    if let Some(one) = one {
        return Ok(vec![one]);
    }
    let all = admin.get("/experiments", &[]).await?.done(None)?;
    let id = |experiment: &Value| experiment["id"].as_str().map(str::to_owned);
    let is_begun = |experiment: &&Value| experiment["status"] != "draft";
    Ok(all["experiments"].as_array().into_iter().flatten().filter(is_begun).filter_map(id).collect())
}
