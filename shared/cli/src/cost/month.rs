//! A month's traffic becomes units of everything that AWS takes money for.

use super::flow::{Flow, Freshness, batches, shards};
use super::measured::Measured;
use super::prices::Item;
use super::stack::{
    ALARM_METRICS, ARCHIVE_DAYS, ARCHIVE_SECONDS, BATCH_SIZE, DASHBOARDS, DECISION_DAYS, KEYED_TABLES, KEYS,
    LOG_METRICS, MAPPING_METRICS, METERED_MAPPINGS, PARALLELIZATION, SECRETS, SMALL_MB, STREAM_MB, STREAMS,
    TRAINER_MB, TRAINER_SECONDS,
};
use beckon_runtime::metrics::{Function, Metric};
use beckon_store::tables::DUE_SHARD_COUNT;
use serde::Serialize;

/// Hours of a month, as AWS counts them.
pub(crate) const HOURS: f64 = 730.0;
/// Seconds of one.
pub(crate) const SECONDS: f64 = HOURS * 3_600.0;
const MINUTES: f64 = HOURS * 60.0;
const DAYS: f64 = HOURS / 24.0;
/// Each five minutes.
const CANARY_RUNS: f64 = MINUTES / 5.0;
/// Bytes of a GB, as AWS counts them.
pub(crate) const GB: f64 = 1_073_741_824.0;
/// Bytes that a record put into a stream is rounded up to.
const PUT_UNIT_BYTES: f64 = 25.0 * 1_024.0;
/// The same of one that goes into the archive.
const ARCHIVE_UNIT_BYTES: f64 = 5.0 * 1_024.0;
/// Calls of Secrets Manager: every new process asks once, and again each some minutes.
const SECRET_CALLS: f64 = 10_000.0;

/// What a month brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// Events.
    pub events: f64,
    /// Requests for decisions.
    pub decisions: f64,
    /// Mails sent.
    pub mails: f64,
    /// Events of one visitor in one request: one record of the stream, and one write of the profile.
    pub events_per_request: f64,
    /// How the profiler hears of them.
    pub freshness: Freshness,
}

/// What of the bill a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Stream of events, profiler and ProfileTable: per event.
    ProfilePath,
    /// Their shards: per hour.
    ProfileShards,
    /// What else takes events in: API, collector, what it and the profiler log.
    Intake,
    /// Everything else.
    Beside,
}

/// Units of one price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What of the stack they are for.
    pub of: &'static str,
    /// What is counted.
    pub item: Item,
    /// How much.
    pub units: f64,
    /// Where it belongs.
    pub part: Part,
}

/// How large a profile's item is taken to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemSize {
    /// One kilobyte: one unit a write.
    Kilobyte,
    /// As measured.
    Measured,
}

/// What a month takes, line by line.
#[must_use]
pub fn lines(traffic: &Traffic, measured: &Measured, size: ItemSize) -> Vec<Line> {
    let mut month = Month::new(traffic, measured);
    month.profile_path(size);
    month.collecting();
    month.trends();
    month.archive();
    month.decisions();
    month.mails();
    month.learning();
    month.standing();
    month.lines
}

struct Month<'a> {
    traffic: Traffic,
    measured: &'a Measured,
    flow: Flow<'a>,
    lines: Vec<Line>,
}

impl<'a> Month<'a> {
    fn new(traffic: &Traffic, measured: &'a Measured) -> Self {
        Self { traffic: *traffic, measured, flow: Flow { measured }, lines: Vec::new() }
    }

    fn add(&mut self, of: &'static str, part: Part, items: &[(Item, f64)]) {
        self.lines.extend(items.iter().map(|(item, units)| Line { of, item: *item, units: *units, part }));
    }

    /// Invocations with their GB-seconds, and what they log: a line of Lambda's and one of the function's.
    fn invoked(&mut self, of: &'static str, part: Part, times: f64, milliseconds: f64, megabytes: f64) {
        let assumed = &self.measured.assumed;
        let log_bytes = times * (assumed.platform_log_bytes.value + assumed.log_line_bytes.value);
        let gb_seconds = times * milliseconds / 1_000.0 * megabytes / 1_024.0;
        self.add(of, part, &[(Item::LambdaRequest, times), (Item::LambdaGbSecond, gb_seconds)]);
        self.logged("logs", if part == Part::ProfilePath { Part::Intake } else { part }, log_bytes);
    }

