//! `beckon evaluate --propensity`: how well the trainer's logistic regression tells who will buy, on recorded behaviour.
//!
//! The task on Taobao's behaviour goes through the profile's own fold and features; the one on the UCI table has that
//! table's columns. Both are learned as the trainer learns, in the order of time, and tested once on what came last.

mod taobao;
#[cfg(test)]
mod tests;
mod text;
mod uci;

pub(crate) use text::told;

use crate::error::CliError;
use crate::plot::{self, Axis, LineChart, Series, Stroke};
use beckon_recommend::propensity::Example;
use beckon_recommend::propensity::metrics::{Calibration, Measured, Outcome, log_loss};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::{Path, PathBuf};
use trainer::propensity::{Validated, learn, outcomes, validated};

/// What is predicted, and from which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Taobao: after three events of a session without an order, does the person buy later in it?
    Taobao,
    /// UCI online shoppers: does the session end with an order?
    Uci,
}

/// Arguments that say what is predicted.
#[derive(Args, Clone, Debug, Default)]
pub struct PropensityArgs {
    /// Evaluate the prediction of who will buy, instead of recommendations
    #[arg(long, value_enum, requires = "data")]
    pub propensity: Option<Task>,
    /// File with the recorded behaviour of --propensity
    #[arg(long, value_name = "FILE", requires = "propensity")]
    pub data: Option<PathBuf>,
    /// Columns of the UCI table, or features, to leave out, with commas between
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "propensity")]
    pub without: Vec<String>,
}

/// Examples with the names of their values, in the order of time.
struct Table {
    names: Vec<String>,
    train: Vec<Example>,
    test: Vec<Example>,
    bad_rows: u64,
}

impl Table {
    /// The same without these columns.
    fn without(self, left_out: &[String]) -> Result<Self, CliError> {
        let of = |name: &String, column: &String| {
            column == name
                || column.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(['=', '>']))
        };
        if let Some(unknown) = left_out.iter().find(|name| !self.names.iter().any(|column| of(name, column)))
        {
            return Err(CliError::usage(format!("--without {unknown}: there is no such column or feature")));
        }
        let is_kept = |column: &String| !left_out.iter().any(|name| of(name, column));
        let kept: Vec<bool> = self.names.iter().map(is_kept).collect();
        let rows = |examples: Vec<Example>| -> Vec<Example> {
            let row = |example: Example| {
                let values = example.values.iter().zip(&kept).filter(|(_, kept)| **kept);
                Example { values: values.map(|(value, _)| *value).collect(), ..example }
            };
            examples.into_iter().map(row).collect()
        };
        let names = self.names.iter().filter(|name| is_kept(name)).cloned().collect();
        Ok(Self { names, train: rows(self.train), test: rows(self.test), bad_rows: self.bad_rows })
    }
}

/// How many examples there are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Examples.
    pub count: usize,
    /// Those that were followed by an order.
    pub bought: usize,
}

impl Share {
    fn of(examples: &[Example]) -> Self {
        Self { count: examples.len(), bought: examples.iter().filter(|example| example.bought).count() }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropensityReport {
    /// The task.
    pub task: &'static str,
    /// Columns that were left out.
    pub without: Vec<String>,
    /// How many columns there are.
    pub columns: usize,
    /// Rows of the file that could not be read.
    pub bad_rows: u64,
    /// What was learned from.
    pub train: Share,
    /// What was tested with.
    pub test: Share,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// What each choice came to in cross-validation.
    pub tried: Vec<Validated>,
    /// What the scores were corrected by, by cross-validation alone.
    pub corrected: Option<Calibration>,
    /// The log-loss of the training share said of everybody, on the test.
    pub constant_log_loss: Option<f64>,
    /// What was measured on the test; `None` with `--validate`.
    pub measured: Option<Measured>,
    /// The reliability plot.
    pub plot: Option<PathBuf>,
}

/// Evaluates, and prints what was found.
///
/// # Errors
/// When the file cannot be used.
pub(super) fn run(
    task: Task,
    args: &PropensityArgs,
    (validate, plots, json): (bool, &Path, bool),
) -> Result<(), CliError> {
    let report = evaluate(task, args, (validate, plots))?;
    if json {
        let json = serde_json::to_string_pretty(&report).map_err(|e| CliError::caused("the report", &e))?;
        crate::say(json);
    } else {
        crate::say(report.to_string().trim_end());
    }
    Ok(())
}

fn evaluate(
    task: Task,
    args: &PropensityArgs,
    (validate, plots): (bool, &Path),
) -> Result<PropensityReport, CliError> {
    let file = args.data.as_deref().ok_or_else(|| CliError::usage("name the file with --data FILE"))?;
    let bar = ProgressBar::new_spinner().with_message(format!("reading {}", file.display()));
    bar.tick();
    let (name, table) = match task {
        Task::Taobao => ("taobao", taobao::read(file)?),
        Task::Uci => ("uci", uci::read(file)?),
    };
    let table = table.without(&args.without)?;
    bar.set_message("learning");
    bar.tick();
    let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
    let learned = learn(&names, &table.train.iter().collect::<Vec<_>>()).map_err(|e| {
        CliError::usage(format!("{}: nothing can be learned of it: {e}; take a longer file", file.display()))
    })?;
    let train = Share::of(&table.train);
    let mut report = PropensityReport {
        task: name,
        without: args.without.clone(),
        columns: names.len(),
        bad_rows: table.bad_rows,
        train,
        test: Share::of(&table.test),
        penalty: learned.penalty,
        tried: validated(&learned),
        corrected: learned.corrected,
        constant_log_loss: None,
        measured: None,
        plot: None,
    };
    if !validate {
        let test: Vec<&Example> = table.test.iter().collect();
        let score = train.bought as f64 / train.count as f64;
        let constant: Vec<Outcome> =
            test.iter().map(|example| Outcome { score, happened: example.bought }).collect();
        report.constant_log_loss = Some(log_loss(&constant).value);
        let measured = Measured::of(&outcomes(&learned.model, &test));
        let path = plots.join(format!("propensity-{name}.svg"));
        plot::write(&path, &reliability_chart(name, &measured).svg())?;
        report.plot = Some(path);
        report.measured = Some(measured);
    }
    bar.finish_and_clear();
    Ok(report)
}

/// The reliability curve beside what it should be.
pub(crate) fn reliability_chart(name: &str, measured: &Measured) -> LineChart {
    let points: Vec<(f64, f64)> =
        measured.reliability.iter().map(|bin| (bin.expected, bin.observed)).collect();
    let most = points.iter().fold(0.0_f64, |most, point| most.max(point.0).max(point.1));
    LineChart {
        title: format!("Do scores mean what they say? {name}, tenths of {} people", measured.count),
        x: Axis::linear("mean score").between(0.0, most),
        y: Axis::linear("share who bought").between(0.0, most),
        series: vec![
            Series {
                name: "ideal".to_owned(),
                points: vec![(0.0, 0.0), (most, most)],
                stroke: Stroke::Dashed,
            },
            Series { name: "observed".to_owned(), points, stroke: Stroke::Marked },
        ],
    }
}
