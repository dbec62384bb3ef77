//! The conservation law: what came in is accounted for, to the last event.
//!
//! `received = rejected + accepted`; `accepted = applied + duplicate + erased + failed + in flight`. Erased is what came to
//! the tombstone of a person and was dropped. In flight is counted from
//! positions in the stream, never by subtraction. Records that Beckon itself puts have a balance of their own.
//!
//! A failed event stays one when it is put into the stream again; the line that is put again is a new input:
//! `accepted + redriven = applied + duplicate + erased + failed + in flight`. So the law holds however often one is put again.

use beckon_domain::profile::Tallies;
use beckon_domain::{Profile, ProfileKey};
use beckon_recommend::Trend;
use beckon_recommend::engagement::{SlotDay, SlotDayRow};
use beckon_store::tables::TrendKey;
use beckon_wire::failed::{FailedEvent, StreamName};
use serde::Serialize;
use std::fmt;

/// What the collector answered, added up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Collected {
    /// Events received.
    pub received: u64,
    /// Events rejected with a verdict.
    pub rejected: u64,
    /// Events accepted.
    pub accepted: u64,
}

/// Lines of failed events that were put into the stream again, added up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PutAgain {
    /// Lines that somebody had sent.
    pub events: u64,
    /// Lines that Beckon itself had put.
    pub internal: u64,
}

/// The balance of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Conservation {
    /// What the collector answered.
    #[serde(flatten)]
    pub collected: Collected,
    /// Events applied to profiles.
    pub applied: u64,
    /// Repetitions recognised.
    pub duplicate: u64,
    /// Events dropped, because the person was erased.
    pub erased: u64,
    /// Failed events that were put into the stream again.
    pub redriven: u64,
    /// Events kept as failed, put again or not.
    pub failed: u64,
    /// Events in the stream that are not done.
    pub in_flight: u64,
    /// Beckon's own records: put.
    pub internal_put: u64,
    /// Beckon's own records: applied.
    pub internal_applied: u64,
    /// Beckon's own records: repetitions recognised.
    pub internal_duplicate: u64,
    /// Beckon's own records: dropped, because the person was erased.
    pub internal_erased: u64,
    /// Beckon's own records: kept as failed.
    pub internal_failed: u64,
}

impl Conservation {
    /// Balances what the collector answered against every profile, the failed events, and the stream.
    #[must_use]
    pub fn of(
        collected: Collected,
        profiles: &[(ProfileKey, Profile)],
        failed: u64,
        in_flight: u64,
        lines_put: u64,
    ) -> Self {
        let mut sum = Tallies::default();
        let (mut erased, mut internal_erased) = (0, 0);
        for (_, profile) in profiles {
            erased += profile.erasure.as_ref().map_or(0, |erasure| erasure.kept_out);
            internal_erased += profile.erasure.as_ref().map_or(0, |erasure| erasure.internal_kept_out);
            sum.applied += profile.tallies.applied;
            sum.duplicate += profile.tallies.duplicate;
            sum.internal_applied += profile.tallies.internal_applied;
            sum.internal_duplicate += profile.tallies.internal_duplicate;
        }
        Self {
            collected,
            applied: sum.applied,
            duplicate: sum.duplicate,
            erased,
            redriven: 0,
            failed,
            in_flight,
            internal_put: lines_put.saturating_sub(collected.accepted),
            internal_applied: sum.internal_applied,
            internal_duplicate: sum.internal_duplicate,
            internal_erased,
            internal_failed: 0,
        }
    }

    /// The same balance, when so many lines of failed events were put into the stream again. Those of Beckon's own are
    /// among the lines it put.
    #[must_use]
    pub fn with_put_again(self, again: PutAgain) -> Self {
        let internal_put = self.internal_put.saturating_sub(again.events);
        Self { redriven: again.events, internal_put, ..self }
    }

