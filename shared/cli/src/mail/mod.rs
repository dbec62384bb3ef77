//! `beckon mail`: the mails that are sent, and whether any are.

mod status;
mod switch;

use crate::error::CliError;
use clap::{Args, Subcommand};

/// Arguments of `beckon mail`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon mail status                                    whether mail is sent, what came of it, and what SES allows
  beckon mail status --check --stack-name beckon-dev    for a script: ends with 1 when somebody must act
  beckon mail pause --reason \"wrong prices\"             nothing is sent from the next minute on
  beckon mail resume --reason \"prices are right again\"  sending goes on, and what is due goes out

A pause loses nothing: what is due waits.")]
pub struct MailArgs {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Subcommand, Debug)]
enum MailCommand {
    /// Say whether mail is sent, what came of it in the last day, and what SES allows
    Status(status::StatusArgs),
    /// Send nothing from the next minute on
    Pause(switch::PauseArgs),
    /// Go on sending
    Resume(switch::ResumeArgs),
}

/// Runs `beckon mail`.
///
/// # Errors
/// When the place cannot be reached, or does not do what was asked.
pub async fn run(args: MailArgs) -> Result<(), CliError> {
    match args.command {
        MailCommand::Status(args) => Box::pin(status::run(args)).await,
        MailCommand::Pause(args) => Box::pin(switch::pause(args)).await,
        MailCommand::Resume(args) => Box::pin(switch::resume(args)).await,
    }
}
