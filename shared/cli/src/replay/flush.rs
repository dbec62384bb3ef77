//! What fresher recommendations cost: the trends of a file, written after waiting longer and longer for fuller batches.
//!
//! Profiles are folded once, whatever the trends wait. Their signals then go through the real trends, with the tables
//! metered, once for each wait and each pace: a file of few visitors, as recorded, and as if all of it had happened a
//! hundred and a thousand times as fast, so that it resembles a busy shop.

use super::ReplayArgs;
use super::format::{Format, Reader};
use crate::error::CliError;
use crate::plot::{self, Axis, LineChart, Series};
use crate::rules::backtest::source::{Step, Teller};
use beckon_batch::Record;
use beckon_domain::fold::fold_into;
use beckon_domain::reaction::NoRules;
use beckon_domain::{Currency, Policy, Profile, ProfileKey, Timestamp};
use beckon_recommend::Signal;
use beckon_runtime::Clock;
use beckon_store::metered::{Meter, Metered, TableUsage};
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::memory::MemoryTables;
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use trends::Trends;

/// Seconds to wait for a fuller batch: what a mapping may.
const WAITS: [u32; 6] = [1, 5, 15, 30, 60, 300];
/// How many times as fast as recorded.
const PACES: [u32; 3] = [1, 100, 1_000];
/// Signals of one batch at most: the mapping's own limit.
const BATCH_MAX: usize = 10_000;

/// One wait at one pace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// How many times as fast as recorded.
    pub pace: u32,
    /// Events a second at that pace.
    pub events_per_second: f64,
    /// Seconds that the trends wait.
    pub wait_seconds: u32,
    /// Batches.
    pub batches: u64,
    /// Writes of items for each 1,000 events.
    pub item_writes: f64,
    /// Their write units.
    pub item_units: f64,
    /// Write units of categories.
    pub category_units: f64,
    /// Write units of lists.
    pub list_units: f64,
    /// Requests that write, of all three.
    pub writes: f64,
    /// Write units of all three.
    pub units: f64,
    /// How old a signal is on average when it is written, in seconds.
    pub mean_age_seconds: f64,
}

/// A line of the stream of signals, and when it came.
struct Arrived {
    at: Timestamp,
    key: String,
    data: Vec<u8>,
}

/// The curve of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FlushCurve {
    /// Events.
    pub events: u64,
    /// Signals.
    pub signals: u64,
    /// Every wait at every pace.
    pub points: Vec<Point>,
}

/// Measures the curve of a file, prints it, and draws it.
///
/// # Errors
/// When the file cannot be read, or the plot cannot be written.
pub(super) fn run(args: &ReplayArgs, plot: &Path) -> Result<(), CliError> {
    let curve = measure(args)?;
    plot::write(plot, &chart(&curve).svg())?;
    if args.json {
        let json = serde_json::to_string_pretty(&curve);
        crate::say(json.map_err(|e| CliError::caused("the curve", &e))?);
    } else {
        crate::say(format!("{}plot: {}", table(&curve), plot.display()));
    }
    Ok(())
}

/// Measures the curve of a file.
///
/// # Errors
/// When the file cannot be read.
pub fn measure(args: &ReplayArgs) -> Result<FlushCurve, CliError> {
    if args.format == Format::Archive {
        return Err(CliError::usage("--flush-curve is of a file of rows: give --format"));
    }
    let (events, arrived) = signals(args)?;
    let bar = ProgressBar::new((WAITS.len() * PACES.len()) as u64);
    // A pace is a thread: each has tables of its own.
    let paces = std::thread::scope(|scope| {
        let (bar, arrived) = (&bar, &arrived);
        let threads = PACES.map(|pace| scope.spawn(move || curve(arrived, events, pace, bar)));
        threads.map(|thread| thread.join().map_err(|_| CliError::failed("measuring a pace panicked")))
    });
    bar.finish_and_clear();
    let mut points = Vec::new();
    for pace in paces {
        points.extend(pace??);
    }
    Ok(FlushCurve { events, signals: arrived.len() as u64, points })
}

