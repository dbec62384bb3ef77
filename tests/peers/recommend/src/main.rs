//! `recommend`: `beckon evaluate`, built with optimisation and without the AWS SDK, so that times mean something after a
//! minute's build; several rounds of it, and goals. `cargo beckon bench recommend` runs it.
//!
//! The source is that of the command: nothing is measured here that is not evaluated there. So are the dependencies, of
//! which this file names few: `beckon_domain`, `beckon_rules`, `csv`, `flate2`, `indicatif`, `jiff`, `thiserror`, and for
//! its tests `tempfile`.

#[path = "../../../../shared/cli/src/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "../../../../shared/cli/src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../../../../shared/cli/src/evaluate"]
#[allow(dead_code)]
mod evaluate {
    //! What of the command asks for the next item; what predicts who will buy needs the trainer, and so the AWS SDK.
    mod blend;
    mod formats;
    mod fresh;
    mod items;
    mod layers;
    mod measure;
    pub mod metrics;
    pub mod next_item;
    mod pairs;
    mod plots;
    mod popularity;
    mod ranker;
    pub mod report;
    mod snapshot;
    mod text;
    mod vmis;
}
mod goals;
mod made;
#[path = "../../../../shared/cli/src/plot/mod.rs"]
#[allow(dead_code, unused_imports)]
mod plot;
#[path = "../../../../shared/cli/src/replay"]
mod replay {
    //! Readers of recorded behaviour.
    #[allow(dead_code)]
    pub mod format;
}

use beckon_recommend::policy::BLEND_FRESH_WEIGHT;
use clap::{Args, Parser, Subcommand};
use error::CliError;
use evaluate::metrics::Latency;
use evaluate::next_item::{self, NextItemArgs};
use evaluate::report::Report;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures recommendations: how good each layer is, and how long a ranking takes.
#[derive(Parser)]
#[command(name = "recommend")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What `beckon evaluate` does, with times that mean something
    Evaluate(Evaluate),
    /// Several rounds of it, held against goals
    Bench(Arguments),
}

#[derive(Args)]
struct Evaluate {
    #[command(flatten)]
    next_item: NextItemArgs,
    /// Named by what the arguments above exclude; only `beckon evaluate` has it
    #[arg(long, hide = true)]
    propensity: Option<String>,
}

#[derive(Args)]
struct Arguments {
    /// Sessions to learn from [default: sessions that are made, by --seed]
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// Sessions, or pairs, to ask about [default: the newest 7 % of the training sessions]
    #[arg(long, value_name = "FILE", requires = "train")]
    test: Option<PathBuf>,
    /// Layers to measure, with commas between [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    layers: Vec<String>,
    /// Rounds; every layer is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=101))]
    rounds: u32,
    /// What decides the sessions that are made
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder that the plots are written to
    #[arg(long, value_name = "FOLDER", default_value = "target/beckon/bench-recommend")]
    plots: PathBuf,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Evaluate(Evaluate { propensity: Some(_), .. }) => {
            Err(CliError::usage("there is no --propensity here: use `cargo beckon evaluate`"))
        }
        Command::Evaluate(args) => next_item::run(&args.next_item),
        Command::Bench(arguments) => bench(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beckon: {error}");
            error.exit_code()
        }
    }
}

fn bench(arguments: &Arguments) -> Result<(), CliError> {
    let train = match &arguments.train {
        Some(train) => train.clone(),
        None => made(arguments)?,
    };
    let args = NextItemArgs {
        train: Some(train),
        test: arguments.test.clone(),
        validate: arguments.test.is_none(),
        holdout: 7,
        layers: arguments.layers.clone(),
        count: 20,
        sample: None,
        behind: 0,
        fresh_weight: BLEND_FRESH_WEIGHT,
        plots: arguments.plots.clone(),
        json: arguments.json,
    };
    // A round has every layer once, so that what slows the machine slows all of them.
    let rounds: Vec<Report> =
        (0..arguments.rounds).map(|_| next_item::evaluate(&args)).collect::<Result<_, _>>()?;
    let Some(report) = median(&rounds) else { return Err(CliError::usage("no round was asked for")) };
    let goals = goals::goals(&report);
    if arguments.json {
        let document = json!({"rounds": arguments.rounds, "report": report, "goals": goals});
        say(format_args!("{document:#}"));
        return Ok(());
    }
    say(report.to_string().trim_end());
    say(format_args!("times: the median of {} rounds", arguments.rounds));
    for goals::Goal { goal, relation, wanted, found, met } in goals {
        let verdict = if met { "met" } else { "NOT MET" };
        say(format_args!("goal: {goal} {relation} {wanted}: {found:.3}, {verdict}"));
    }
    Ok(())
}

/// Writes sessions that are made.
fn made(arguments: &Arguments) -> Result<PathBuf, CliError> {
    let file = arguments.plots.join("sessions.txt");
    let written = std::fs::create_dir_all(&arguments.plots)
        .and_then(|()| std::fs::write(&file, made::sessions(arguments.seed)));
    written.map_err(|e| {
        CliError::usage(format!("sessions cannot be written to {}: {e}; make room", file.display()))
    })?;
    Ok(file)
}

/// The first report, with each percentile's median over the rounds.
fn median(rounds: &[Report]) -> Option<Report> {
    let mut report = rounds.first()?.clone();
    for (index, layer) in report.layers.iter_mut().enumerate() {
        let of = |percentile: fn(&Latency) -> f64| {
            let measured = rounds.iter().filter_map(|round| round.layers.get(index));
            let mut times: Vec<f64> = measured.map(|layer| percentile(&layer.latency_us)).collect();
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 2).copied().unwrap_or_default()
        };
        layer.latency_us =
            Latency { p50: of(|l| l.p50), p90: of(|l| l.p90), p99: of(|l| l.p99), max: of(|l| l.max) };
    }
    Some(report)
}

/// Prints a line. Whoever closed the pipe has read enough: that is no error.
fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
