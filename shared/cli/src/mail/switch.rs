//! `beckon mail pause` and `beckon mail resume`.

use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::{Value, json};

/// Arguments of `beckon mail pause`.
#[derive(Args, Debug)]
pub(super) struct PauseArgs {
    /// Why, for whoever resumes it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    turn: TurnArgs,
}

/// Arguments of `beckon mail resume`.
#[derive(Args, Debug)]
pub(super) struct ResumeArgs {
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    turn: TurnArgs,
}

#[derive(Args, Debug)]
struct TurnArgs {
    /// Who, for the audit; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON document instead of a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Pauses sending.
pub(super) async fn pause(args: PauseArgs) -> Result<(), CliError> {
    turn("/mail/pause", Some(args.reason), args.turn).await
}

/// Resumes sending.
pub(super) async fn resume(args: ResumeArgs) -> Result<(), CliError> {
    turn("/mail/resume", args.reason, args.turn).await
}

async fn turn(path: &str, reason: Option<String>, args: TurnArgs) -> Result<(), CliError> {
    let body = json!({ "reason": reason, "by": args.by });
    let admin = args.place.open().await?;
    let answer = admin.post(path, &[], body.to_string()).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else {
        crate::say(line(&answer));
    }
    Ok(())
}

/// What became of it, in one line.
fn line(answer: &Value) -> String {
    match (answer["paused"] == true, answer["changed"] == true) {
        (true, true) => {
            "sending is paused: the next run of the mailer sends nothing; what is due waits".to_owned()
        }
        (true, false) => format!("sending is paused already{}", since(&answer["latest"])),
        (false, true) => {
            "sending goes on with the next run of the mailer; bounces and complaints are counted anew"
                .to_owned()
        }
        (false, false) => format!("sending is not paused{}", since(&answer["latest"])),
    }
}

/// Since when, by whom and why, where a turn says so.
pub(super) fn since(turn: &Value) -> String {
    let Some(at) = turn["at"].as_str() else { return String::new() };
    let who = turn["who"].as_str().unwrap_or("somebody");
    let who = turn["by"].as_str().map_or_else(|| who.to_owned(), |by| format!("{by} ({who})"));
    let why = turn["reason"].as_str().map_or_else(String::new, |reason| format!(": {reason}"));
    format!(" since {at}, by {who}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_turn_is_one_line() {
        let paused = json!({ "paused": true, "changed": false, "latest": { "at": "2026-11-22T08:00:00.000Z",
            "who": "shop", "by": "the night shift", "reason": "wrong prices" } });
        let expected = "sending is paused already since 2026-11-22T08:00:00.000Z, by the night shift (shop): wrong prices";
        assert_eq!(line(&paused), expected);
        assert_eq!(line(&json!({ "paused": false, "changed": false })), "sending is not paused");
        assert!(line(&json!({ "paused": false, "changed": true })).contains("counted anew"));
    }
}
