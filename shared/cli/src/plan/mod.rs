//! `beckon plan`: shards, lanes, instances and quotas for so many events a second, and what is met first.

mod limits;
mod quotas;
mod sizing;
#[cfg(test)]
mod tests;
mod text;

use crate::cost::measured::{Counted, Measured};
use crate::cost::stack::VISITOR_EVENTS_PER_SECOND;
use crate::error::CliError;
use clap::Args;
pub use limits::{Kind, Limit, limits};
pub use quotas::{Quota, Quotas};
use serde::Serialize;
pub use sizing::{Concurrency, Demand, Parameters, Raise, Sizing, Units};
use std::path::PathBuf;

/// The rates of the table.
const RATES: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// The most that is planned for.
const RATE_MAX: u32 = 1_000_000;

/// Arguments of `beckon plan`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  beckon plan
  beckon plan --events-per-second 2500 --decisions-per-second 800
  beckon plan --events-per-second 2500 --events-per-request 5 --json

The rate is that of the busiest minute. Nothing here was tried on AWS: it follows from counted units and a model.")]
pub struct PlanArgs {
    /// Events a second; without it a table from 100 to 1,000,000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    pub events_per_second: Option<u32>,
    /// Requests for decisions a second [default: half as many as events]
    #[arg(long, value_name = "N", requires = "events_per_second",
          value_parser = clap::value_parser!(u32).range(0..=i64::from(RATE_MAX)))]
    pub decisions_per_second: Option<u32>,
    /// Events of one visitor that come in one request
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=512))]
    pub events_per_request: u32,
    /// Units as this replay counted them: what `beckon replay --json` printed
    #[arg(long, value_name = "FILE")]
    pub from_replay: Option<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// A plan.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The region of the quotas.
    pub region: String,
    /// Where the counted units are from.
    pub counted: Counted,
    /// What each rate needs.
    pub sizings: Vec<Sizing>,
    /// All limits, the first to be met first; at the mix of events and decisions of the first rate.
    pub limits: Vec<Limit>,
    /// What a single key bears, whatever the rate.
    pub keys: Vec<String>,
}

impl Plan {
    /// Plans for each of these.
    ///
    /// # Errors
    /// When the quotas cannot be read, which would be a mistake of this command.
    pub fn of(demands: &[Demand], measured: &Measured) -> Result<Self, CliError> {
        let (region, quotas) = Quotas::load()?;
        let limits = demands.first().map(|mix| limits(mix, measured, &quotas)).unwrap_or_default();
        Ok(Self {
            region,
            counted: measured.counted.clone(),
            sizings: demands.iter().map(|demand| Sizing::of(*demand, measured, &quotas)).collect(),
            limits,
            keys: keys(&quotas, measured),
        })
    }
}

fn keys(quotas: &Quotas, measured: &Measured) -> Vec<String> {
    let hot = &measured.hot;
    let (shard, row) = (quotas.kinesis_shard_records.value, quotas.dynamodb_partition_write_units.value);
    vec![
        format!(
            "one visitor: all events in one shard ({shard} records or 1 MB a second), in one lane, one batch after the \
             other; one item ({row} write units a second), written once a batch: at 1,000 events a second {} events a write \
             of {} units ({}). VisitorEventsPerSecond ({VISITOR_EVENTS_PER_SECOND}) is of each instance of the collector",
            hot.visitor_events_per_write, hot.visitor_write_units, hot.command
        ),
        format!(
            "one product: all signals in one shard ({shard} a second), {} records an event where half of all looks are at it; \
             one row of {} units, written once in TrendWindowSeconds ({})",
            hot.product_records_per_event, hot.product_write_units, hot.command
        ),
        "a store's or a category's best sellers: one row, written by each shard of signals in TrendWindowSeconds"
            .to_owned(),
        format!("one part of the due index: {row} write units a second"),
    ]
}

/// Plans, and prints the plan.
///
/// # Errors
/// When the replay cannot be used.
pub fn run(args: &PlanArgs) -> Result<(), CliError> {
    let measured = Measured::load(args.from_replay.as_deref())?;
    let events_per_request = f64::from(args.events_per_request);
    let demand = |events: f64, decisions: f64| Demand { events, decisions, events_per_request };
    let demands: Vec<Demand> = match args.events_per_second {
        None => RATES.iter().map(|rate| demand(f64::from(*rate), f64::from(*rate) / 2.0)).collect(),
        Some(rate) => {
            let events = f64::from(rate);
            vec![demand(events, args.decisions_per_second.map_or(events / 2.0, f64::from))]
        }
    };
    let plan = Plan::of(&demands, &measured)?;
    if args.json {
        let json = serde_json::to_string_pretty(&plan);
        crate::say(json.map_err(|e| CliError::caused("the plan", &e))?);
    } else {
        crate::say(plan.to_string().trim_end());
    }
    Ok(())
}
