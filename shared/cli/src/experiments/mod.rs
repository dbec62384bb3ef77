//! `beckon experiments`: one document of all experiments, through the admin API of `beckon serve` or of a stack; `check` and
//! `diff` need nothing but files.

mod check;
mod diff;
mod history;
mod list;
mod publish;
mod switch;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use clap::{Args, Subcommand};

/// Arguments of `beckon experiments`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon experiments check experiments.yaml --rules my-shop.yaml    every mistake, with its line and what to write instead
  beckon experiments publish experiments.yaml --note \"new hero\"     live in `beckon serve` on this machine
  beckon experiments publish experiments.yaml --dry-run             only says what publishing would do
  beckon experiments diff experiments.yaml                          what is different from what is live
  beckon experiments diff old.yaml new.yaml                         what is different between two files
  beckon experiments list                                           how each stands
  beckon experiments show hero-copy                                 one of them; without a name the whole document
  beckon experiments ramp hero-copy 50                              so many of 100 people are in it
  beckon experiments stop hero-copy --winner b                      everybody sees b from now on
  beckon experiments kill hero-copy                                 everybody sees the control, nothing is counted
  beckon experiments kill                                           the same for all of them, and the holdout
  beckon experiments rollback                                       what was live before is live again
  beckon experiments history --stack-name beckon-dev --json         of a deployed stack

What came of one: beckon report. Functions have what is live after 30 seconds at most, without a deployment.")]
pub struct ExperimentsArgs {
    #[command(subcommand)]
    command: ExperimentsCommand,
}

#[derive(Subcommand, Debug)]
enum ExperimentsCommand {
    /// Say everything that is wrong with a document
    Check(check::CheckArgs),
    /// Make a document live, if it is valid beside the live ruleset
    Publish(publish::PublishArgs),
    /// Make an earlier version live again
    Rollback(publish::RollbackArgs),
    /// Say what is different between two documents, or from what is live
    Diff(diff::DiffArgs),
    /// Say how each experiment stands
    List(list::ListArgs),
    /// Print one experiment, or the document that is live
    Show(list::ShowArgs),
    /// List what was live, and who made it so, newest first
    History(history::HistoryArgs),
    /// Stop an experiment; everybody sees the winner, if one is named
    Stop(switch::StopArgs),
    /// Switch an experiment off, or all of them: everybody sees the control, nothing is counted
    Kill(switch::KillArgs),
    /// Change how large a part of all people an experiment takes
    Ramp(switch::RampArgs),
}

/// Runs `beckon experiments`.
///
/// # Errors
/// When a document or an argument is to be mended, or the admin API does not do what was asked.
pub async fn run(args: ExperimentsArgs) -> Result<(), CliError> {
    match args.command {
        ExperimentsCommand::Check(args) => Box::pin(check::run(args)).await,
        ExperimentsCommand::Publish(args) => Box::pin(publish::run(args)).await,
        ExperimentsCommand::Rollback(args) => Box::pin(publish::roll_back(args)).await,
        ExperimentsCommand::Diff(args) => Box::pin(diff::run(args)).await,
        ExperimentsCommand::List(args) => Box::pin(list::run(args)).await,
        ExperimentsCommand::Show(args) => Box::pin(list::show(args)).await,
        ExperimentsCommand::History(args) => Box::pin(history::run(args)).await,
        ExperimentsCommand::Stop(args) => Box::pin(switch::stop(args)).await,
        ExperimentsCommand::Kill(args) => Box::pin(switch::kill(args)).await,
        ExperimentsCommand::Ramp(args) => Box::pin(switch::ramp(args)).await,
    }
}

/// The text of a file.
fn text(path: &std::path::Path) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|e| CliError::usage(format!("the experiments {} cannot be read: {e}", path.display())))
}
