//! `beckon experiments history`.

use crate::error::CliError;
use crate::rules::history::HistoryArgs as RulesHistoryArgs;
use clap::Args;

/// Arguments of `beckon experiments history`.
#[derive(Args, Debug)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    history: RulesHistoryArgs,
}

/// Prints the history.
pub(super) async fn run(args: HistoryArgs) -> Result<(), CliError> {
    crate::rules::history::print("/experiments/versions", args.history).await
}
