//! `beckon stack`: the real template, deployed to a local AWS emulator or to AWS, and driven end to end.
//!
//! `up` runs through `tools`, `ministack`, `build`, `deploy`, `ruleset` and `driver`; what stays in the background is in
//! `state`, and `down` ends it.

mod build;
pub(crate) mod confirm;
mod deploy;
mod down;
mod drive;
mod driver;
mod external;
pub(crate) mod folder;
mod keys;
mod lock;
mod log_line;
mod logs;
mod ministack;
mod phases;
mod process;
mod python;
pub(crate) mod resources;
mod rules;
mod ruleset;
mod sam;
mod smoke;
mod state;
pub(crate) mod target;
mod tools;
mod up;

use crate::error::CliError;
use aws_config::SdkConfig;
use clap::{Args, Subcommand};
use target::Target;

pub use target::TargetArgs;

/// Arguments of `beckon stack`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon stack up                          the stack on this machine, without Docker (needs Python)
  beckon stack smoke                       does the loop hold?
  beckon stack logs collector --follow
  beckon stack down

  beckon stack up --stack-name beckon-dev --parameter Sender=reminders@shop.example
                                           the same stack in your AWS account")]
pub struct StackArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(subcommand)]
    command: StackCommand,
}

#[derive(Subcommand, Debug)]
enum StackCommand {
    /// Build and deploy the stack; without further arguments into MiniStack, which it starts
    Up(up::UpArgs),
    /// Drive the loop once through the deployed stack, and say whether every step held
    Smoke(smoke::SmokeArgs),
    /// Print what the functions logged
    Logs(logs::LogsArgs),
    /// End what `up` started, or delete the stack elsewhere
    Down(down::DownArgs),
    /// Print the write keys of the stack
    Keys(keys::KeysArgs),
    /// Make a ruleset live
    Rules(rules::RulesArgs),
    /// Print the folder of the pinned tools (sam, cargo-lambda, cfn-lint), installing them first
    Tools,
    /// Deliver the stream's records to the profiler, as Lambda's event source mapping would
    #[command(hide = true)]
    Drive,
}

impl StackArgs {
    /// The level at which this command logs, unless told.
    #[must_use]
    pub fn log_level(&self) -> &'static str {
        if matches!(self.command, StackCommand::Drive) { "beckon=info,warn" } else { "error" }
    }
}

/// Runs `beckon stack`.
///
/// # Errors
/// When the stack, its tools or its emulator cannot do what was asked.
pub async fn run(args: StackArgs) -> Result<(), CliError> {
    let mut target = meant(args.target)?;
    if !matches!(args.command, StackCommand::Tools) {
        target.settle().await?;
    }
    match args.command {
        StackCommand::Up(args) => Box::pin(up::run(args, &target)).await,
        StackCommand::Smoke(args) => Box::pin(smoke::run(args, &target)).await,
        StackCommand::Logs(args) => Box::pin(logs::run(args, &target)).await,
        StackCommand::Down(args) => Box::pin(down::run(&args, &target)).await,
        StackCommand::Keys(args) => Box::pin(keys::run(&args, &target)).await,
        StackCommand::Rules(args) => Box::pin(rules::run(&args, &target)).await,
        StackCommand::Tools => print_tools(),
        StackCommand::Drive => Box::pin(drive::run(&target)).await,
    }
}

/// What the arguments mean. Where no port is given it is that of the MiniStack that `up` started.
pub(crate) fn meant(mut args: TargetArgs) -> Result<Target, CliError> {
    if args.port.is_none()
        && let Ok(folder) = folder::Folder::find()
    {
        args.port = state::State::load(&folder)?.port();
    }
    Target::of(&args)
}

fn print_tools() -> Result<(), CliError> {
    let folder = folder::Folder::find()?;
    let bin = tools::DEPLOY.ensure(&folder, &mut phases::Phases::new())?;
    crate::say(bin.display());
    Ok(())
}

/// The stack, which must exist.
pub(crate) async fn deployed(target: &Target, sdk: &SdkConfig) -> Result<resources::Deployed, CliError> {
    resources::describe(target, sdk).await?.ok_or_else(|| {
        CliError::usage(format!(
            "no stack {}: make it with `beckon stack up{}`",
            target.place(),
            target.arguments()
        ))
    })
}
