//! `beckon bench cold`: how long the functions take from being started to asking for their first invocation, beside a function
//! that does nothing, and how much memory they have then.
//!
//! Each start is a process of its own; the runtime API and the AWS services are answered by this one, over plain HTTP on
//! 127.0.0.1. So no handshake is in it, and no distance: those are the account's, and the same for every program.

mod functions;
mod report;
mod start;
mod stub;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use clap::Args;
use functions::{EMPTY, FUNCTIONS, Function};
use indicatif::{ProgressBar, ProgressStyle};
use report::{ColdReport, Row};
use start::{Files, Started, start};
use std::path::{Path, PathBuf};
use stub::Stub;

/// Starts of each function with `--quick`.
const QUICK: u32 = 3;
const BUILD: &str = "cargo build --release --locked --bins --examples";

/// Arguments of `beckon bench cold`.
#[derive(Args, Debug)]
#[command(after_help = "Build the functions as they run on Lambda, and keep the machine quiet:
  cargo build --release --locked --bins --examples && target/release/beckon bench cold

The root certificates are read with the first HTTPS client. What that takes is told apart, by starts that know one alone.
Exit code 1: a function did not ask for an invocation; 2: it is not built.")]
pub struct ColdArgs {
    /// Starts of each function, each after one of a function that does nothing; the median counts
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub starts: u32,
    /// Where the functions are, and examples/empty
    #[arg(long, value_name = "FOLDER", default_value = "target/release")]
    pub folder: PathBuf,
    /// Only these functions
    #[arg(long = "function", value_name = "NAME", value_parser = FUNCTIONS.map(|function| function.name))]
    pub functions: Vec<String>,
    /// Few starts: says that the functions start, not how fast
    #[arg(long, conflicts_with = "starts")]
    pub quick: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Measures, and prints what was measured.
///
/// # Errors
/// When a function is not built, or does not ask for its invocations.
pub(super) async fn run(args: &ColdArgs) -> Result<(), CliError> {
    let report = measure(args).await?;
    super::tell(&report, args.json)
}

/// The starts of one function, and of the one that does nothing before each.
#[derive(Default)]
struct Starts {
    empty: Vec<Started>,
    with_roots: Vec<Started>,
    with_one: Vec<Started>,
}

async fn measure(args: &ColdArgs) -> Result<ColdReport, CliError> {
    let is_wanted =
        |function: &Function| args.functions.is_empty() || args.functions.iter().any(|n| n == function.name);
    let functions: Vec<Function> = FUNCTIONS.into_iter().filter(is_wanted).collect();
    built(&args.folder, &functions)?;
    let starts = if args.quick { QUICK } else { args.starts };
    let (stub, files) = (Stub::start().await?, Files::make());
    let bar = progress(u64::from(starts) * functions.len() as u64);
    let mut measured: Vec<Starts> = functions.iter().map(|_| Starts::default()).collect();
    for _ in 0..starts {
        for (function, of) in functions.iter().zip(&mut measured) {
            of.empty.push(start(&stub, &args.folder, EMPTY, &files, None).await?);
            of.with_roots.push(start(&stub, &args.folder, *function, &files, None).await?);
            if let Some(root) = files.one_root() {
                of.with_one.push(start(&stub, &args.folder, *function, &files, Some(root)).await?);
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let rows = functions.iter().zip(&measured).map(|(function, of)| Row::new(function.name, of)).collect();
    Ok(ColdReport::new(starts, rows))
}

/// Whether all that is to be started is there.
fn built(folder: &Path, functions: &[Function]) -> Result<(), CliError> {
    match functions.iter().chain([&EMPTY]).find(|function| !folder.join(function.name).is_file()) {
        None => Ok(()),
        Some(Function { name, .. }) => {
            let folder = folder.display();
            Err(CliError::usage(format!("{name} is not in {folder}; build what is measured: {BUILD}")))
        }
    }
}

/// A bar on a terminal; nothing elsewhere.
fn progress(starts: u64) -> ProgressBar {
    let bar = ProgressBar::new(starts);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} starts, {eta} left") {
        bar.set_style(style);
    }
    bar
}
