//! What an event, a decision and a mail take: counted by a replay, timed by a benchmark, assumed.

use super::prices::one_line;
use crate::error::CliError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

const BUILT_IN: &str = include_str!("measured.toml");

/// Requests and units for each 1,000 events, as a replay prints them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Requests that write.
    pub write_requests: f64,
    /// Write units of the table.
    pub write_units: f64,
    /// Write units of the due index.
    pub index_units: f64,
    /// Read units.
    pub read_units: f64,
}

/// Sizes of items in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Half of them have at most so many.
    pub p50: u32,
    /// 99 of a hundred.
    pub p99: u32,
}

/// What of a replay's cost is priced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayCost {
    /// Rows of a flush; none: a flush waits as long as no reminder could be due.
    pub batch_rows: Option<u64>,
    /// ProfileTable by events.
    pub events: Rates,
    /// ProfileTable by reminders.
    pub reminders: Rates,
    /// OutreachTable.
    pub outreach: Rates,
    /// Trends of items.
    pub items: Rates,
    /// Trends of categories.
    pub categories: Rates,
    /// Best sellers.
    pub lists: Rates,
    /// Sizes of profiles at the end.
    pub item_bytes: Sizes,
    /// Sizes of profiles at each write.
    pub written_bytes: Sizes,
}

/// What became of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signals {
    /// Signals that were put.
    pub put: u64,
}

/// The trends of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trends {
    /// Their balance.
    pub conservation: Signals,
}

/// What of `beckon replay --json` is priced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// Events.
    pub rows: u64,
    /// Profiles.
    pub profiles: u64,
    /// Carts found left.
    pub abandonments: u64,
    /// Mails sent.
    pub mails: u64,
    /// Signals.
    pub trends: Trends,
    /// Requests and units.
    pub cost: ReplayCost,
}

/// Where the counted figures are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The day.
    pub on: String,
    /// The command.
    pub command: String,
    /// What was replayed.
    pub stream: String,
}

/// Write units of trends by how much happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendCurve {
    /// Where it is from.
    pub origin: String,
    /// Events a second, ascending.
    pub events_per_second: Vec<f64>,
    /// Write units for each 1,000 events at each of them.
    pub write_units_per_1000_events: Vec<f64>,
}

/// What a benchmark timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// Where it is from.
    pub origin: String,
    /// Microseconds of a core for an event.
    pub event_us: f64,
    /// Bytes of an event in the stream.
    pub line_bytes: f64,
}

/// What one key bears, as the simulation has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hot {
    /// The day.
    pub on: String,
    /// The command.
    pub command: String,
    /// Events of one visitor of 1,000 events a second that one write of its profile covers, each event in a request of its own.
    pub visitor_events_per_write: f64,
    /// Write units of each.
    pub visitor_write_units: f64,
    /// Records for each event on the shard of a product that half of all looks are at.
    pub product_records_per_event: f64,
    /// Write units of that product's item, once a batch.
    pub product_write_units: f64,
}

/// A figure that nobody measured, and why it is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// What it is of.
    pub why: String,
}

/// Everything that is assumed; `why` of each in measured.toml says what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumed {
    pub cloud_core: Figure,
    pub call_us: Figure,
    pub invocation_us: Figure,
    pub table_ms: Figure,
    pub put_ms: Figure,
    pub platform_log_bytes: Figure,
    pub log_line_bytes: Figure,
    pub metric_line_bytes: Figure,
    pub metric_reasons: Figure,
    pub access_log_bytes: Figure,
    pub compression: Figure,
    pub decision_read_units: Figure,
    pub decision_write_units: Figure,
    pub decision_bytes: Figure,
    pub mail_events: Figure,
    pub mail_event_write_units: Figure,
    pub signal_bytes: Figure,
    pub training_us: Figure,
    pub peak: Figure,
    pub fill: Figure,
    pub hot_product: Figure,
    pub carts_per_second: Figure,
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Where [`Self::replay`] is from.
    pub counted: Counted,
    /// Counted by a replay.
    pub replay: Replay,
    /// Trends, by how much happens; `None` when the replay's own are used.
    pub trends: Option<TrendCurve>,
    /// Timed.
    pub timed: Timed,
    /// Simulated.
    pub hot: Hot,
    /// Assumed.
    pub assumed: Assumed,
}

