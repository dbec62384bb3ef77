//! How good recommendations are: every layer is asked for the next item of recorded sessions.

use super::formats::{self, Kind};
use super::items::Items;
use super::layers::{self, Shelf};
use super::measure::Measure;
use super::pairs::{self, TestSet};
use super::plots;
use super::ranker::TrainingSet;
use super::report::{Report, TestReport, TrainReport};
use crate::error::CliError;
use beckon_recommend::policy::BLEND_FRESH_WEIGHT;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;

/// What is asked, of what.
#[derive(Args, Clone, Debug)]
pub struct NextItemArgs {
    /// Sessions to learn from
    #[arg(long, value_name = "FILE")]
    pub train: Option<PathBuf>,
    /// Sessions, or pairs, to test with
    #[arg(long, value_name = "FILE", conflicts_with = "validate")]
    pub test: Option<PathBuf>,
    /// Hold the newest training sessions out, and test with them
    #[arg(long)]
    pub validate: bool,
    /// How many of them, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub holdout: u32,
    /// Layers to evaluate, with commas between [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub layers: Vec<String>,
    /// Length of a list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub count: u16,
    /// Ask about so many pairs only, evenly spread over the file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
    /// The snapshot does not know the newest sessions, so many percent of them: what the stream adds to yesterday's index
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=90))]
    pub behind: u32,
    /// How much the fresh layer counts in the blend, where the snapshot counts 1
    #[arg(long, value_name = "WEIGHT", default_value_t = BLEND_FRESH_WEIGHT, value_parser = weight)]
    pub fresh_weight: f64,
    /// Folder that the plots are written to
    #[arg(long, value_name = "FOLDER", default_value = "target/beckon/evaluate")]
    pub plots: PathBuf,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Takes a weight.
fn weight(text: &str) -> Result<f64, String> {
    let weight = text.parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
    weight.ok_or_else(|| "expected a number of 0 or more, such as 0.2".to_owned())
}

/// Evaluates, and prints what was found.
///
/// # Errors
/// When a file cannot be used, a layer is not known, or one ranks what it must not.
pub fn run(args: &NextItemArgs) -> Result<(), CliError> {
    let report = evaluate(args)?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|e| CliError::caused("the report", &e))?;
        crate::say(json);
    } else {
        crate::say(report.to_string().trim_end());
    }
    Ok(())
}

/// Evaluates.
///
/// # Errors
/// As [`run`].
pub fn evaluate(args: &NextItemArgs) -> Result<Report, CliError> {
    let layers = chosen(&args.layers)?;
    let bar = progress();
    let (training, mut train, test, mut asked) = sets(args, &bar)?;
    bar.set_message("counting products");
    let items = Items::of(&training);
    let clicks = items.clicks(&training);
    train.products = items.len();
    asked.pairs = test.len();
    asked.unknown_targets = test.pairs().filter(|pair| items.number(pair.target).is_none()).count();
    let measure = Measure { items: &items, clicks: &clicks, test: &test, count: usize::from(args.count) };
    bar.set_length((test.len() * layers.len()) as u64);
    let mut reports = Vec::with_capacity(layers.len());
    let mut shelf = Shelf::new(&training, args.behind, args.fresh_weight);
    for (number, name) in (1_u64..).zip(layers) {
        bar.set_message(format!("building {name}"));
        bar.tick();
        let (ranker, built) = shelf.layer(name)?;
        bar.set_message(format!("asking {name}"));
        bar.tick();
        reports.push(measure.run(ranker.as_ref(), built, &bar)?);
        bar.set_position(number * test.len() as u64);
    }
    bar.finish_and_clear();
    let mut report = Report {
        count: usize::from(args.count),
        train,
        test: asked,
        release: !cfg!(debug_assertions),
        layers: reports,
        plots: Vec::new(),
    };
    report.plots = plots::write(&args.plots, &report)?;
    Ok(report)
}

/// The layers of these names, all when there are none; a wrong one is told before anything is read.
fn chosen(wanted: &[String]) -> Result<Vec<&'static str>, CliError> {
    if wanted.is_empty() {
        return Ok(layers::names().collect());
    }
    let known = |name: &String| {
        layers::names().find(|known| *known == name.trim()).ok_or_else(|| layers::unknown(name))
    };
    wanted.iter().map(known).collect()
}

type Sets = (TrainingSet, TrainReport, TestSet, TestReport);

/// Reads the files.
fn sets(args: &NextItemArgs, bar: &ProgressBar) -> Result<Sets, CliError> {
    let said = |path: &PathBuf| {
        bar.set_message(format!("reading {}", path.display()));
        bar.tick();
    };
    let missing = |what: &str| CliError::usage(format!("{what}; `beckon evaluate --help` has examples"));
    let train = args.train.as_ref().ok_or_else(|| missing("name sessions to learn from: --train FILE"))?;
    if args.test.is_none() && !args.validate {
        return Err(missing(
            "name sessions to test with: --test FILE, or --validate to hold some of --train out",
        ));
    }
    said(train);
    let mut file = formats::read(train)?;
    if file.kind == Kind::Pairs {
        return Err(CliError::usage(format!(
            "{}: line 1 has a tab: it holds pairs to test with; give it as --test, and sessions as --train",
            train.display()
        )));
    }
    let (test, asked, from) = match &args.test {
        Some(path) => {
            said(path);
            let test = formats::read(path)?;
            let asked = TestReport::new(false, test.bad_rows);
            (TestSet::of(test.sessions, test.kind), asked, path)
        }
        None => {
            let held_out = pairs::hold_out(&mut file, args.holdout);
            let asked = TestReport::new(true, formats::BadRows::default());
            (TestSet::of(held_out, file.kind), asked, train)
        }
    };
    if test.is_empty() {
        return Err(CliError::usage(format!(
            "{}: nothing to ask about: no session to test with has two items; take a longer file",
            from.display()
        )));
    }
    let test = match args.sample {
        Some(count) => test.sampled(count as usize),
        None => test,
    };
    let bad_rows = std::mem::take(&mut file.bad_rows);
    let training = pairs::training(file);
    let train = TrainReport {
        sessions: training.sessions.len(),
        clicks: training.click_count(),
        products: 0,
        has_times: training.has_times,
        bad_rows: bad_rows.count,
        bad_row_samples: bad_rows.samples,
    };
    Ok((training, train, test, asked))
}

/// A bar over the pairs of all layers; hidden when nobody watches a terminal.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg}  [{bar:30}] {percent:>3} %  {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

#[cfg(test)]
mod tests;
