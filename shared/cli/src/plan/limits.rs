//! The limits that more and more events meet, in order, and what moves each.

use super::quotas::Quotas;
use super::sizing::{Demand, LIST_SECONDS};
use crate::cost::flow::{Flow, SHARD_BYTES_IN, SHARD_BYTES_OUT, SHARD_RECORDS};
use crate::cost::measured::Measured;
use crate::cost::stack::{
    EVENTS_PER_HOUR_ALARM, PARALLELIZATION, RATE_LIMIT, RATE_LIMIT_MAX, SHARD_COUNT_MAX,
    VISITOR_EVENTS_PER_SECOND,
};
use beckon_store::tables::DUE_SHARD_COUNT;
use serde::Serialize;

/// Who sets a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A parameter of the template, as it is unless one says otherwise.
    Parameter,
    /// The most that the template allows a parameter.
    Template,
    /// A quota of the account, which AWS raises on request.
    Quota,
    /// AWS, for everybody.
    Aws,
    /// Beckon's own design.
    Design,
}

/// A limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// Events a second at which it is met, whatever else would have been met before.
    pub met_at: f64,
    /// What it is.
    pub what: String,
    /// Who sets it.
    pub kind: Kind,
    /// What to do then.
    pub lever: String,
    /// Where it is from.
    pub source: String,
}

/// All limits at this mix of events and decisions, the first to be met first.
#[must_use]
pub fn limits(mix: &Demand, measured: &Measured, quotas: &Quotas) -> Vec<Limit> {
    let per_event = PerEvent::of(mix, measured);
    let mut limits = per_event.of_parameters();
    limits.extend(per_event.of_quotas(quotas));
    limits.extend(per_event.of_keys(quotas));
    limits.retain(|limit| limit.met_at.is_finite());
    limits.sort_by(|one, other| one.met_at.total_cmp(&other.met_at));
    limits
}

/// What an event takes, with its share of decisions.
struct PerEvent<'a> {
    measured: &'a Measured,
    /// Records of the stream.
    records: f64,
    /// Shares of a shard of the stream of events.
    shards: f64,
    /// Shares of a lane of the profiler.
    lanes: f64,
    signals: f64,
    /// Shares of a shard of the stream of signals.
    signal_shards: f64,
    decisions: f64,
    profile_units: f64,
    index_units: f64,
    /// Instances at work at the same time.
    instances: f64,
    carts: f64,
}

impl<'a> PerEvent<'a> {
    fn of(mix: &Demand, measured: &'a Measured) -> Self {
        let (flow, assumed, replay) = (Flow { measured }, &measured.assumed, &measured.replay);
        let records = 1.0 / mix.events_per_request;
        let (bytes, signals) = (measured.timed.line_bytes, measured.signals_per_event());
        let decisions = if mix.events > 0.0 { mix.decisions / mix.events } else { 0.0 };
        let lanes = records / flow.lane_records_per_second(mix.events_per_request);
        let shares = |records: f64, bytes: f64, readers: f64| {
            (records / SHARD_RECORDS).max(bytes / SHARD_BYTES_IN).max(bytes * readers / SHARD_BYTES_OUT)
        };
        let (events, reminders) = (&replay.cost.events, &replay.cost.reminders);
        Self {
            measured,
            records,
            shards: shares(records, bytes, 2.0),
            lanes,
            signals,
            signal_shards: shares(signals, signals * assumed.signal_bytes.value, 1.0),
            decisions,
            profile_units: (records * events.write_units + reminders.write_units) / 1_000.0,
            index_units: (events.index_units + reminders.index_units) / 1_000.0,
            instances: (records * flow.collector_ms() + decisions * flow.decisions_ms()) / 1_000.0 + lanes,
            carts: replay.abandonments as f64 / replay.rows as f64,
        }
    }

    /// Events a second at which trends write so many units: they write the less for each event, the more come.
    fn catalog_reaches(&self, units_per_second: f64) -> f64 {
        let written = |events: f64| events * self.measured.trend_units_per_event(events);
        let (mut low, mut high) = (0.0, 1e9);
        for _ in 0..80 {
            let middle = f64::midpoint(low, high);
            if written(middle) < units_per_second { low = middle } else { high = middle }
        }
        if high < 1e9 { high } else { f64::INFINITY }
    }

    fn of_parameters(&self) -> Vec<Limit> {
        let limit = |met_at, what: String, kind, lever: &str| Limit {
            met_at,
            what,
            kind,
            lever: lever.to_owned(),
            source: "template.yaml".to_owned(),
        };
        let parameter = |met_at, what: String, lever| limit(met_at, what, Kind::Parameter, lever);
        let template = |met_at, what: String, lever| limit(met_at, what, Kind::Template, lever);
        let (rate, most) = (RATE_LIMIT, RATE_LIMIT_MAX);
        vec![
            parameter(1.0 / self.shards, "ShardCount: 1 shard of events".to_owned(), "raise ShardCount"),
            parameter(
                PARALLELIZATION / self.lanes,
                format!("ParallelizationFactor: {PARALLELIZATION} lanes of the one shard"),
                "raise ParallelizationFactor, then ShardCount",
            ),
            parameter(
                1.0 / self.signal_shards,
                "SignalShardCount: 1 shard of signals".to_owned(),
                "raise SignalShardCount",
            ),
            parameter(
                rate / self.records,
                format!("CollectRateLimit: {rate} requests a second"),
                "raise CollectRateLimit, or let clients send several events in a request",
            ),
            parameter(
                rate / self.decisions,
                format!("DecideRateLimit: {rate} requests a second"),
                "raise DecideRateLimit, or ask for all slots of a page at once",
            ),
            parameter(
                EVENTS_PER_HOUR_ALARM / 3_600.0,
                "EventsPerHourAlarm: an alarm speaks, nothing stops".to_owned(),
                "raise EventsPerHourAlarm",
            ),
            template(
                most / self.records,
                format!("CollectRateLimit: the template allows {most}"),
                "change MaxValue, and raise the account's quota with it",
            ),
            template(
                most / self.decisions,
                format!("DecideRateLimit: the template allows {most}"),
                "change MaxValue, and raise the account's quota with it",
            ),
            template(
                SHARD_COUNT_MAX / self.shards,
                format!("ShardCount: the template allows {SHARD_COUNT_MAX}"),
                "change MaxValue; several events in a request need fewer records",
            ),
            template(
                SHARD_COUNT_MAX / self.signal_shards,
                format!("SignalShardCount: the template allows {SHARD_COUNT_MAX}"),
                "change MaxValue; fewer pairs for a view (policy) need fewer signals",
            ),
        ]
    }