/// The signals of a file, in the order in which they come, and how many events it has.
fn signals(args: &ReplayArgs) -> Result<(u64, Vec<Arrived>), CliError> {
    let reader = Reader::open(&args.file, args.format).map_err(CliError::usage)?;
    let teller = Teller::new(Currency::default());
    let mut profiles: BTreeMap<ProfileKey, Profile> = BTreeMap::new();
    let (mut events, mut arrived, mut now) = (0, Vec::new(), Timestamp::EPOCH);
    for row in reader.filter_map(Result::ok) {
        now = now.max(row.at);
        let Ok(told) = teller.tell(Step::Row(Box::new(row), now)) else { continue };
        events += 1;
        let profile = profiles.entry(told.key.clone()).or_default();
        let items = [told.item];
        let settled = fold_into(profile, &told.key, &items, &Policy::default(), &NoRules);
        for (item, applied) in items.iter().zip(&settled.applied) {
            let signals = Signal::of(&item.event, &applied.told);
            let records = beckon_wire::signal::records(&signals);
            let records = records.map_err(|e| CliError::caused("a signal cannot be written", &e))?;
            arrived.extend(records.into_iter().map(|(key, data)| Arrived { at: now, key, data }));
        }
    }
    Ok((events, arrived))
}

fn curve(arrived: &[Arrived], events: u64, pace: u32, bar: &ProgressBar) -> Result<Vec<Point>, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| CliError::caused("a runtime for one pace", &e))?;
    let measured = WAITS.map(|wait| {
        let point = runtime.block_on(point(arrived, events, (pace, wait)));
        bar.inc(1);
        point
    });
    Ok(measured.to_vec())
}

async fn point(arrived: &[Arrived], events: u64, (pace, wait): (u32, u32)) -> Point {
    let meter = Meter::default();
    let trends = Trends {
        tables: Metered::new(MemoryTables::default(), meter.clone()),
        failed: MemoryFailedEvents::default(),
        clock: Clock::manual(Timestamp::EPOCH).0,
        epoch: "flush".to_owned(),
        seen: trends::SeenProducts::default(),
        metrics: beckon_runtime::Metrics::default(),
    };
    let first = arrived.first().map_or(0, |one| one.at.as_ms());
    let ms = |one: &Arrived| (one.at.as_ms() - first) / i64::from(pace);
    let (mut rest, mut number, mut batches, mut age_ms) = (arrived, 0_u64, 0, 0_i64);
    while let Some(begun) = rest.first() {
        let ends = ms(begun) + i64::from(wait) * 1_000;
        let count = rest.iter().take(BATCH_MAX).take_while(|one| ms(one) <= ends).count();
        let (batch, later) = rest.split_at(count);
        // A full batch does not wait any longer.
        let ends = if count == BATCH_MAX { batch.last().map_or(ends, ms) } else { ends };
        age_ms += batch.iter().map(|one| ends - ms(one)).sum::<i64>();
        let numbers: Vec<String> = (1..=count as u64).map(|n| (number + n).to_string()).collect();
        let records: Vec<Record<'_>> = batch
            .iter()
            .zip(&numbers)
            .map(|(one, sequence)| Record {
                shard: "shardId-000000000000",
                sequence,
                partition_key: &one.key,
                data: &one.data,
                arrived_at: Some(one.at),
            })
            .collect();
        trends.process(&records, None).await;
        (rest, number, batches) = (later, number + count as u64, batches + 1);
    }
    let usage = meter.usage().catalog;
    let per_mille = |count: u64| 1_000.0 * count as f64 / events.max(1) as f64;
    let parts = [&usage.items, &usage.categories, &usage.lists];
    let sum = |of: fn(&TableUsage) -> u64| per_mille(parts.iter().map(|part| of(part)).sum());
    let span_seconds = arrived.last().map_or(0, ms).max(1) as f64 / 1_000.0;
    Point {
        pace,
        events_per_second: events as f64 / span_seconds,
        wait_seconds: wait,
        batches,
        item_writes: per_mille(usage.items.write_requests),
        item_units: per_mille(usage.items.write_units),
        category_units: per_mille(usage.categories.write_units),
        list_units: per_mille(usage.lists.write_units),
        writes: sum(|part| part.write_requests),
        units: sum(|part| part.write_units),
        mean_age_seconds: age_ms as f64 / 1_000.0 / arrived.len().max(1) as f64,
    }
}