    fn logged(&mut self, of: &'static str, part: Part, bytes: f64) {
        let kept = bytes * self.measured.assumed.compression.value * ARCHIVE_DAYS / DAYS;
        self.add(of, part, &[(Item::LogGb, bytes / GB), (Item::LogGbMonth, kept / GB)]);
    }

    /// A line of metrics for each request or batch.
    fn told(&mut self, part: Part, times: f64) {
        self.logged("lines of metrics", part, times * self.measured.assumed.metric_line_bytes.value);
    }

    /// Metrics that functions with something to do tell. One that is never told costs nothing.
    fn told_metrics(&self) -> f64 {
        let works = |function: Function| match function {
            Function::Collector | Function::Profiler | Function::Trends => self.traffic.events > 0.0,
            Function::Decisions => self.traffic.decisions > 0.0,
            Function::CartMailer | Function::MailFeedback => self.traffic.mails > 0.0,
            // Each hour, also that nothing is kept as failed.
            Function::Trainer => true,
        };
        let reasons = self.measured.assumed.metric_reasons.value;
        let count = |metric: &&Metric| if metric.split().is_empty() { 1.0 } else { 1.0 + reasons };
        Metric::ALL.iter().filter(|metric| works(metric.function())).map(|metric| count(&metric)).sum()
    }

    /// Records of the stream: one for each request.
    fn records(&self) -> f64 {
        self.traffic.events / self.traffic.events_per_request
    }

    fn record_bytes(&self) -> f64 {
        self.measured.timed.line_bytes * self.traffic.events_per_request
    }

    fn signals(&self) -> f64 {
        self.traffic.events * self.measured.signals_per_event()
    }

    /// Units for a number of events, at a rate for each 1,000.
    fn units(&self, per_1000_events: f64) -> f64 {
        self.traffic.events * per_1000_events / 1_000.0
    }

    /// Shards for the busiest hour. Firehose polls the stream of events too.
    fn shards(&self, records: f64, record_bytes: f64, readers: f64) -> f64 {
        let assumed = &self.measured.assumed;
        shards(records / SECONDS * assumed.peak.value, record_bytes, readers, assumed.fill.value)
    }

    fn profile_path(&mut self, size: ItemSize) {
        let (records, bytes, per_record) =
            (self.records(), self.record_bytes(), self.traffic.events_per_request);
        let is_fan_out = self.traffic.freshness == Freshness::FanOut;
        let shards = self.shards(records, bytes, if is_fan_out { 1.0 } else { 2.0 });
        let stream = "event stream";
        self.add(stream, Part::ProfileShards, &[(Item::KinesisShardHour, shards * HOURS)]);
        let put_units = records * (bytes / PUT_UNIT_BYTES).ceil();
        self.add(stream, Part::ProfilePath, &[(Item::KinesisPutUnit, put_units)]);
        if is_fan_out {
            self.add(stream, Part::ProfileShards, &[(Item::KinesisFanOutShardHour, shards * HOURS)]);
            self.add(stream, Part::ProfilePath, &[(Item::KinesisFanOutGb, records * bytes / GB)]);
        }
        let look_seconds = self.traffic.freshness.seconds();
        let batch = batches(records / SECONDS, shards * PARALLELIZATION, look_seconds, BATCH_SIZE);
        let milliseconds = self.flow.profiler_ms(batch.records, per_record);
        self.invoked("profiler", Part::ProfilePath, batch.per_second * SECONDS, milliseconds, STREAM_MB);
        self.told(Part::Intake, batch.per_second * SECONDS);
        let rates = self.measured.replay.cost.events;
        let writes = match size {
            ItemSize::Kilobyte => rates.write_requests,
            ItemSize::Measured => rates.write_units,
        };
        // Events of one visitor that come together are read and written once. How often the cart changes stays the same.
        let units = [
            (Item::DynamodbWriteUnit, self.units(writes) / per_record),
            (Item::DynamodbReadUnit, self.units(rates.read_units) / per_record),
        ];
        self.add("ProfileTable", Part::ProfilePath, &units);
        let due_units = [(Item::DynamodbWriteUnit, self.units(rates.index_units))];
        self.add("due index", Part::ProfilePath, &due_units);
        let replay = &self.measured.replay;
        let profiles = self.traffic.events * replay.profiles as f64 / replay.rows as f64;
        let gb = profiles * f64::from(replay.cost.item_bytes.p50) / GB;
        let stored = [(Item::DynamodbGbMonth, gb), (Item::DynamodbBackupGbMonth, gb)];
        self.add("storage", Part::Beside, &stored);
    }

