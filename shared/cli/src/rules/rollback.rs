//! `beckon rules rollback`.

use super::change::ChangeArgs;
use super::publish::tell;
use crate::error::CliError;
use clap::Args;
use serde_json::json;

/// Arguments of `beckon rules rollback`.
#[derive(Args, Debug)]
pub(super) struct RollbackArgs {
    /// The version, as `history` shows it [default: what was live before]
    #[arg(value_name = "VERSION")]
    version: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Rolls back.
pub(super) async fn run(args: RollbackArgs) -> Result<(), CliError> {
    let body = args.change.body(json!({ "to": args.version }));
    let admin = args.change.place.open().await?;
    let answer = admin.post("/rulesets/rollback", &[], body).await?.done(None)?;
    tell(&answer, args.change.json);
    Ok(())
}
