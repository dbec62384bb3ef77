//! Aggregates over events: how often, how much, how many different, the last and the first. What they need of a person is
//! remembered from the moment the ruleset asks for it.

use crate::condition::Facts;
use crate::property::{Filter, Property, remembered};
use crate::value::{Test, Value};
use beckon_domain::event::Event;
use beckon_domain::id::EventName;
use beckon_domain::watched::{Keep, Kept, Occurrence, Totals, WatchId, Watched};
use beckon_domain::{Currency, DurationMs, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;

/// What is asked about the occurrences.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum What {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    Distinct,
    Last,
    First,
}

impl What {
    pub(crate) const ALL: [Self; 8] =
        [Self::Count, Self::Sum, Self::Avg, Self::Min, Self::Max, Self::Distinct, Self::Last, Self::First];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Distinct => "distinct",
            Self::Last => "last",
            Self::First => "first",
        }
    }

    /// Whether it is a number of occurrences or of values, 0 when there is none.
    pub(crate) const fn is_count(self) -> bool {
        matches!(self, Self::Count | Self::Distinct)
    }
}

/// Which events are asked about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Events {
    pub(crate) name: EventName,
    pub(crate) filter: Filter,
}

/// A question about events that happened.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Aggregate {
    pub(crate) events: Events,
    pub(crate) what: What,
    pub(crate) of: Option<Property>,
    pub(crate) within: Option<DurationMs>,
    /// What is kept for it.
    pub(crate) watch: WatchId,
    pub(crate) keep: Keep,
}

/// What a ruleset asks to be remembered of events of one name.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Watch {
    pub(crate) id: WatchId,
    pub(crate) events: Events,
    pub(crate) of: Option<Property>,
    pub(crate) keep: Keep,
}

impl Watch {
    /// Remembers what an event of that name tells.
    pub(crate) fn observe(&self, event: &Event, currency: Currency, watched: &mut Watched) {
        for value in self.events.filter.values(event, self.of.as_ref(), currency) {
            if value.is_some() || self.of.is_none() {
                watched.observe(self.id, self.keep, Occurrence { at: event.occurred_at, value });
            }
        }
    }
}

impl Aggregate {
    /// A question, and by which numbers its answer is compared.
    pub(crate) fn new(
        events: Events,
        what: What,
        of: Option<Property>,
        within: Option<DurationMs>,
        keep: Keep,
    ) -> Self {
        let watch = watch_id(&events, of.as_ref(), keep);
        Self { events, what, of, within, watch, keep }
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch { id: self.watch, events: self.events.clone(), of: self.of.clone(), keep: self.keep }
    }

    /// Hands the answer to whoever asks; `None` when it is not known.
    #[inline]
    pub(crate) fn ask<R>(&self, facts: &Facts<'_>, with: impl FnOnce(Option<Value<'_>>) -> R) -> R {
        let Some(profile) = facts.profile else { return with(None) };
        let kept = profile.rules.watched.of(self.watch);
        if self.what.is_count() {
            let count = kept.map_or(0, |kept| kept.count(facts.now, self.within));
            return with(Some(Value::Number(count as f64)));
        }
        let Some(kept) = kept else {
            return with((self.what == What::Sum).then_some(Value::Number(0.0)));
        };
        match self.what {
            What::Last | What::First => {
                let newest = self.inside(kept, facts.now).next();
                with(newest.and_then(|seen| seen.value.as_ref()).map(remembered))
            }
            _ => with(self.number(kept, facts.now).map(|thousandths| Value::Number(thousandths / 1_000.0))),
        }
    }

    /// The occurrences that count, newest first.
    pub(crate) fn inside<'k>(&self, kept: &'k Kept, now: Timestamp) -> impl Iterator<Item = &'k Occurrence> {
        let within = self.within;
        kept.newest_first().filter(move |seen| within.is_none_or(|width| seen.at.is_within(width, now)))
    }

    /// The answer in thousandths.
    fn number(&self, kept: &Kept, now: Timestamp) -> Option<f64> {
        let totals = match kept {
            Kept::Totals(totals) => *totals,
            kept => {
                self.inside(kept, now).filter_map(thousandths).fold(Totals::default(), |all, number| Totals {
                    count: all.count + 1,
                    number_count: all.number_count + 1,
                    sum: all.sum.saturating_add(number),
                    least: Some(all.least.map_or(number, |least| least.min(number))),
                    most: all.most.max(Some(number)),
                })
            }
        };
        match self.what {
            What::Sum => Some(totals.sum as f64),
            What::Avg => (totals.number_count > 0).then(|| totals.sum as f64 / totals.number_count as f64),
            What::Min => totals.least.map(|least| least as f64),
            _ => totals.most.map(|most| most as f64),
        }
    }
}

fn thousandths(seen: &Occurrence) -> Option<i64> {
    match seen.value {
        Some(beckon_domain::watched::Observed::Number(number)) => Some(number),
        _ => None,
    }
}

/// A name that depends on what is remembered, and not on how often it is asked for or how much of it.
fn watch_id(events: &Events, of: Option<&Property>, keep: Keep) -> WatchId {
    let keep = match keep {
        Keep::Newest(_) => "newest",
        Keep::EachOnce(_) => "each once",
        Keep::Buckets => "buckets",
        Keep::Totals => "totals",
        Keep::First => "first",
    };
    let of = of.map_or("", Property::name);
    let text = format!("{keep}\n{of}\n{}\n{}", events.name.as_str(), events.filter);
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    WatchId(u64::from_be_bytes(bytes))
}

/// What is kept so that a question can be answered, if its answer is compared so. `Err` says how many occurrences would
/// have to be kept apart, when that is more than is possible.
pub(crate) fn keep_for(what: What, within: Option<DurationMs>, tests: &[Test]) -> Result<Keep, f64> {
    let largest = tests.iter().map(Test::largest).fold(0.0, f64::max);
    let most = f64::from(beckon_domain::watched::KEPT_COUNT_MAX);
    // One more than the number tells "so many" from "more".
    let one_more = if largest + 1.0 <= most { Some((largest as u8).saturating_add(1)) } else { None };
    let kept_all = beckon_domain::watched::KEPT_COUNT_MAX;
    match (what, within) {
        (What::Count, None) => Ok(Keep::Totals),
        (What::Count, Some(width)) => match one_more {
            Some(count) => Ok(Keep::Newest(count)),
            None if width <= beckon_domain::window::WINDOW_MAX => Ok(Keep::Buckets),
            None => Err(largest),
        },
        (What::Distinct, _) => one_more.map(Keep::EachOnce).ok_or(largest),
        (What::Sum | What::Avg | What::Min | What::Max, None) => Ok(Keep::Totals),
        (What::Sum | What::Avg | What::Min | What::Max, Some(_)) => Ok(Keep::Newest(kept_all)),
        (What::Last, _) => Ok(Keep::Newest(1)),
        (What::First, _) => Ok(Keep::First),
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event: {}", self.name.as_str())?;
        if !self.filter.0.is_empty() {
            write!(f, ", where: {{{}}}", self.filter)?;
        }
        Ok(())
    }
}