fn table(curve: &FlushCurve) -> String {
    let mut text = format!(
        "{} events, {} signals; per 1,000 events, by how long trends wait for a fuller batch\n{:>6} {:>9} {:>6} {:>9} {:>9} \
         {:>9} {:>9} {:>9} {:>9} {:>9} {:>8}\n",
        curve.events,
        curve.signals,
        "pace",
        "events/s",
        "wait s",
        "batches",
        "writes",
        "units",
        "items w",
        "items",
        "categ.",
        "lists",
        "age s"
    );
    for p in &curve.points {
        text.push_str(&format!(
            "{:>5}x {:>9.2} {:>6} {:>9} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>8.1}\n",
            p.pace,
            p.events_per_second,
            p.wait_seconds,
            p.batches,
            p.writes,
            p.units,
            p.item_writes,
            p.item_units,
            p.category_units,
            p.list_units,
            p.mean_age_seconds
        ));
    }
    text
}

fn chart(curve: &FlushCurve) -> LineChart {
    let series = PACES.iter().map(|pace| {
        let points = curve.points.iter().filter(|point| point.pace == *pace);
        let rate = points.clone().next().map_or(0.0, |point| point.events_per_second);
        Series {
            name: format!("{rate:.1} events/s"),
            points: points.map(|point| (f64::from(point.wait_seconds), point.units)).collect(),
            ..Series::default()
        }
    });
    LineChart {
        title: "Write units of trends for 1,000 events, by how long they wait".to_owned(),
        x: Axis::log("seconds waited for a fuller batch"),
        y: Axis::linear("write units for 1,000 events"),
        series: series.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Store;

    #[test]
    fn who_waits_longer_writes_less_and_knows_later() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("views.csv");
        let row =
            |n: u64| format!("{},{},{},pv,{}\n", 1 + n % 9, 1 + n * 7 % 13, 1 + n % 3, 1_511_539_217 + n * 4);
        let rows: String = (0..300).map(row).collect();
        std::fs::write(&file, format!("user_id,item_id,category_id,behavior,ts\n{rows}")).unwrap();
        let args = ReplayArgs {
            file,
            format: Format::Taobao,
            rules: None,
            store: Store::Memory,
            batch_size: 100,
            json: false,
        };
        let curve = measure(&args).unwrap();
        assert_eq!((curve.events, curve.points.len()), (300, WAITS.len() * PACES.len()));
        assert!(curve.signals > 300, "a view tells those before it too");
        let recorded = &curve.points[..WAITS.len()];
        for pair in recorded.windows(2) {
            assert!(pair[1].units <= pair[0].units && pair[1].mean_age_seconds >= pair[0].mean_age_seconds);
        }
        assert!(recorded[0].units > 3.0 * recorded[WAITS.len() - 1].units);
        let last = curve.points[curve.points.len() - 1];
        assert_eq!((last.pace, last.batches), (1_000, 1), "twenty minutes are a second");
        assert!(table(&curve).contains("300 events"));
        assert!(chart(&curve).svg().contains("events/s"));
        let archive = ReplayArgs { format: Format::Archive, ..args };
        assert!(measure(&archive).is_err());
    }
}
