//! The numbers of one slot on one day, and what makes a signal count once in them: as in a trend, marks know what the stream
//! delivers again, and the newest ids what was put again.

use super::counts::Counts;
use super::signal::SlotSignal;
use crate::policy::{COMBINATION_COUNT_MAX, ENGAGEMENT_RETENTION, SLOT_RECENT_COUNT_MAX};
use crate::popularity::Delivered;
use crate::popularity::recent::Recent;
use beckon_domain::id::{OfferId, RuleId, SlotId, StrategyId};
use beckon_domain::mark::{Marks, Position};
use beckon_domain::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A slot on a day.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SlotDay {
    /// The day (UTC) on which it happened.
    pub day: Day,
    /// The slot.
    pub slot: SlotId,
}

impl SlotDay {
    /// What a signal is counted for.
    #[must_use]
    pub fn of(signal: &SlotSignal) -> Self {
        Self { day: Day::of(signal.at), slot: signal.slot.clone() }
    }

    /// From when on it may be forgotten.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.day.after(1).start() + ENGAGEMENT_RETENTION
    }
}

/// What is counted apart. Without a strategy it is whole decisions; with one it is those that showed products of the strategy,
/// and the clicks and orders of these products. A decision with products of several strategies is in the numbers of each, so
/// only those without one add up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Combination {
    /// The rule that decided; `None` where none did.
    pub rule: Option<RuleId>,
    /// The offer shown; `None` where products were.
    pub offer: Option<OfferId>,
    /// The strategy.
    pub strategy: Option<StrategyId>,
}

/// The numbers of one slot on one day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SlotDayRow {
    counts: BTreeMap<Combination, Counts>,
    /// Whole decisions for which there was no room.
    other: Counts,
    /// The same by strategy.
    other_strategies: Counts,
    /// Signals counted.
    counted: u64,
    /// Signals that were put again and recognised.
    repeated: u64,
    marks: Marks,
    recent: Recent<[u8; 4], SLOT_RECENT_COUNT_MAX>,
}

/// Folds signals of one slot and day into its row (a new one when there is none). `None` when all of them were folded before.
#[must_use]
pub fn fold<'a>(
    stored: Option<&SlotDayRow>,
    delivered: impl IntoIterator<Item = &'a Delivered<SlotSignal>>,
) -> Option<SlotDayRow> {
    let mut row = stored.cloned().unwrap_or_default();
    let mut changed = false;
    for one in delivered {
        if row.marks.covers(&one.position) {
            continue;
        }
        changed = true;
        if row.recent.insert(one.signal.id.half()) {
            row.repeated += 1;
        } else {
            row.count(&one.signal);
        }
        row.marks.advance(&one.position, one.arrived_at);
    }
    changed.then_some(row)
}

impl SlotDayRow {
    fn count(&mut self, signal: &SlotSignal) {
        self.counted += 1;
        let whole = Combination { rule: signal.rule.clone(), offer: signal.offer.clone(), strategy: None };
        for strategy in &signal.strategies {
            let of = Combination { strategy: Some(strategy.clone()), ..whole.clone() };
            self.counts_of(of).count(&signal.event);
        }
        self.counts_of(whole).count(&signal.event);
    }

    fn counts_of(&mut self, combination: Combination) -> &mut Counts {
        if self.counts.len() >= COMBINATION_COUNT_MAX && !self.counts.contains_key(&combination) {
            return match combination.strategy {
                None => &mut self.other,
                Some(_) => &mut self.other_strategies,
            };
        }
        self.counts.entry(combination).or_default()
    }

    /// What was counted apart, in the order of the combinations.
    pub fn iter(&self) -> impl Iterator<Item = (&Combination, &Counts)> {
        self.counts.iter()
    }

    /// Whole decisions for which there was no room, together.
    #[must_use]
    pub const fn other(&self) -> &Counts {
        &self.other
    }

    /// Strategies for which there was no room, together.
    #[must_use]
    pub const fn other_strategies(&self) -> &Counts {
        &self.other_strategies
    }

    /// Signals counted, and signals that were put again and recognised.
    #[must_use]
    pub const fn signals(&self) -> (u64, u64) {
        (self.counted, self.repeated)
    }

    /// Whether what stands there in the stream is counted.
    #[must_use]
    pub fn is_counted(&self, position: &Position) -> bool {
        self.marks.covers(position)
    }
}
