//! `beckon stack rules`: a ruleset becomes live, without a deployment.

use super::ruleset;
use super::target::Target;
use crate::error::CliError;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `beckon stack rules`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon stack rules my-shop.yaml                            into the stack on this machine
  beckon stack rules my-shop.yaml --stack-name beckon-dev    into the one on AWS
  beckon stack rules                                         the sample, which `stack smoke` needs

It is checked first; what is not valid changes nothing. Functions have it after 30 seconds at most. `beckon rules` does
the same through the stack's API, goes back, and shows the history. On AWS this needs dynamodb:GetItem and
dynamodb:PutItem on the stack's ConfigTable, and dynamodb:PutItem and dynamodb:Query on its AuditTable.")]
pub(crate) struct RulesArgs {
    /// The ruleset [default: the sample]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Publishes the ruleset.
pub(crate) async fn run(args: &RulesArgs, target: &Target) -> Result<(), CliError> {
    let chosen = ruleset::choose(args.file.as_deref())?.named();
    let sdk = target.sdk().await;
    let deployed = super::deployed(target, &sdk).await?;
    let outcome = ruleset::publish(&chosen, &deployed, &sdk).await?;
    crate::say(format_args!("{} is live", outcome.version()));
    Ok(())
}
