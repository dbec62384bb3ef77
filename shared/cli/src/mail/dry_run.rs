//! `beckon mail dry-run`.

use crate::cloud::{self, TargetArgs};
use crate::error::CliError;
use crate::replay::delay;
use crate::rules::place::PlaceArgs;
use beckon_domain::DurationMs;
use beckon_runtime::env::Env;
use beckon_runtime::{Clock, Secrets};
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::dynamodb::DynamoTables;
use cart_mailer::mail::ActiveMailContent;
use cart_mailer::{Config, Mailer, dry_run_told};
use clap::Args;
use serde_json::{Value, json};

/// Carts that are listed at most; `--json` has all.
const SHOWN: usize = 40;

/// Arguments of `beckon mail dry-run`.
#[derive(Args, Debug)]
pub(super) struct DryRunArgs {
    /// Also what will be due within this time, as if nothing else happened until then: 24h
    #[arg(long, value_name = "TIME", value_parser = delay)]
    within: Option<DurationMs>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Prints who would get what, and why not. Nothing is written or sent.
pub(super) async fn run(args: DryRunArgs) -> Result<(), CliError> {
    let within = args.within.unwrap_or_default();
    let answer = match args.place.stack_args() {
        Some(stack) => of_stack(stack, within).await?,
        None => {
            let body = json!({ "withinMs": within.as_ms() }).to_string();
            args.place.open().await?.post("/mail/dry-run", &[], body).await?.done(None)?
        }
    };
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else {
        lines(&answer).into_iter().for_each(crate::say);
    }
    Ok(())
}

/// Plans here, with the caller's own rights to read the stack's tables and its secret: no function holds the mailer's code
/// beside the mailer, which sends.
async fn of_stack(args: TargetArgs, within: DurationMs) -> Result<Value, CliError> {
    let mut target = cloud::meant(args)?;
    target.settle().await?;
    let sdk = target.sdk().await;
    let deployed = cloud::deployed(&target, &sdk).await?;
    let name = deployed.physical("CartMailerFunction")?;
    let lambda = aws_sdk_lambda::Client::new(&sdk);
    let told = lambda.get_function_configuration().function_name(name).send().await;
    let told = told.map_err(|e| CliError::caused("the mailer's configuration cannot be read", &e))?;
    let variables = told.environment.and_then(|environment| environment.variables).unwrap_or_default();
    let config = Config::from_env(Env::of(variables))
        .map_err(|e| CliError::caused("the mailer is configured otherwise than this release's", &e))?;
    let secrets = Secrets::load(&sdk, &config.secret_arn).await;
    let mailer = Mailer {
        tables: DynamoTables::from_config(&sdk, config.tables()),
        stream: (),
        sender: (),
        account: (),
        is_paced: false,
        content: ActiveMailContent::default(),
        propensity: ActivePropensity::default(),
        rulesets: ActiveRuleset::with_consent_default(config.consent_default),
        secrets: secrets.map_err(|e| CliError::caused("the stack's secret cannot be read", &e))?,
        clock: Clock::system(),
        from: config.sender,
        public_url: config.public_url,
        metrics: beckon_runtime::Metrics::default(),
    };
    let dry = mailer.dry_run(within).await;
    dry.map(|dry| dry_run_told(&dry)).map_err(|e| CliError::caused("the dry run ended", &e))
}

fn lines(answer: &Value) -> Vec<String> {
    let planned = answer["planned"].as_array().map(Vec::as_slice).unwrap_or_default();
    let counts = answer["counts"].as_object().into_iter().flatten();
    let counts: Vec<String> = counts.map(|(reason, count)| format!("{reason} {count}")).collect();
    let mut lines = Vec::new();
    if planned.is_empty() {
        lines.push("no cart is due".to_owned());
    } else {
        lines.push(format!("{}: {}", counted(planned.len() as u64, "cart"), counts.join(", ")));
    }
    lines.extend((answer["paused"] == true).then(|| "sending is paused: none of it goes out".to_owned()));
    lines.extend((answer["complete"] == false).then(|| "more carts are due than are shown here".to_owned()));
    lines.extend(planned.iter().take(SHOWN).map(line));
    let hidden = planned.len().saturating_sub(SHOWN);
    lines.extend((hidden > 0).then(|| format!("and {hidden} more: --json has all")));
    lines
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn line(planned: &Value) -> String {
    let text = |name: &str| planned[name].as_str().unwrap_or("-");
    let mut line = format!(
        "{}  {}  step {}  {:<4}",
        text("dueAt"),
        text("profile"),
        planned["step"].as_u64().unwrap_or_default(),
        text("plan"),
    );
    if let Some(reason) = planned["reason"].as_str() {
        line.push_str(&format!("  {reason}"));
    }
    if let Some(until) = planned["until"].as_str() {
        line.push_str(&format!(" until {until}"));
    }
    line.push_str(&format!("  {}", counted(planned["items"].as_u64().unwrap_or_default(), "item")));
    if let Some(value) = planned["value"].as_str() {
        line.push_str(&format!(", {value}"));
    }
    if let Some(percent) = planned["discountPercent"].as_u64() {
        line.push_str(&format!(", {percent} % off"));
    }
    if let Some(subject) = planned["subject"].as_str() {
        line.push_str(&format!("  \"{subject}\""));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_48_a_dry_run_lists_who_would_get_what_and_counts_every_reason_not_to() {
        let answer = json!({ "complete": true, "paused": true, "counts": { "QUIET": 1, "SEND": 1 }, "planned": [
            { "profile": "c1_abc", "dueAt": "T1", "step": 1, "plan": "send", "subject": "Your cart", "items": 2,
              "value": "12.00 EUR", "discountPercent": 10 },
            { "profile": "c1_def", "dueAt": "T2", "step": 2, "plan": "wait", "reason": "QUIET", "until": "T3",
              "items": 1 },
        ] });
        let expected = [
            "2 carts: QUIET 1, SEND 1",
            "sending is paused: none of it goes out",
            "T1  c1_abc  step 1  send  2 items, 12.00 EUR, 10 % off  \"Your cart\"",
            "T2  c1_def  step 2  wait  QUIET until T3  1 item",
        ];
        assert_eq!(lines(&answer), expected);
        assert_eq!(lines(&json!({ "planned": [], "counts": {} })), ["no cart is due"]);
    }
}
