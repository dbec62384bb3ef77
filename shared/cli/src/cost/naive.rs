//! Designs that one would begin with, for the same month: by the same prices, the same mapping and the same calls.

use super::flow::{Flow, batches};
use super::measured::Measured;
use super::month::{GB, HOURS, Line, Part, SECONDS, Traffic};
use super::prices::Item;
use super::stack::{SMALL_MB, STREAM_MB};

/// Records of a batch of the mapping, unless one says otherwise.
const BATCH_SIZE: f64 = 100.0;

/// A design without any of what Beckon does to save units: a record and a fold for each event, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naive {
    /// Its name.
    pub name: &'static str,
    /// What it does for an event.
    pub what: &'static str,
    /// Whether the API, the collector and logs are counted too.
    pub has_intake: bool,
    /// Whether its stream is an on-demand one.
    pub is_on_demand: bool,
    /// Requests to tables for an event, one after the other.
    calls: f64,
    write_units: f64,
    read_units: f64,
    /// Bytes that its functions log for an event.
    log_bytes: f64,
}

/// The designs that Beckon is held against.
pub(super) const DESIGNS: [Naive; 4] = [
    Naive {
        name: "naive",
        what: "on-demand stream; 3 KB profile (3), session (1) and event log (1) written for each event",
        has_intake: false,
        is_on_demand: true,
        calls: 4.0,
        write_units: 5.0,
        read_units: 0.5,
        log_bytes: 0.0,
    },
    Naive {
        name: "naive, transactions",
        what: "the same three writes in one transaction: twice the units",
        has_intake: false,
        is_on_demand: true,
        calls: 3.0,
        write_units: 10.0,
        read_units: 0.5,
        log_bytes: 0.0,
    },
    Naive {
        name: "naive, with API",
        what: "a marker row (2) and a 2 KB profile (2) for each event, a strong read, 3 KB of logs in two functions",
        has_intake: true,
        is_on_demand: false,
        calls: 3.0,
        write_units: 4.0,
        read_units: 1.0,
        log_bytes: 6_000.0,
    },
    Naive {
        name: "transactions, with API",
        what: "marker row and profile in one transaction of 3 units, which costs 6; the same read and logs",
        has_intake: true,
        is_on_demand: false,
        calls: 3.0,
        write_units: 6.0,
        read_units: 1.0,
        log_bytes: 6_000.0,
    },
];

impl Naive {
    /// What a month takes, line by line.
    pub fn lines(&self, traffic: &Traffic, measured: &Measured) -> Vec<Line> {
        let (events, flow) = (traffic.events, Flow { measured });
        let batch = batches(events / SECONDS, 1.0, 1.0, BATCH_SIZE);
        let times = batch.per_second * SECONDS;
        let milliseconds = flow.one_by_one_ms(batch.records, self.calls);
        let gb_seconds = times * milliseconds / 1_000.0 * STREAM_MB / 1_024.0;
        let mut lines = Vec::new();
        let mut add = |of, part, item, units| lines.push(Line { of, item, units, part });
        if self.is_on_demand {
            // A record is rounded up to a kilobyte, in and out.
            let gb = events * 1_024.0 / GB;
            add("stream", Part::ProfileShards, Item::KinesisOnDemandHour, HOURS);
            add("stream", Part::ProfilePath, Item::KinesisOnDemandInGb, gb);
            add("stream", Part::ProfilePath, Item::KinesisOnDemandOutGb, gb);
        } else {
            add("stream", Part::ProfileShards, Item::KinesisShardHour, HOURS);
            add("stream", Part::ProfilePath, Item::KinesisPutUnit, events);
        }
        add("functions", Part::ProfilePath, Item::LambdaRequest, times);
        add("functions", Part::ProfilePath, Item::LambdaGbSecond, gb_seconds);
        add("tables", Part::ProfilePath, Item::DynamodbWriteUnit, events * self.write_units);
        add("tables", Part::ProfilePath, Item::DynamodbReadUnit, events * self.read_units);
        if self.has_intake {
            let collecting = events * flow.collector_ms() / 1_000.0 * SMALL_MB / 1_024.0;
            add("API and logs", Part::Intake, Item::HttpApiRequest, events);
            add("functions", Part::Intake, Item::LambdaRequest, events);
            add("functions", Part::Intake, Item::LambdaGbSecond, collecting);
            add("API and logs", Part::Intake, Item::LogGb, events * self.log_bytes / GB);
        }
        lines
    }
}
