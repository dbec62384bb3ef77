//! `beckon mail`: what mails say and how they look, whether any are sent, and what came of them.

mod check;
mod dry_run;
mod folder;
mod persona;
mod preview;
mod publish;
mod report;
mod status;
mod switch;
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
  beckon mail status                                    whether mail is sent, what came of it, and what SES allows
  beckon mail status --check --stack-name beckon-dev    for a script: ends with 1 when somebody must act
  beckon mail report --since 30d --svg lift.svg         what mails achieved, against who was held out
  beckon mail dry-run --within 24h                      who would get what within a day, and why others would not
  beckon mail pause --reason \"wrong prices\"             nothing is sent from the next minute on
  beckon mail resume --reason \"prices are right again\"  sending goes on, and what is due goes out

The mailer has what is live after 30 seconds at most, without a deployment. A pause loses nothing: what is due waits.
shared/mail/README.md describes the folder.")]
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
    /// Say whether mail is sent, what came of it in the last day, and what SES allows
    Status(status::StatusArgs),
    /// Tell what mails achieved: each step, and who was mailed beside who was held out
    Report(report::ReportArgs),
    /// Say who would get what now, and why others would not; nothing is sent
    DryRun(dry_run::DryRunArgs),
    /// Send nothing from the next minute on
    Pause(switch::PauseArgs),
    /// Go on sending
    Resume(switch::ResumeArgs),
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
        MailCommand::Status(args) => Box::pin(status::run(args)).await,
        MailCommand::Report(args) => Box::pin(report::run(args)).await,
        MailCommand::DryRun(args) => Box::pin(dry_run::run(args)).await,
        MailCommand::Pause(args) => Box::pin(switch::pause(args)).await,
        MailCommand::Resume(args) => Box::pin(switch::resume(args)).await,
    }
}
