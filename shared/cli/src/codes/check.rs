//! `beckon codes check`.

use crate::error::CliError;
use crate::rules::admin::encoded;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon codes check`.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// The code, as somebody typed it
    #[arg(value_name = "CODE")]
    code: String,
    /// Print one JSON document instead of a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Says what a till may do with a code. Only a valid one ends with 0.
pub(super) async fn run(args: CheckArgs) -> Result<(), CliError> {
    let path = format!("/codes/check/{}", encoded(&args.code));
    let answer = args.place.open().await?.get(&path, &[]).await?.done(None)?;
    let line = told(&answer);
    let is_valid = answer["status"] == "VALID";
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else if is_valid {
        crate::say(&line);
    }
    if is_valid { Ok(()) } else { Err(CliError::failed(line)) }
}

pub(super) fn told(answer: &Value) -> String {
    let text = |name: &str| answer[name].as_str().map(ToOwned::to_owned);
    let code = text("code").unwrap_or_default();
    let worth = text("worth").map(|worth| format!(", worth {worth}")).unwrap_or_default();
    let until = text("expiresAt").map(|at| format!(" until {at}")).unwrap_or_default();
    match answer["status"].as_str().unwrap_or_default() {
        "VALID" => format!("{code} is valid{until}{worth}"),
        "EXPIRED" => format!("{code} is over: it was valid{until}"),
        "REDEEMED" => {
            let order = text("order").map(|order| format!(" by the order {order}")).unwrap_or_default();
            format!("{code} was used{order}")
        }
        _ => format!("{code} was given to nobody: is it mistyped, or a code of another system?"),
    }
}
