//! What so many events and decisions a second need.

use super::quotas::{Quota, Quotas};
use crate::cost::flow::{Flow, shards};
use crate::cost::measured::Measured;
use crate::cost::stack::{EVENTS_PER_HOUR_ALARM, PARALLELIZATION_MAX, RATE_LIMIT, TREND_WINDOW_SECONDS};
use serde::Serialize;

/// What comes in a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// Events.
    pub events: f64,
    /// Requests for decisions.
    pub decisions: f64,
    /// Events of one visitor in one request.
    pub events_per_request: f64,
}

/// Instances of the functions at work at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Concurrency {
    /// Of the collector.
    pub collector: f64,
    /// Of the profiler.
    pub profiler: f64,
    /// Of trends.
    pub trends: f64,
    /// Of decisions.
    pub decisions: f64,
}

impl Concurrency {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.collector + self.profiler + self.trends + self.decisions
    }
}

/// Units a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Units {
    /// Write units of ProfileTable.
    pub profile_writes: f64,
    /// Write units of its due index.
    pub index_writes: f64,
    /// Write units of CatalogTable.
    pub catalog_writes: f64,
    /// Write units of DecisionTable.
    pub decision_writes: f64,
}

/// Parameters of the template.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameters {
    /// Shards of the stream of events.
    pub shard_count: f64,
    /// Batches of a shard at the same time.
    pub parallelization_factor: f64,
    /// Shards of the stream of signals.
    pub signal_shard_count: f64,
    /// Requests a second on a route of the collector.
    pub collect_rate_limit: f64,
    /// Requests a second on the route of decisions.
    pub decide_rate_limit: f64,
    /// Events an hour above which an alarm speaks.
    pub events_per_hour_alarm: f64,
}

/// A quota that is not enough.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Raise {
    /// What it is of.
    pub of: String,
    /// What an account has.
    pub from: f64,
    /// What it needs.
    pub to: f64,
    /// Where to read of it.
    pub page: String,
}

/// Everything that is needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sizing {
    /// What comes.
    pub demand: Demand,
    /// What to set.
    pub parameters: Parameters,
    /// Instances.
    pub concurrency: Concurrency,
    /// Units a second.
    pub units: Units,
    /// Quotas to raise before.
    pub raise: Vec<Raise>,
}

impl Sizing {
    /// Sizes a stack.
    #[must_use]
    pub fn of(demand: Demand, measured: &Measured, quotas: &Quotas) -> Self {
        let (flow, assumed) = (Flow { measured }, &measured.assumed);
        let fill = assumed.fill.value;
        let records = demand.events / demand.events_per_request;
        let record_bytes = measured.timed.line_bytes * demand.events_per_request;
        let lanes = records / flow.lane_records_per_second(demand.events_per_request) / fill;
        // Firehose polls the same shards. Where ten lanes of each do not suffice, more shards do.
        let by_lanes = (lanes / PARALLELIZATION_MAX).ceil();
        let shard_count = shards(records, record_bytes, 2.0, fill).max(by_lanes);
        let signals = demand.events * measured.signals_per_event();
        let signal_shard_count = shards(signals, assumed.signal_bytes.value, 1.0, fill);
        let catalog_writes = demand.events * measured.trend_units_per_event(demand.events);
        let batch = Flow::trend_batches(signals, signal_shard_count);
        let writes_of_batch = if batch.per_second > 0.0 { catalog_writes / batch.per_second } else { 0.0 };
        let concurrency = Concurrency {
            collector: records * flow.collector_ms() / 1_000.0,
            profiler: lanes * fill,
            trends: batch.per_second * flow.trends_ms(writes_of_batch) / 1_000.0,
            decisions: demand.decisions * flow.decisions_ms() / 1_000.0,
        };
        let cost = &measured.replay.cost;
        let units = Units {
            profile_writes: records * cost.events.write_units / 1_000.0
                + demand.events * cost.reminders.write_units / 1_000.0,
            index_writes: demand.events * (cost.events.index_units + cost.reminders.index_units) / 1_000.0,
            catalog_writes,
            decision_writes: demand.decisions * assumed.decision_write_units.value,
        };
        let rounded = |rate: f64| (rate / fill / 100.0).ceil() * 100.0;
        let parameters = Parameters {
            shard_count,
            parallelization_factor: (lanes / shard_count).ceil().clamp(1.0, PARALLELIZATION_MAX),
            signal_shard_count,
            collect_rate_limit: rounded(records).max(RATE_LIMIT),
            decide_rate_limit: rounded(demand.decisions).max(RATE_LIMIT),
            events_per_hour_alarm: (demand.events * 3_600.0 / fill).max(EVENTS_PER_HOUR_ALARM),
        };
        let mut raise = Vec::new();
        let mut need = |quota: &Quota, of: &str, needed: f64| {
            if needed / fill > quota.value && quota.adjustable {
                let of = format!("{}: {of}", quota.of);
                raise.push(Raise {
                    of,
                    from: quota.value,
                    to: (needed / fill).ceil(),
                    page: quota.page.clone(),
                });
            }
        };
        need(&quotas.api_requests, "events and decisions", records + demand.decisions);
        need(&quotas.lambda_concurrency, "the four functions of the data path", concurrency.total());
        for (table, needed) in [
            ("ProfileTable", units.profile_writes),
            ("its due index", units.index_writes),
            ("CatalogTable", units.catalog_writes),
            ("DecisionTable", units.decision_writes),
        ] {
            need(&quotas.dynamodb_table_write_units, table, needed);
        }
        need(&quotas.kinesis_shards, "both streams", (shard_count + signal_shard_count) * fill);
        Self { demand, parameters, concurrency, units, raise }
    }
}

/// Seconds that trends wait: what one list of best sellers is written in.
pub(super) const LIST_SECONDS: f64 = TREND_WINDOW_SECONDS;