    /// The same balance, when so many of the failed events were Beckon's own records.
    #[must_use]
    pub fn with_internal_failed(self, count: u64) -> Self {
        Self { failed: self.failed.saturating_sub(count), internal_failed: count, ..self }
    }

    /// Whether nothing is lost and nothing counted twice.
    #[must_use]
    pub fn holds(&self) -> bool {
        let Collected { received, rejected, accepted } = self.collected;
        received == rejected + accepted
            && accepted + self.redriven
                == self.applied + self.duplicate + self.erased + self.failed + self.in_flight
            && self.internal_put
                == self.internal_applied
                    + self.internal_duplicate
                    + self.internal_erased
                    + self.internal_failed
    }
}

impl fmt::Display for Conservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Collected { received, rejected, accepted } = self.collected;
        let verdict = if self.holds() { "holds" } else { "DOES NOT HOLD" };
        write!(
            f,
            "received {received} = rejected {rejected} + accepted {accepted}; accepted {accepted}{} = applied {} + duplicate {}{} \
             + failed {} + in flight {}; own records {} = applied {} + duplicate {}{}{}: {verdict}",
            more("put again", self.redriven),
            self.applied,
            self.duplicate,
            more("erased", self.erased),
            self.failed,
            self.in_flight,
            self.internal_put,
            self.internal_applied,
            self.internal_duplicate,
            more("erased", self.internal_erased),
            more("failed", self.internal_failed),
        )
    }
}

/// The balance of signals: `put = counted + repeated + failed + in flight`. Each signal is counted for one item, or for one slot
/// and day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SignalConservation {
    /// Lines put into the stream of signals.
    pub put: u64,
    /// Signals counted.
    pub counted: u64,
    /// Signals that were put again and recognised.
    pub repeated: u64,
    /// Signals kept as failed.
    pub failed: u64,
    /// Signals in the stream that are not done.
    pub in_flight: u64,
}

impl SignalConservation {
    /// Balances what was put against every item's trend.
    #[must_use]
    pub fn of(put: u64, trends: &[(TrendKey, Trend)], failed: u64, in_flight: u64) -> Self {
        let items = trends.iter().filter(|(key, _)| matches!(key, TrendKey::Item(_)));
        let totals = items.map(|(_, trend)| trend.totals());
        let (counted, repeated) =
            totals.fold((0, 0), |sum, totals| (sum.0 + totals.all(), sum.1 + totals.repeated));
        Self { put, counted, repeated, failed, in_flight }
    }

    /// The same balance with what slots counted.
    #[must_use]
    pub fn with_slots(self, rows: &[(SlotDay, SlotDayRow)]) -> Self {
        rows.iter().map(|(_, row)| row.signals()).fold(self, |sum, (counted, repeated)| Self {
            counted: sum.counted + counted,
            repeated: sum.repeated + repeated,
            ..sum
        })
    }

    /// Whether nothing is lost and nothing counted twice.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.put == self.counted + self.repeated + self.failed + self.in_flight
    }
}

impl fmt::Display for SignalConservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { put, counted, repeated, failed, in_flight } = self;
        let verdict = if self.holds() { "holds" } else { "DOES NOT HOLD" };
        write!(
            f,
            "signals {put} = counted {counted} + repeated {repeated} + failed {failed} + in flight {in_flight}: {verdict}"
        )
    }
}

/// How many of these documents are of failed events, and how many of failed signals.
#[must_use]
pub fn failed_by_stream<'a>(documents: impl IntoIterator<Item = &'a Vec<u8>>) -> (u64, u64) {
    documents.into_iter().fold((0, 0), |(events, signals), document| {
        match serde_json::from_slice::<FailedEvent>(document) {
            Ok(FailedEvent { stream: StreamName::Signals, .. }) => (events, signals + 1),
            _ => (events + 1, signals),
        }
    })
}

/// What is seldom is said only when there is some.
fn more(what: &str, count: u64) -> String {
    if count == 0 { String::new() } else { format!(" + {what} {count}") }
}