    fn of_quotas(&self, quotas: &Quotas) -> Vec<Limit> {
        let mut limits = Vec::new();
        let mut add = |met_at: f64, quota: &super::quotas::Quota, what: &str, lever: &str| {
            limits.push(Limit {
                met_at,
                what: what.to_owned(),
                kind: if quota.adjustable { Kind::Quota } else { Kind::Aws },
                lever: lever.to_owned(),
                source: format!("{} ({})", quota.page, quota.looked_up),
            });
        };
        let new = &quotas.dynamodb_new_table_write_units;
        let warm =
            "grow by no more than twice in 30 minutes, or set the table's warm throughput (no parameter)";
        add(new.value / self.profile_units, new, "ProfileTable: 4,000 write units while it is new", warm);
        add(self.catalog_reaches(new.value), new, "CatalogTable: 4,000 write units while it is new", warm);
        let table = &quotas.dynamodb_table_write_units;
        let ask = "ask for a higher quota of table-level writes";
        add(table.value / self.profile_units, table, "ProfileTable: 40,000 write units", ask);
        add(
            self.catalog_reaches(table.value),
            table,
            "CatalogTable: 40,000 write units",
            "raise TrendWindowSeconds, or ask for a higher quota of table-level writes",
        );
        let api = &quotas.api_requests;
        add(
            api.value / (self.records + self.decisions),
            api,
            "API Gateway: 10,000 requests a second",
            "let clients send several events in a request, and ask for a higher quota",
        );
        let lambda = &quotas.lambda_concurrency;
        add(
            lambda.value / self.instances,
            lambda,
            "Lambda: 1,000 instances",
            "ask for a higher quota; ReservedConcurrency keeps public functions from taking all",
        );
        let kinesis = &quotas.kinesis_shards;
        let shards = self.shards + self.signal_shards;
        add(kinesis.value / shards, kinesis, "Kinesis: 20,000 shards", "ask for a higher quota");
        limits
    }

    /// What one key or one row bears, when so much of everything goes to it.
    fn of_keys(&self, quotas: &Quotas) -> Vec<Limit> {
        let (assumed, simulated) = (&self.measured.assumed, &self.measured.hot);
        let flooded = SHARD_RECORDS / VISITOR_EVENTS_PER_SECOND;
        let row = &quotas.dynamodb_partition_write_units;
        let source = format!("{} ({})", row.page, row.looked_up);
        let hot = assumed.hot_product.value;
        let lists = &self.measured.replay.cost.lists;
        let list_units = (lists.write_units / lists.write_requests.max(f64::MIN_POSITIVE)).max(1.0);
        let limit = |met_at, what: String, lever: &str, source: &str| Limit {
            met_at,
            what,
            kind: Kind::Design,
            lever: lever.to_owned(),
            source: source.to_owned(),
        };
        vec![
            limit(
                assumed.carts_per_second.value / self.carts,
                format!(
                    "cart mailer: some {} carts a second, one after the other",
                    assumed.carts_per_second.value
                ),
                "a longer delay in the rules leaves fewer; settling several at once is a change of code",
                "ARCHITECTURE.md",
            ),
            limit(
                f64::from(DUE_SHARD_COUNT) * row.value / self.index_units,
                format!("due index: {DUE_SHARD_COUNT} parts of 1,000 write units"),
                "more parts (DUE_SHARD_COUNT), or slack in when entries move: a change of code",
                &source,
            ),
            limit(
                SHARD_RECORDS / (self.signals * hot),
                format!("one product with {} % of the signals: one shard takes 1,000 a second", hot * 100.0),
                "no parameter: its signals would have to be sampled, or summed up before they are put",
                &quotas.kinesis_shard_records.page,
            ),
            limit(
                SHARD_RECORDS / simulated.product_records_per_event,
                "half of all looks at one product: one shard of signals takes 1,000 a second".to_owned(),
                "no parameter: they would have to be gathered before they are put; beyond it all profiles wait",
                &simulated.command,
            ),
            limit(
                flooded * 1_000.0 / (self.records * Flow { measured: self.measured }.collector_ms()),
                format!(
                    "one visitor who floods: {flooded} instances of the collector let a whole shard's records in"
                ),
                "lower VisitorEventsPerSecond, or set ReservedConcurrency; a burst of new instances does it before",
                &simulated.command,
            ),
            limit(
                row.value / list_units * LIST_SECONDS / self.signal_shards,
                "the shop's list of best sellers: one row, written by each shard of signals".to_owned(),
                "raise TrendWindowSeconds; below that, writers already meet and try again",
                &source,
            ),
        ]
    }
}
