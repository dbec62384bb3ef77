//! `beckon stack smoke`: the loop once, against a deployed stack, whose clock nobody steers.
//!
//! Time passes by back-dated events: the collector takes `sentAt − timestamp` off its own clock. The stream is
//! asynchronous, so each step asks again until it sees what it expects, or a minute has passed.

mod arriving;
mod browse;
mod carts;
mod counted;
mod feedback;
mod mail;
mod outreach;
mod poison;
mod rollout;
mod until;
mod world;

use super::target::Target;
use crate::error::CliError;
use crate::smoke::Steps;
use clap::Args;
use world::World;

/// Arguments of `beckon stack smoke`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon stack smoke                        one line per step, exit code 0 only if all held
  beckon stack smoke --stack-name NAME      the same against a stack on AWS; its mail goes to SES's simulator
  beckon stack smoke --json                 for a script

The stack needs the sample ruleset. What the steps wrote stays: each run has visitors of its own.")]
pub struct SmokeArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Runs the smoke test.
///
/// # Errors
/// When there is no stack, or a step did not hold.
pub(crate) async fn run(args: SmokeArgs, target: &Target) -> Result<(), CliError> {
    let mut steps = Steps::new(args.json);
    let world = Box::pin(World::new(target)).await?;
    if let Err(error) = Box::pin(tell(&mut steps, &world, target)).await {
        // A script reads the steps that were taken, too.
        steps.step("the run comes to its end", false, error.to_string());
    }
    steps.finish().map_err(|error| CliError::failed(format!("{error}; look at `beckon stack logs`")))
}

async fn tell(steps: &mut Steps, world: &World, target: &Target) -> Result<(), CliError> {
    if !(browse::reach(steps, world).await? && browse::flow(steps, world).await?) {
        // Every later step would wait for a minute to say the same.
        return Ok(());
    }
    browse::browse(steps, world).await?;
    browse::canary(steps, world).await;
    browse::log_in(steps, world).await?;
    Box::pin(carts::leave(steps, world)).await?;
    Box::pin(carts::unsubscribe(steps, world)).await?;
    Box::pin(feedback::bounce(steps, world)).await?;
    Box::pin(counted::count(steps, world)).await?;
    Box::pin(counted::archive(steps, world)).await?;
    Box::pin(rollout::publish(steps, world)).await?;
    poison::bad_event(steps, world).await?;
    Box::pin(poison::poison(steps, world)).await?;
    Box::pin(arriving::arrive(steps, world, target)).await
}
