//! `beckon codes show`.

use super::standing;
use crate::error::CliError;
use crate::rules::admin::{Admin, encoded};
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;

/// Columns of the codes, as the API calls them.
const COLUMNS: [&str; 8] = ["code", "state", "expiresAt", "heldAt", "episode", "step", "order", "redeemedAt"];

/// Arguments of `beckon codes show`.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// The pool
    #[arg(value_name = "POOL")]
    pool: String,
    /// Print every code as CSV: whoever can read it can use the codes
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Says how a pool stands.
pub(super) async fn run(args: ShowArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let path = format!("/codes/{}", encoded(&args.pool));
    if args.csv {
        return codes(&admin, &path).await;
    }
    let answer = admin.get(&path, &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
        return Ok(());
    }
    lines(&answer).iter().for_each(crate::say);
    Ok(())
}

pub(super) fn lines(answer: &Value) -> Vec<String> {
    let mut lines = vec![standing(answer)];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines.extend(answer["changes"].as_array().into_iter().flatten().map(|change| {
        let who = if change["by"].is_null() { &change["who"] } else { &change["by"] };
        let note = change["note"].as_str().map(|note| format!(" ({note})")).unwrap_or_default();
        let refused = match change["refused"].as_u64() {
            None | Some(0) => String::new(),
            Some(refused) => format!(", {refused} rows refused"),
        };
        let (at, action) = (text(&change["at"]), text(&change["action"]));
        format!("{at} {action} by {}{note}: {} codes{refused}", text(who), change["codes"])
    }));
    lines
}

/// Prints every code. A value is a code, a time, a number or an order: only the last may need quotes.
async fn codes(admin: &Admin, path: &str) -> Result<(), CliError> {
    crate::say("code,state,expires_at,held_at,episode,step,order,redeemed_at");
    let (path, mut after) = (format!("{path}/codes"), None::<String>);
    loop {
        let query: Vec<_> = after.iter().map(|after| ("after", after.clone())).collect();
        let page = admin.get(&path, &query).await?.done(None)?;
        page["codes"].as_array().into_iter().flatten().for_each(|code| crate::say(row(code)));
        after = page["next"].as_str().map(ToOwned::to_owned);
        if after.is_none() {
            return Ok(());
        }
    }
}

pub(super) fn row(code: &Value) -> String {
    let field = |name: &str| match &code[name] {
        Value::Null => String::new(),
        Value::String(text) if text.contains(['"', ',', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    COLUMNS.map(field).join(",")
}