    fn collecting(&mut self) {
        let requests = self.records();
        let access_log_bytes = requests * self.measured.assumed.access_log_bytes.value;
        self.add("HTTP API, events", Part::Intake, &[(Item::HttpApiRequest, requests)]);
        self.invoked("collector", Part::Intake, requests, self.flow.collector_ms(), SMALL_MB);
        self.told(Part::Intake, requests);
        self.logged("access log", Part::Intake, access_log_bytes);
    }

    fn trends(&mut self) {
        let signals = self.signals();
        let shards = self.shards(signals, self.measured.assumed.signal_bytes.value, 1.0);
        let stream = [(Item::KinesisShardHour, shards * HOURS), (Item::KinesisPutUnit, signals)];
        self.add("signal stream", Part::Beside, &stream);
        let batch = Flow::trend_batches(signals / SECONDS, shards);
        let times = batch.per_second * SECONDS;
        let units = self.traffic.events * self.measured.trend_units_per_event(self.traffic.events / SECONDS);
        let milliseconds = self.flow.trends_ms(if times > 0.0 { units / times } else { 0.0 });
        self.invoked("trends", Part::Beside, times, milliseconds, STREAM_MB);
        self.told(Part::Beside, times);
        // Whatever is written was read before, eventually consistent: half a unit.
        let table = [(Item::DynamodbWriteUnit, units), (Item::DynamodbReadUnit, units / 2.0)];
        self.add("CatalogTable", Part::Beside, &table);
    }

    fn archive(&mut self) {
        let (records, bytes) = (self.records(), self.record_bytes());
        let rounded = (bytes / ARCHIVE_UNIT_BYTES).ceil() * ARCHIVE_UNIT_BYTES;
        let objects = batches(records / SECONDS, 1.0, ARCHIVE_SECONDS, f64::INFINITY).per_second * SECONDS;
        let kept = records * bytes * self.measured.assumed.compression.value * ARCHIVE_DAYS / DAYS;
        let units = [
            (Item::FirehoseGb, records * rounded / GB),
            (Item::S3PutRequest, objects),
            (Item::S3GbMonth, kept / GB),
        ];
        self.add("archive", Part::Beside, &units);
    }

    fn decisions(&mut self) {
        let (count, assumed) = (self.traffic.decisions, &self.measured.assumed);
        let units = [
            (Item::DynamodbReadUnit, count * assumed.decision_read_units.value),
            (Item::DynamodbWriteUnit, count * assumed.decision_write_units.value),
        ];
        let stored = count * assumed.decision_bytes.value * DECISION_DAYS / DAYS / GB;
        let access_log_bytes = count * assumed.access_log_bytes.value;
        self.add("HTTP API, decisions", Part::Beside, &[(Item::HttpApiRequest, count)]);
        self.invoked("decisions", Part::Beside, count, self.flow.decisions_ms(), STREAM_MB);
        self.told(Part::Beside, count);
        self.logged("access log", Part::Beside, access_log_bytes);
        self.add("tables of decisions", Part::Beside, &units);
        self.add("storage", Part::Beside, &[(Item::DynamodbGbMonth, stored)]);
    }

