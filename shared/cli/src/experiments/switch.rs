//! `beckon experiments stop`, `kill` and `ramp`: quick changes of the live document.

use super::publish::tell;
use crate::error::CliError;
use crate::rules::admin::encoded;
use crate::rules::change::ChangeArgs;
use clap::Args;
use serde_json::{Value, json};

/// Arguments of `beckon experiments stop`.
#[derive(Args, Debug)]
pub(super) struct StopArgs {
    /// The experiment
    #[arg(value_name = "ID")]
    id: String,
    /// The variant that everybody sees from now on [default: what the rules say without it]
    #[arg(long, value_name = "VARIANT")]
    winner: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Arguments of `beckon experiments kill`.
#[derive(Args, Debug)]
pub(super) struct KillArgs {
    /// The experiment [default: all of them, and the holdout]
    #[arg(value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Arguments of `beckon experiments ramp`.
#[derive(Args, Debug)]
pub(super) struct RampArgs {
    /// The experiment
    #[arg(value_name = "ID")]
    id: String,
    /// How many of 100 people are in it
    #[arg(value_name = "PERCENT")]
    percent: f64,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Stops an experiment.
pub(super) async fn stop(args: StopArgs) -> Result<(), CliError> {
    let own = json!({ "winner": args.winner });
    carry_out(&format!("/experiments/{}/stop", encoded(&args.id)), own, args.change).await
}

/// Switches an experiment off, or all.
pub(super) async fn kill(args: KillArgs) -> Result<(), CliError> {
    let id = args.id.map_or_else(String::new, |id| format!("/{}", encoded(&id)));
    carry_out(&format!("/experiments{id}/kill"), json!({}), args.change).await
}

/// Changes how many are in an experiment.
pub(super) async fn ramp(args: RampArgs) -> Result<(), CliError> {
    let own = json!({ "percent": args.percent });
    carry_out(&format!("/experiments/{}/ramp", encoded(&args.id)), own, args.change).await
}

async fn carry_out(path: &str, own: Value, args: ChangeArgs) -> Result<(), CliError> {
    let body = args.body(own);
    let answer = args.place.open().await?.post(path, &[], body).await?.done(None)?;
    tell(&answer, args.json);
    Ok(())
}
