//! `beckon canary`: the canary once, against `beckon serve`.

use crate::error::CliError;
use beckon_runtime::{Clock, Secrets, WebClient};
use cart_mailer::canary::HttpsApi;
use cart_mailer::{Canary, CanaryReport};
use clap::Args;

/// Arguments of `beckon canary`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon canary                               against `beckon serve` on its usual port
  beckon canary --url http://127.0.0.1:9000   on another

A deployed stack runs its canary by itself each five minutes, and `beckon stack smoke` runs it once.

Exit codes: 0 an event became the right decision; 1 it did not, and why; 2 an argument to mend.")]
pub struct CanaryArgs {
    /// Where `beckon serve` listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8787")]
    url: String,
    /// Print one JSON document instead of a line
    #[arg(long)]
    json: bool,
}

/// Runs `beckon canary`.
///
/// # Errors
/// When the event did not become the right decision.
pub async fn run(args: CanaryArgs) -> Result<(), CliError> {
    let secrets = Secrets::local().map_err(|e| CliError::caused("the laptop's secrets", &e))?;
    let url = args.url.trim_end_matches('/').to_owned();
    let report =
        Canary { api: HttpsApi::new(url, WebClient::default()), secrets, clock: Clock::system() }.run().await;
    if args.json {
        let document = serde_json::to_string_pretty(&report);
        crate::say(document.map_err(|e| CliError::caused("the report", &e))?);
    } else if report.fault.is_none() {
        crate::say(told(&report));
    }
    if report.fault.is_none() { Ok(()) } else { Err(CliError::failed(told(&report))) }
}

/// A report in a line.
pub(crate) fn told(report: &CanaryReport) -> String {
    match (report.fault, report.freshness_ms) {
        (None, freshness) => {
            format!("an event became a decision within {} ms", freshness.unwrap_or_default())
        }
        (Some(fault), _) => format!("the canary found something wrong: {}; {}", fault.code(), report.detail),
    }
}