    /// A mail takes what the replay took for each of its own, with all the carts that were looked at for it.
    fn mails(&mut self) {
        let (mails, assumed, replay) = (self.traffic.mails, &self.measured.assumed, &self.measured.replay);
        let per_mail =
            |per_1000: f64| mails * per_1000 * replay.rows as f64 / 1_000.0 / replay.mails.max(1) as f64;
        let events = mails * assumed.mail_events.value;
        let told = events * assumed.mail_event_write_units.value;
        let (looks, ledger) = (&replay.cost.reminders, &replay.cost.outreach);
        let writes = looks.write_units + looks.index_units + ledger.write_units;
        let units = [
            (Item::DynamodbWriteUnit, per_mail(writes) + told),
            (Item::DynamodbReadUnit, per_mail(looks.read_units + ledger.read_units)),
        ];
        // The runs themselves stand in what an idle month costs; a mail makes one longer.
        let gb_seconds = mails * self.flow.mail_ms() / 1_000.0 * SMALL_MB / 1_024.0;
        self.add("SES", Part::Beside, &[(Item::SesEmail, mails)]);
        self.add("tables of mails", Part::Beside, &units);
        self.add("cart mailer", Part::Beside, &[(Item::LambdaGbSecond, gb_seconds)]);
        self.invoked("mail feedback", Part::Beside, events, self.flow.feedback_ms(), SMALL_MB);
        self.told(Part::Beside, events);
    }

    fn learning(&mut self) {
        let read = self.traffic.events / DAYS * 28.0;
        let seconds = (read * self.measured.assumed.training_us.value / 1e6).min(TRAINER_SECONDS);
        let gb_seconds = DAYS * seconds * TRAINER_MB / 1_024.0;
        self.add("trainer", Part::Beside, &[(Item::LambdaGbSecond, gb_seconds)]);
    }

    /// What a month costs in which nothing comes.
    fn standing(&mut self) {
        self.invoked("cart mailer", Part::Beside, MINUTES, self.flow.idle_mailer_ms(), SMALL_MB);
        let due_reads = MINUTES * f64::from(DUE_SHARD_COUNT) / 2.0;
        self.add("tables of mails", Part::Beside, &[(Item::DynamodbReadUnit, due_reads)]);
        // The training of each day, the sweep and the reconciliation of each hour, which find nothing.
        self.invoked("trainer", Part::Beside, DAYS + 2.0 * HOURS, 1_000.0, TRAINER_MB);
        self.canary();
        let runs = MINUTES + DAYS + 2.0 * HOURS + CANARY_RUNS;
        self.add("schedules", Part::Beside, &[(Item::SchedulerInvocation, runs)]);
        let metrics = LOG_METRICS + METERED_MAPPINGS * MAPPING_METRICS + self.told_metrics();
        self.add("alarms", Part::Beside, &[(Item::AlarmMonth, ALARM_METRICS)]);
        self.add("dashboard", Part::Beside, &[(Item::DashboardMonth, DASHBOARDS)]);
        self.add("metrics", Part::Beside, &[(Item::MetricMonth, metrics)]);
        // A table's key is asked for each five minutes; a stream's by who writes and by who reads.
        let asked = (KEYED_TABLES + 2.0 * STREAMS) * MINUTES / 5.0;
        self.add("keys", Part::Beside, &[(Item::KmsKeyMonth, KEYS), (Item::KmsRequest, asked)]);
        self.add(
            "secret",
            Part::Beside,
            &[(Item::SecretMonth, SECRETS), (Item::SecretRequest, SECRET_CALLS)],
        );
    }

    /// A run waits some seconds for its event, in one call of the mailer; it sends the event and asks three times.
    fn canary(&mut self) {
        let requests = 4.0 * CANARY_RUNS;
        self.invoked("canary", Part::Beside, CANARY_RUNS, 1_500.0, SMALL_MB);
        self.invoked("canary", Part::Beside, requests, 10.0, STREAM_MB);
        let units = [
            (Item::HttpApiRequest, requests),
            (Item::DynamodbWriteUnit, 2.0 * CANARY_RUNS),
            (Item::DynamodbReadUnit, 2.0 * CANARY_RUNS),
        ];
        self.add("canary", Part::Beside, &units);
    }
}
