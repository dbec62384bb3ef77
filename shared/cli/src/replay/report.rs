//! What a replay has to say.

use super::cost::Cost;
use super::trends::Trends;
use crate::conservation::Conservation;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The figures of a replay.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Rows of the file.
    pub rows: u64,
    /// Rows that are no events.
    pub bad_rows: u64,
    /// The first of them, and why.
    pub bad_row_samples: Vec<String>,
    /// Wall time.
    pub seconds: f64,
    /// Rows a second, through everything.
    pub events_per_second: f64,
    /// Profiles.
    pub profiles: u64,
    /// Sessions.
    pub sessions: u64,
    /// Carts begun.
    pub carts: u64,
    /// Orders.
    pub orders: u64,
    /// Carts left for longer than the reminder's delay.
    pub abandonments: u64,
    /// The reminder's delay.
    pub reminder_delay: Option<String>,
    /// Mails sent.
    pub mails: u64,
    /// Carts left and not mailed, by reason.
    pub not_mailed_by_reason: BTreeMap<String, u64>,
    /// Events rejected, by code.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// Failed events, by reason.
    pub failed_by_reason: BTreeMap<String, u64>,
    /// Events that were told again on purpose.
    pub repeated: u64,
    /// A hash over what is known about everybody. Not in it: marks, ring, versions, every tally but `applied`, when an
    /// event was last received, and when a link was made.
    pub state_hash: String,
    /// What was special about an archive, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveCounts>,
    /// What was asked of the tables.
    pub cost: Cost,
    /// The balance.
    pub conservation: Conservation,
    /// What became of the signals.
    pub trends: Trends,
}

/// What was replayed of an archive, beside what somebody sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ArchiveCounts {
    /// Objects.
    pub objects: u64,
    /// Lines that Beckon itself had put: merge records, forwarded events, ends of reminders.
    pub own_lines: u64,
    /// Such lines that the archive does not hold although it holds what they follow from; they were made anew.
    pub missing_own_lines: u64,
    /// Whether own lines were left out and made anew.
    pub anew: bool,
}

impl fmt::Display for ArchiveCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.anew { "left out and made anew" } else { "replayed as they came" };
        write!(f, "{} objects; {} lines of Beckon's own, {what}", self.objects, self.own_lines)?;
        match self.missing_own_lines {
            0 => Ok(()),
            missing => write!(f, "; {missing} more were missing and made anew"),
        }
    }
}

fn list(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delay = self.reminder_delay.as_deref().unwrap_or("no reminder rule");
        writeln!(
            f,
            "rows            {} in {:.1} s: {:.0} events/s",
            self.rows, self.seconds, self.events_per_second
        )?;
        if let Some(archive) = &self.archive {
            writeln!(f, "archive         {archive}")?;
        }
        writeln!(f, "profiles        {}", self.profiles)?;
        writeln!(f, "sessions        {}", self.sessions)?;
        writeln!(f, "carts           {} begun, {} orders", self.carts, self.orders)?;
        writeln!(f, "abandonments    {} (delay {delay})", self.abandonments)?;
        if self.archive.is_some_and(|archive| !archive.anew) {
            writeln!(f, "mails           none: reminders end as they ended in the archive")?;
        } else {
            writeln!(f, "mails           {}; not mailed: {}", self.mails, list(&self.not_mailed_by_reason))?;
        }
        writeln!(f, "rejected        {}", list(&self.rejected_by_code))?;
        writeln!(f, "failed events   {}", list(&self.failed_by_reason))?;
        if self.bad_rows > 0 {
            writeln!(f, "bad rows        {}, the first: {}", self.bad_rows, self.bad_row_samples.join("; "))?;
        }
        if self.repeated > 0 {
            writeln!(f, "repeated        {} events", self.repeated)?;
        }
        writeln!(f, "state hash      {}", self.state_hash)?;
        write!(f, "{}", self.cost)?;
        writeln!(f, "trends          {}", self.trends)?;
        writeln!(f, "conservation    {}", self.conservation)
    }
}
