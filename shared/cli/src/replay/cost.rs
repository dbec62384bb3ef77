//! What a replay asked of the tables, per 1,000 events.

use beckon_domain::{DurationMs, Profile, ProfileKey, packed};
use beckon_store::metered::{DueIndex, Meter, Percentiles, TableUsage, Usage};
use serde::Serialize;
use std::fmt;

/// The goal for writes: at most this many for each profile and flush.
const WRITES_PER_PROFILE_FLUSH_GOAL: f64 = 1.05;

/// Counts of what was flushed, and what of the usage belongs to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flushed {
    /// Events that went into flushes.
    pub events: u64,
    /// Deliveries with at least one event.
    pub flushes: u64,
    /// For each of them the profiles it had events of, added up.
    pub profile_flushes: u64,
    /// ProfileTable, while events were delivered.
    pub usage: TableUsage,
}

/// Requests and units for each 1,000 events of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Requests that write.
    pub write_requests: f64,
    /// Write units of the table.
    pub write_units: f64,
    /// Write units of the due index.
    pub index_units: f64,
    /// Items read.
    pub read_items: f64,
    /// Read units.
    pub read_units: f64,
}

impl Rates {
    fn of(usage: &TableUsage, events: u64) -> Self {
        let rate = |count: f64| 1_000.0 * count / events.max(1) as f64;
        Self {
            write_requests: rate(usage.write_requests as f64),
            write_units: rate(usage.write_units as f64),
            index_units: rate(usage.index_units as f64),
            read_items: rate(usage.read_items as f64),
            read_units: rate(usage.read_units()),
        }
    }
}

/// How large the profiles' items are, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Half of them have at most this many bytes.
    pub p50: u32,
    /// Nine of ten.
    pub p90: u32,
    /// 99 of a hundred.
    pub p99: u32,
    /// The largest.
    pub max: u32,
}

impl From<Percentiles> for Sizes {
    fn from(of: Percentiles) -> Self {
        Self { p50: of.p50, p90: of.p90, p99: of.p99, max: of.max }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {}, p90 {}, p99 {}, max {}", self.p50, self.p90, self.p99, self.max)
    }
}

/// What the due index would cost if entries stayed where they are while they would move by no more than a slack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slack {
    /// The slack.
    pub slack: String,
    /// Write units of the index for each 1,000 events.
    pub index_units: f64,
    /// Looks of the mailer, once a minute, at carts that are not due yet, for each 1,000 events.
    pub early_looks: f64,
}

/// What a replay asked of the tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Rows of a flush; none: a flush ends before a reminder could be due.
    pub batch_rows: Option<u64>,
    /// Deliveries with at least one event.
    pub flushes: u64,
    /// For each of them the profiles it had events of, added up.
    pub profile_flushes: u64,
    /// Writes of profiles for each of those: the goal is at most 1.05.
    pub writes_per_profile_flush: f64,
    /// Writes whose condition did not hold.
    pub failed_conditions: u64,
    /// ProfileTable by events, for each 1,000 of them.
    pub events: Rates,
    /// ProfileTable by reminders (the mailer's reads, and the profiler's answer to their ends), for each 1,000 events.
    pub reminders: Rates,
    /// OutreachTable, for each 1,000 events.
    pub outreach: Rates,
    /// CatalogTable, for each 1,000 events.
    pub items: Rates,
    /// The same, trends of categories.
    pub categories: Rates,
    /// The same, best sellers.
    pub lists: Rates,
    /// Sizes of the profiles' items at the end.
    pub item_bytes: Sizes,
    /// The same, if each had been in 10 experiments and had 20 counters of rules: computed, not stored.
    pub item_bytes_with_rules: Sizes,
    /// Sizes of the profiles' items at each write: what the write units come from.
    pub written_bytes: Sizes,
    /// What slack in the due index would change.
    pub due_slack: Vec<Slack>,
}

