//! `beckon smoke`: the loop once, over HTTP, against a fresh stack with a steerable clock.

pub(crate) mod events;
mod story;
mod world;

use crate::error::CliError;
use clap::Args;
use serde::Serialize;
use std::time::Instant;

/// Arguments of `beckon smoke`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon smoke          one line per step, exit code 0 only if all held
  beckon smoke --json   the same for a script")]
pub struct SmokeArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// What became of a step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What was tried.
    pub name: &'static str,
    /// Whether it held.
    pub held: bool,
    /// What was seen.
    pub seen: String,
    /// How long it took, in milliseconds.
    pub latency_ms: f64,
}

/// Steps as they are taken.
pub(crate) struct Steps {
    steps: Vec<Step>,
    quiet: bool,
    began: Instant,
}

impl Steps {
    /// No step yet. Quiet ones are told at the end, as JSON.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { steps: Vec::new(), quiet, began: Instant::now() }
    }

    /// Ends a step: everything since the last one belongs to it.
    pub(crate) fn step(&mut self, name: &'static str, held: bool, seen: impl Into<String>) {
        let latency_ms = self.began.elapsed().as_secs_f64() * 1_000.0;
        let step = Step { name, held, seen: seen.into(), latency_ms };
        if !self.quiet {
            let mark = if held { "ok  " } else { "FAIL" };
            crate::say(format_args!("{mark} {name:<58} {latency_ms:>8.1} ms  {}", step.seen));
        }
        self.steps.push(step);
        self.began = Instant::now();
    }

    /// Says how many steps held.
    ///
    /// # Errors
    /// When one did not.
    pub(crate) fn finish(self) -> Result<(), CliError> {
        let failed = self.steps.iter().filter(|step| !step.held).count();
        let total = self.steps.len();
        if self.quiet {
            let document = serde_json::json!({ "held": failed == 0, "steps": self.steps });
            crate::say(format_args!("{document:#}"));
        } else if failed == 0 {
            crate::say(format_args!("all {total} steps held"));
        }
        if failed == 0 {
            Ok(())
        } else {
            Err(CliError::failed(format!("{failed} of {total} steps did not hold")))
        }
    }
}

/// Runs the smoke test.
///
/// # Errors
/// When a step did not hold, or the stack did not start.
pub async fn run(args: SmokeArgs) -> Result<(), CliError> {
    let mut steps = Steps::new(args.json);
    story::tell(&mut steps).await?;
    steps.finish()
}
