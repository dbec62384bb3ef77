//! `beckon model`: what is learned, how good it is, and how it came to be live.

pub(crate) mod place;
mod show;
#[cfg(test)]
mod tests;
pub(crate) mod train;

use crate::error::CliError;
use beckon_store::tables::ModelKind;
use clap::{Args, Subcommand, ValueEnum};
use place::PlaceArgs;

/// Arguments of `beckon model`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon model show                          the live model of `beckon serve` on this machine, and its card
  beckon model show --kind worth             what strategies are worth, slot by slot
  beckon model show --trainings 10           how the last trainings ended, and why
  beckon model train                         learn from what `beckon serve` has archived
  beckon model train --archive my-archive    from another folder
  beckon model show --stack-name beckon-dev  of a stack on AWS
  beckon model train --stack-name beckon-dev its trainer, now instead of tonight

`train` ends with 0 whether what it made became live or not: the last line says which, and why.")]
pub struct ModelArgs {
    #[command(subcommand)]
    command: ModelCommand,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Subcommand, Debug)]
enum ModelCommand {
    /// Print the card of the live model: what it was made of, its weights, how good it is
    Show(show::ShowArgs),
    /// Train now, and publish what is not worse than what is live
    Train(train::TrainArgs),
}

/// A kind of model, as people write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// How likely a person is to buy
    #[default]
    Propensity,
    /// Sessions that recommendations are made by
    SessionIndex,
    /// How much each strategy counts in slots that learn
    Worth,
}

impl Kind {
    const fn stored(self) -> ModelKind {
        match self {
            Self::Propensity => ModelKind::Propensity,
            Self::SessionIndex => ModelKind::SessionIndex,
            Self::Worth => ModelKind::Worth,
        }
    }
}

/// Runs `beckon model`.
///
/// # Errors
/// When the place cannot be reached, or the training fails.
pub async fn run(args: ModelArgs) -> Result<(), CliError> {
    let place = args.place.open().await?;
    match args.command {
        ModelCommand::Show(args) => show::run(args, &place).await,
        ModelCommand::Train(args) => Box::pin(train::run(args, &place)).await,
    }
}