impl Measured {
    /// The figures that come with the command; those of a replay instead of the counted ones where a file is given.
    ///
    /// # Errors
    /// When the file cannot be read, is not what a replay prints, or holds no event.
    pub fn load(file: Option<&Path>) -> Result<Self, CliError> {
        let built_in: Self = toml::from_str(BUILT_IN)
            .map_err(|e| CliError::failed(format!("the built-in figures: {}", one_line(e.message()))))?;
        let Some(file) = file else { return Ok(built_in) };
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|e| CliError::usage(format!("the replay {name} cannot be read: {e}; {REMEDY}")))?;
        let replay =
            parse(&text).map_err(|what| CliError::usage(format!("the replay {name}: {what}; {REMEDY}")))?;
        let counted = Counted {
            on: "a day that the file does not say".to_owned(),
            command: format!("--from-replay {name}"),
            stream: format!("{} events of {} people", replay.rows, replay.profiles),
        };
        Ok(Self { counted, replay, trends: None, ..built_in })
    }

    /// Signals for each event.
    #[must_use]
    pub fn signals_per_event(&self) -> f64 {
        self.replay.trends.conservation.put as f64 / self.replay.rows as f64
    }

    /// Write units of trends for each event when so many come in a second: a straight line between what was measured,
    /// on logarithmic axes, and what was measured beyond its ends.
    #[must_use]
    pub fn trend_units_per_event(&self, events_per_second: f64) -> f64 {
        let Some(curve) = &self.trends else {
            let ReplayCost { items, categories, lists, .. } = &self.replay.cost;
            return (items.write_units + categories.write_units + lists.write_units) / 1_000.0;
        };
        let points: Vec<(f64, f64)> = curve
            .events_per_second
            .iter()
            .zip(&curve.write_units_per_1000_events)
            .map(|(rate, units)| (*rate, units / 1_000.0))
            .collect();
        let between = points.windows(2).find_map(|pair| match pair {
            [(low, high_units), (high, low_units)] if (*low..*high).contains(&events_per_second) => {
                let share = (events_per_second / low).ln() / (high / low).ln();
                Some(high_units * (low_units / high_units).powf(share))
            }
            _ => None,
        });
        let edge = if points.first().is_some_and(|(rate, _)| events_per_second < *rate) {
            points.first()
        } else {
            points.last()
        };
        between.or(edge.map(|(_, units)| *units)).unwrap_or_default()
    }
}

const REMEDY: &str = "make it with `beckon replay FILE --format taobao --batch-sizes 1 --json > replay.json`";

/// Reads what a replay printed; of several runs the freshest.
fn parse(text: &str) -> Result<Replay, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| format!("this is no JSON: {}", one_line(&e.to_string())))?;
    let runs = match value.get("runs") {
        Some(runs) => runs.as_array().cloned().unwrap_or_default(),
        None => vec![value],
    };
    let mut replays = Vec::new();
    for run in runs {
        let replay: Replay = serde_json::from_value(run)
            .map_err(|e| format!("this is not what a replay prints: {}", one_line(&e.to_string())))?;
        replays.push(replay);
    }
    let freshest = replays.into_iter().min_by_key(|replay| replay.cost.batch_rows.unwrap_or(u64::MAX));
    let replay = freshest.ok_or("it holds no run")?;
    if replay.rows == 0 {
        return Err("it replayed no event".to_owned());
    }
    let cost = &replay.cost;
    let rates = [&cost.events, &cost.reminders, &cost.outreach, &cost.items, &cost.categories, &cost.lists];
    let figures = rates.iter().flat_map(|r| [r.write_requests, r.write_units, r.index_units, r.read_units]);
    match figures.into_iter().find(|figure| !figure.is_finite() || *figure < 0.0) {
        Some(figure) => Err(format!("{figure} units cannot be")),
        None => Ok(replay),
    }
}
