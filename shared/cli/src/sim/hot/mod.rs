//! `beckon sim hot`: the same functions at a pace. One visitor who sends a thousand events a second, and one product that half
//! of all looks are at: how full their shards and items become, and who waits for them.
//!
//! Calls, computing, batches and limits take what `beckon cost` and `beckon plan` take them to, in virtual time, by a seed. The laws
//! of the simulation hold here too, and its oracle looks at every profile at the end.

mod measure;
mod noting;
pub(crate) mod pace;
mod script;
mod text;

use super::bugs::Bug;
use super::shards::Shards;
use super::world::World;
use crate::cost::stack::{BATCH_SIZE, PARALLELIZATION, TREND_BATCH_SIZE, TREND_WINDOW_SECONDS};
use crate::error::CliError;
use beckon_domain::DurationMs;
use beckon_mapping::{Mapping, Options};
use clap::{Args, ValueEnum};
use collector::Rates;
pub use measure::{Figures, KeyLoad, Sent, ShardLoad, Spread};
use pace::Pace;
use serde::Serialize;

/// Lanes of a shard.
const LANES: usize = PARALLELIZATION as usize;
/// Attempts at a batch beyond the first, as the template has it.
const RETRIES: u32 = 500;
/// Events of everybody else, where one visitor is hot.
const SHOPPERS: u32 = 150;
/// Events of one request of a visitor who gathers them.
const GATHERED: u32 = 20;

/// What is hot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// A visitor
    Profile,
    /// A product
    Item,
}

/// Arguments of `beckon sim hot`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  beckon sim hot                    a visitor, and then a product
  beckon sim hot item --events-per-second 400 --signal-shards 1
  beckon sim hot profile --json

Time is a model: calls and computing take what `beckon plan` takes them to. Nothing here was tried on AWS.")]
pub struct HotArgs {
    /// What is hot; without it one after the other
    pub what: Option<What>,
    /// Events a second of the hot visitor [default: 1000]; of all shoppers where a product is hot [default: 100, 400 and 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub events_per_second: Option<u32>,
    /// How long
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Shards of events
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub shards: u64,
    /// Shards of signals
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub signal_shards: u64,
    /// The seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// What is hot in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heat {
    /// A visitor who sends so many events a second, so many of them in a request.
    Profile {
        /// Events a second.
        events_per_second: u32,
        /// Events of a request.
        events_per_request: u32,
    },
    /// A product that half of all looks are at.
    Item,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What decides everything.
    pub seed: u64,
    /// How long.
    pub seconds: u64,
    /// Events a second of shoppers.
    pub shoppers: u32,
    /// Shards of events.
    pub shards: u64,
    /// Shards of signals.
    pub signal_shards: u64,
    /// What is hot.
    pub heat: Heat,
    /// Whether the collector has its token buckets.
    pub has_buckets: bool,
    /// A known-bad variant: a batch goes in record by record, so that each has writes of its own.
    pub record_by_record: bool,
}

impl Case {
    /// A visitor, or a product, as the arguments have it.
    fn of(args: &HotArgs, heat: Heat, shoppers: u32) -> Self {
        Self {
            seed: args.seed,
            seconds: args.seconds,
            shoppers,
            shards: args.shards,
            signal_shards: args.signal_shards,
            heat,
            has_buckets: matches!(heat, Heat::Item),
            record_by_record: false,
        }
    }

    fn name(&self) -> String {
        match self.heat {
            Heat::Item => format!("{} events/s", self.shoppers),
            Heat::Profile { .. } if self.record_by_record => "record by record".to_owned(),
            Heat::Profile { events_per_request, .. } => {
                let bucket = if self.has_buckets { "bucket" } else { "no bucket" };
                format!("{bucket}, {events_per_request}/request")
            }
        }
    }
}

/// What was measured of all cases.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// With a hot visitor.
    pub profile: Vec<Figures>,
    /// With a hot product.
    pub item: Vec<Figures>,
}

/// Runs one case.
///
/// # Errors
/// When it cannot be set up.
pub fn measure(case: &Case) -> Result<Figures, CliError> {
    let bug = if case.record_by_record { Bug::ContinuePastFailure } else { Bug::None };
    let script = script::write(case);
    let mut world = World::new(case.seed, script.clone(), bug)?;
    world.pace(case)?;
    let net = world.net.clone();
    let Some(key) = world.visitor(script::HOT).cloned() else {
        return Err(CliError::failed("the script has no visitor: a bug"));
    };
    let outcome = world.run();
    let ground = net.lock();
    Ok(Figures { violation: outcome.violation, ..Figures::of(case, &ground, &script, &key) })
}

/// The cases of the arguments, and what was measured of each.
fn measure_all(args: &HotArgs) -> Result<Measured, CliError> {
    let mut measured = Measured::default();
    if args.what != Some(What::Item) {
        let events_per_second = args.events_per_second.unwrap_or(1_000);
        let of = |events_per_request| {
            Case::of(args, Heat::Profile { events_per_second, events_per_request }, SHOPPERS)
        };
        let cases = [
            Case { has_buckets: true, ..of(1) },
            of(1),
            of(GATHERED),
            Case { record_by_record: true, ..of(GATHERED) },
        ];
        for case in cases {
            measured.profile.push(measure(&case)?);
        }
    }
    if args.what != Some(What::Profile) {
        let rates = args.events_per_second.map_or_else(|| vec![100, 400, 1_000], |rate| vec![rate]);
        for rate in rates {
            measured.item.push(measure(&Case::of(args, Heat::Item, rate))?);
        }
    }
    Ok(measured)
}

/// Measures, and prints what was measured.
///
/// # Errors
/// When a law is broken.
pub fn run(args: &HotArgs) -> Result<(), CliError> {
    let measured = measure_all(args)?;
    if args.json {
        let json = serde_json::to_string_pretty(&measured);
        crate::say(json.map_err(|e| CliError::caused("what was measured", &e))?);
    } else {
        crate::say(measured.to_string().trim_end());
    }
    let violation =
        measured.profile.iter().chain(&measured.item).find_map(|figures| figures.violation.as_ref());
    violation.map_or(Ok(()), |what| Err(CliError::failed(format!("a law was broken: {what}"))))
}

impl World {
    /// From now on things take time and are limited, and nothing fails: what comes again after more events than the ring holds
    /// counts again, and a hot visitor has so many within a second.
    pub(crate) fn pace(&mut self, case: &Case) -> Result<(), CliError> {
        let options = Options {
            batch_size: BATCH_SIZE as usize,
            parallelization_factor: LANES,
            maximum_retry_attempts: Some(RETRIES),
            bisect_batch_on_function_error: true,
            report_batch_item_failures: true,
            backoff: DurationMs::from_secs(1),
            ..Options::default()
        };
        let of_signals = Options {
            batch_size: TREND_BATCH_SIZE as usize,
            maximum_batching_window_in_seconds: TREND_WINDOW_SECONDS as u32,
            parallelization_factor: 1,
            ..options
        };
        let mapping = |options| Mapping::new(options).map_err(|e| CliError::caused("a mapping", &e));
        (self.mapping, self.reader.mapping) = (mapping(options)?, mapping(of_signals)?);
        (self.early, self.profiler.record_age_max) = (false, None);
        let mut ground = self.net.lock();
        ground.shards = Shards::new(case.shards);
        ground.signals.shards = Shards::new(case.signal_shards);
        let rates = if case.has_buckets { Rates::default() } else { Rates::NONE };
        ground.pace = Some(Box::new(Pace::new(rates)?));
        ground.weather.heal();
        drop(ground);
        self.healed = true;
        Ok(())
    }
}
