//! `beckon cost`: what a month of the stack costs, from counted units and a dated list of prices.
//!
//! [`measured`] says what an event takes, `prices` what AWS takes for it; `month` multiplies what comes by the former, and
//! `report` the result by the latter. `flow` models how often functions run and how long, `naive` the designs that Beckon is
//! held against; `stack` is what template.yaml deploys.

pub(crate) mod flow;
pub mod measured;
pub(crate) mod month;
mod naive;
mod prices;
mod report;
pub(crate) mod stack;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use crate::error::CliError;
use crate::plot::{self, Axis, BarChart, Bars};
use clap::Args;
pub use flow::Freshness;
use measured::Measured;
pub use month::Traffic;
pub(crate) use prices::one_line;
pub use prices::{Item, Price, Prices};
pub use report::{Compared, Path, Priced, Report, Verdict};
use std::path::PathBuf;

/// The most of anything that a month may bring.
const COUNT_MAX: u64 = 10_000_000_000_000;

/// Arguments of `beckon cost`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  beckon cost --events 50000000 --decisions 20000000 --mails 40000
  beckon cost --events-per-request 5
  beckon replay day.csv.gz --format taobao --batch-sizes 1 --json > replay.json
  beckon cost --from-replay replay.json --plot target/beckon/cost.svg
  beckon cost --print-prices > my-prices.toml

(a) is the stream, the profiler and ProfileTable; (b) everything that the template deploys; (c) a month in which nothing comes.")]
pub struct CostArgs {
    /// Events of a month
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(0..=COUNT_MAX))]
    pub events: u64,
    /// Requests for decisions of a month
    #[arg(long, value_name = "N", default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(0..=COUNT_MAX))]
    pub decisions: u64,
    /// Mails of a month
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(0..=COUNT_MAX))]
    pub mails: u64,
    /// Events of one visitor that come in one request: browsers send each by itself, servers many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=512))]
    pub events_per_request: u64,
    /// Units as this replay counted them: what `beckon replay --json` printed
    #[arg(long, value_name = "FILE")]
    pub from_replay: Option<PathBuf>,
    /// Prices of a file instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// How the profiler hears of events
    #[arg(long, value_enum, default_value_t = Freshness::Standard)]
    pub freshness: Freshness,
    /// Draw the comparison with naive designs, as SVG
    #[arg(long, value_name = "FILE.svg")]
    pub plot: Option<PathBuf>,
    /// Print the built-in prices, to change them
    #[arg(long, exclusive = true)]
    pub print_prices: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

impl CostArgs {
    /// What the month brings.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic {
            events: self.events as f64,
            decisions: self.decisions as f64,
            mails: self.mails as f64,
            events_per_request: self.events_per_request as f64,
            freshness: self.freshness,
        }
    }
}

/// Prices a month, and draws the comparison if that is wanted.
///
/// # Errors
/// When the replay or the prices cannot be used, or the plot cannot be written.
pub fn price(args: &CostArgs) -> Result<Report, CliError> {
    let is_svg =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
    if let Some(path) = args.plot.as_ref().filter(|path| !is_svg(path)) {
        return Err(CliError::usage(format!(
            "plots are SVG, and {} does not end in .svg: choose such a name",
            path.display()
        )));
    }
    let measured = Measured::load(args.from_replay.as_deref())?;
    let prices = Prices::load(args.prices.as_deref())?;
    let report = Report::of(args.traffic(), &measured, prices)?;
    if let Some(path) = &args.plot {
        plot::write(path, &chart(&report).svg())?;
    }
    Ok(report)
}

/// Prices a month, and prints what it costs.
///
/// # Errors
/// As [`price`].
pub fn run(args: &CostArgs) -> Result<(), CliError> {
    if args.print_prices {
        crate::say(prices::BUILT_IN.trim_end());
        return Ok(());
    }
    let report = price(args)?;
    if args.json {
        let json = serde_json::to_string_pretty(&report);
        crate::say(json.map_err(|e| CliError::caused("the report", &e))?);
    } else {
        crate::say(report.to_string().trim_end());
        if let Some(path) = &args.plot {
            crate::say(format!("\nplot            {}", path.display()));
        }
    }
    Ok(())
}

fn chart(report: &Report) -> BarChart {
    let name = |row: &Compared| {
        if row.name.starts_with("Beckon") && row.boundary != "profile path" {
            format!("{}, with API", row.name)
        } else {
            row.name.clone()
        }
    };
    BarChart {
        title: "What a million events cost, without what stands for hours".to_owned(),
        y: Axis::linear("USD for 1,000,000 events"),
        groups: report.compared.iter().map(name).collect(),
        bars: vec![Bars {
            name: "list prices".to_owned(),
            values: report.compared.iter().map(|row| (row.usd_per_million, 0.0)).collect(),
        }],
    }
}