impl Cost {
    pub(super) fn of(
        meter: &Meter,
        profiles: &[(ProfileKey, Profile)],
        flushed: &Flushed,
        batch_rows: Option<u64>,
    ) -> Self {
        let Usage { profile, outreach, catalog, .. } = meter.usage();
        let rate = |count: u64| 1_000.0 * count as f64 / flushed.events.max(1) as f64;
        let slack = |index: &DueIndex| Slack {
            slack: index.slack().to_string(),
            index_units: rate(index.units()),
            early_looks: rate(index.early_looks()),
        };
        Self {
            batch_rows,
            flushes: flushed.flushes,
            profile_flushes: flushed.profile_flushes,
            writes_per_profile_flush: flushed.usage.write_requests as f64
                / flushed.profile_flushes.max(1) as f64,
            failed_conditions: profile.failed_conditions,
            events: Rates::of(&flushed.usage, flushed.events),
            reminders: Rates::of(&profile.since(&flushed.usage), flushed.events),
            outreach: Rates::of(&outreach, flushed.events),
            items: Rates::of(&catalog.items, flushed.events),
            categories: Rates::of(&catalog.categories, flushed.events),
            lists: Rates::of(&catalog.lists, flushed.events),
            item_bytes: meter.item_sizes().into(),
            item_bytes_with_rules: with_rules(meter, profiles),
            written_bytes: meter.written_sizes().into(),
            due_slack: meter.what_if().iter().map(slack).collect(),
        }
    }

    /// The slacks that are tried.
    pub(super) fn slacks() -> [DurationMs; 3] {
        [1, 5, 15].map(DurationMs::from_minutes)
    }

    fn held(&self) -> &'static str {
        if self.writes_per_profile_flush <= WRITES_PER_PROFILE_FLUSH_GOAL { "met" } else { "NOT MET" }
    }
}

/// An experiment a profile was in: four bytes each for its id and its time, two for variant and crossover, two for a length.
const EXPERIMENT_BYTES: usize = 12;
const EXPERIMENT_COUNT: usize = 10;
/// Counters of rules for each counter that a profile has: 20 for the five kinds of events.
const RULE_COUNTERS_PER_KIND: usize = 4;

/// Sizes of items with room for what rules and experiments will keep. A rule's counter takes at most what the counter of
/// its kind of events takes.
fn with_rules(meter: &Meter, profiles: &[(ProfileKey, Profile)]) -> Sizes {
    let sizes = profiles.iter().filter_map(|(key, profile)| {
        let counters = packed::pack_state(0, &profile.counters).map_or(0, |bytes| bytes.len());
        let more = EXPERIMENT_COUNT * EXPERIMENT_BYTES + RULE_COUNTERS_PER_KIND * counters;
        Some(meter.item_bytes(key)?.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)))
    });
    Percentiles::of(sizes.collect()).into()
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "per 1,000       {:>10} {:>10} {:>10} {:>10}", "writes", "units", "index", "read units")?;
        for (name, rates) in [
            ("  events        ", &self.events),
            ("  reminders     ", &self.reminders),
            ("  ledger        ", &self.outreach),
            ("  items         ", &self.items),
            ("  categories    ", &self.categories),
            ("  best sellers  ", &self.lists),
        ] {
            let Rates { write_requests, write_units, index_units, read_units, .. } = rates;
            writeln!(
                f,
                "{name}{write_requests:>10.1} {write_units:>10.1} {index_units:>10.1} {read_units:>10.1}"
            )?;
        }
        writeln!(
            f,
            "writes          {:.3} for each profile and flush ({} flushes; goal 1.05: {})",
            self.writes_per_profile_flush,
            self.flushes,
            self.held()
        )?;
        writeln!(f, "item bytes      {} at the end", self.item_bytes)?;
        writeln!(
            f,
            "                {} if with 10 experiments and 20 counters of rules",
            self.item_bytes_with_rules
        )?;
        writeln!(f, "                {} at each write", self.written_bytes)?;
        for Slack { slack, index_units, early_looks } in &self.due_slack {
            writeln!(
                f,
                "due slack {slack:<5} {index_units:.1} index units and {early_looks:.1} early looks per 1,000"
            )?;
        }
        Ok(())
    }
}
