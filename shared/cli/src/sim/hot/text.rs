//! What `beckon sim hot` prints.

use super::Measured;
use super::measure::{Figures, KeyLoad, Sent, ShardLoad, Spread};
use crate::cost::text::grouped;
use std::fmt;

type Row = (&'static str, fn(&Figures) -> String);

const SENT: [Row; 4] = [
    ("hot visitor: events sent", |f| number(f.hot.sent)),
    ("  taken / 429 / lost", |f| ends(&f.hot)),
    ("shoppers: events sent", |f| number(f.others.sent)),
    ("  taken / 429 / lost", |f| ends(&f.others)),
];

const PROFILE: [Row; 13] = [
    ("collector: instances", |f| number(f.instances)),
    ("hot shard: records/s (1,000)", |f| number(f.shard.records)),
    ("  KB/s (1,024)", |f| number(f.shard.kilobytes)),
    ("  records refused", |f| number(f.shard.refused)),
    ("batches with its events", |f| number(f.batches)),
    ("  its events in each", |f| format!("{:.0}", f.lines_per_batch)),
    ("writes of its profile", |f| number(f.item.writes)),
    ("  events a write (most)", |f| per_write(&f.item)),
    ("  writes/s, units/s (1,000)", |f| rates(&f.item)),
    ("  bytes at most", |f| number(f.item.bytes_max.into())),
    ("  conflicts / throttled", |f| troubles(&f.item)),
    ("iterator age ms: its shard", |f| number(f.hot_shard_lag_ms)),
    ("  other shards", |f| number(f.other_shards_lag_ms)),
];

const FRESH: [Row; 4] = [
    ("fresh, ms p50/p99/max: itself", |f| spread(&f.fresh_hot)),
    ("  others in its lane", |f| spread(&f.fresh_lane)),
    ("  in its shard's other lane", |f| spread(&f.fresh_shard)),
    ("  in other shards", |f| spread(&f.fresh_elsewhere)),
];

const ITEM: [Row; 16] = [
    ("its signals, in records", |f| format!("{}, {}", number(f.signals), number(f.signal_records))),
    ("its shard: records/s (1,000)", |f| load(&f.signal_shard)),
    ("  KB/s (1,024)", |f| number(f.signal_shard.kilobytes)),
    ("  records refused", |f| number(f.signal_shard.refused)),
    ("batches with its signals", |f| number(f.batches)),
    ("  its signals in each", |f| format!("{:.0}", f.lines_per_batch)),
    ("writes of its item", |f| number(f.item.writes)),
    ("  signals a write", |f| format!("{:.0}", f.item.lines_per_write)),
    ("  writes/s, units/s (1,000)", |f| rates(&f.item)),
    ("  bytes at most", |f| number(f.item.bytes_max.into())),
    ("  conflicts / throttled", |f| troubles(&f.item)),
    ("list of best sellers: writes", |f| number(f.list.writes)),
    ("  conflicts / throttled", |f| troubles(&f.list)),
    ("trends, ms p50/p99/max: itself", |f| spread(&f.fresh_signals_hot)),
    ("  others", |f| spread(&f.fresh_signals)),
    ("profiles, ms p50/p99/max: all", |f| spread(&f.fresh_elsewhere)),
];

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.profile.is_empty() {
            writeln!(f, "one visitor")?;
            table(f, &self.profile, &[&SENT, &PROFILE, &FRESH])?;
        }
        if !self.item.is_empty() {
            writeln!(f, "\none product with half of all looks")?;
            table(f, &self.item, &[&SENT[2..], &ITEM])?;
        }
        let mut all = self.profile.iter().chain(&self.item);
        if all.all(|figures| figures.violation.is_none()) {
            writeln!(f, "\nno law was broken")?;
        }
        Ok(())
    }
}

fn table(f: &mut fmt::Formatter<'_>, cases: &[Figures], parts: &[&[Row]]) -> fmt::Result {
    let mut line = |label: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:>23}")).collect();
        writeln!(f, "{}", format!("{label:<31}{cells}").trim_end())
    };
    line("", cases.iter().map(|figures| figures.name.clone()).collect())?;
    for (label, cell) in parts.iter().copied().flatten() {
        line(label, cases.iter().map(cell).collect())?;
    }
    Ok(())
}

fn number(value: u64) -> String {
    grouped(value as f64)
}

fn ends(sent: &Sent) -> String {
    format!("{} / {} / {}", number(sent.taken), number(sent.throttled), number(sent.lost))
}

fn load(load: &ShardLoad) -> String {
    number(load.records)
}

fn per_write(load: &KeyLoad) -> String {
    format!("{:.0} ({})", load.lines_per_write, number(load.lines_max))
}

fn rates(load: &KeyLoad) -> String {
    format!("{}, {}", number(load.writes_per_second), number(load.units_per_second))
}

fn troubles(load: &KeyLoad) -> String {
    format!("{} / {}", number(load.conflicts), number(load.throttled))
}

fn spread(spread: &Spread) -> String {
    if spread.count == 0 {
        return "-".to_owned();
    }
    format!("{} / {} / {}", number(spread.p50_ms), number(spread.p99_ms), number(spread.max_ms))
}
