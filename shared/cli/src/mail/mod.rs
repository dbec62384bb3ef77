//! `beckon mail`: the content of mails on its way from a folder to being live, and how it looks.

mod check;
mod folder;
mod persona;
mod preview;
mod publish;
mod test_send;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use clap::{Args, Subcommand};

/// Arguments of `beckon mail`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon mail preview --write-built-in my-mails             the built-in content, as a folder to begin with
  beckon mail check my-mails                                every mistake, with its file and line
  beckon mail preview --content my-mails --out target/mails every mail, as HTML, text and .eml
  beckon mail preview --persona jo.json --step 2            for somebody in particular
  beckon mail test-send --to me@shop.example                into the inbox of `beckon serve` on this machine
  beckon mail publish my-mails --note \"winter\"              live in `beckon serve` on this machine
  beckon mail publish my-mails --stack-name beckon-dev      live in a stack on AWS

The mailer has what is live after 30 seconds at most, without a deployment. shared/mail/README.md describes the folder.")]
pub struct MailArgs {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Subcommand, Debug)]
enum MailCommand {
    /// Say everything that is wrong with a folder of content
    Check(check::CheckArgs),
    /// Make a folder of content live, if nothing is wrong with it
    Publish(publish::PublishArgs),
    /// Write mails as files, to be looked at
    Preview(preview::PreviewArgs),
    /// Send one mail to an address of yours; no ledger hears of it
    TestSend(Box<test_send::TestSendArgs>),
}

/// Runs `beckon mail`.
///
/// # Errors
/// When content or an argument is to be mended, or what was asked for does not answer.
pub async fn run(args: MailArgs) -> Result<(), CliError> {
    match args.command {
        MailCommand::Check(args) => check::run(&args),
        MailCommand::Publish(args) => Box::pin(publish::run(args)).await,
        MailCommand::Preview(args) => preview::run(&args),
        MailCommand::TestSend(args) => Box::pin(test_send::run(*args)).await,
    }
}
