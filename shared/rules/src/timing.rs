//! When time alone may change whether a condition holds. The answer may be too early, never too late: looking once more is
//! cheap, and a person who left a segment unnoticed is not. What fades or turns slowly (interests, propensity, the hour of
//! the day) asks for no timer of its own: it is looked at whenever something else happens.

use crate::condition::{Condition, Facts, began};
use crate::fact::{DAY_MS, Fact, Name};
use beckon_domain::{DurationMs, Profile, Timestamp};

const ONE_MS: DurationMs = DurationMs::from_ms(1);

impl Condition {
    /// The next instant after `facts.now` at which the condition may hold where it did not, or no more where it did,
    /// without any event. `None` when only events can change it.
    pub(crate) fn next_change(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        let profile = facts.profile?;
        let mut next = Soonest { after: facts.now, at: None };
        match self {
            Self::All(inner) | Self::Any(inner) => {
                inner.iter().for_each(|inner| next.offer(inner.next_change(facts)));
            }
            Self::Not(inner) => next.offer(inner.next_change(facts)),
            Self::Segment(index) => {
                next.offer(
                    facts.ruleset.segments.get(*index).and_then(|segment| segment.when.next_change(facts)),
                );
            }
            Self::Event { last, within: Some(width) } => next.offer(last.at(profile).map(|at| at + *width)),
            Self::Aggregate { aggregate, .. } => next.aggregate(aggregate, profile),
            Self::Absent { since, width, .. } => next.offer(began(since, profile).map(|at| at + *width)),
            Self::Viewed { product, within: Some(width) } => {
                let view = product.resolve(facts).and_then(|id| profile.viewed.of(id.as_str()));
                next.offer(view.map(|view| view.at + *width));
            }
            Self::Dwell { longer_than, within, .. } => {
                for view in profile.viewed.newest_first() {
                    next.offer(Some(view.at + *longer_than + ONE_MS));
                    next.offer(Some(view.at + facts.policy.session_gap + ONE_MS));
                    next.offer(within.map(|width| view.at + width));
                }
            }
            Self::Fact { fact: Fact::Computed(computed), .. } => next.aggregate(&computed.aggregate, profile),
            Self::Fact { fact: Fact::Named(name), tests } => {
                next.fact(*name, tests.iter().map(crate::value::Test::largest), profile, facts);
            }
            _ => {}
        }
        next.at
    }

    /// Whether time alone may ever change it.
    pub(crate) fn is_timed(&self, segment_is_timed: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().any(|inner| inner.is_timed(segment_is_timed)),
            Self::Not(inner) => inner.is_timed(segment_is_timed),
            Self::Segment(index) => segment_is_timed(*index),
            Self::Event { within, .. } | Self::Viewed { within, .. } => within.is_some(),
            Self::Aggregate { aggregate, .. } => aggregate.within.is_some(),
            Self::Absent { .. } | Self::Dwell { .. } => true,
            Self::Fact { fact: Fact::Computed(computed), .. } => computed.aggregate.within.is_some(),
            Self::Fact { fact: Fact::Named(name), .. } => changes_with_time(*name),
            _ => false,
        }
    }
}

const fn changes_with_time(name: Name) -> bool {
    matches!(
        name,
        Name::CartAge
            | Name::SessionPages
            | Name::SessionEvents
            | Name::SessionDuration
            | Name::SessionReferrer
            | Name::SessionCampaign
            | Name::SessionSource
            | Name::SessionMedium
            | Name::SessionDevice
            | Name::DaysActive
            | Name::DaysSinceFirstSeen
            | Name::DaysSinceLastSeen
            | Name::DaysSinceOrder
    )
}

/// The soonest of several instants after one.
struct Soonest {
    after: Timestamp,
    at: Option<Timestamp>,
}

impl Soonest {
    fn offer(&mut self, at: Option<Timestamp>) {
        if let Some(at) = at.filter(|at| *at > self.after) {
            self.at = Some(self.at.map_or(at, |soonest| soonest.min(at)));
        }
    }

    fn aggregate(&mut self, aggregate: &crate::aggregate::Aggregate, profile: &Profile) {
        let Some(width) = aggregate.within else { return };
        let Some(kept) = profile.rules.watched.of(aggregate.watch) else { return };
        for seen in kept.newest_first() {
            self.offer(Some(seen.at + width));
        }
        let is_counted = kept.count(self.after, Some(width)) > 0;
        if is_counted && matches!(kept, beckon_domain::watched::Kept::Buckets(_)) {
            // Buckets do not say when each of them happened: look again after a fifteenth of the window.
            self.offer(Some(self.after + DurationMs::from_ms((width.as_ms() / 15).max(60_000))));
        }
    }

    fn fact(&mut self, name: Name, bounds: impl Iterator<Item = f64>, profile: &Profile, facts: &Facts<'_>) {
        let day = |count: u64| DurationMs::from_ms(DAY_MS.saturating_mul(count));
        match name {
            Name::CartAge => {
                for bound in bounds {
                    let at = profile.cart.changed_at + DurationMs::from_ms(bound.max(0.0) as u64);
                    self.offer(Some(at));
                    self.offer(Some(at + ONE_MS));
                }
            }
            Name::DaysSinceFirstSeen | Name::DaysSinceLastSeen | Name::DaysSinceOrder => {
                let since = match name {
                    Name::DaysSinceFirstSeen => Some(profile.first_seen_at),
                    Name::DaysSinceLastSeen => Some(profile.last_seen_at),
                    _ => profile.orders.last_at,
                };
                // Whole days: it changes only when one more of them is full, at a bound or just past it.
                for bound in bounds {
                    let full = bound.max(0.0) as u64;
                    self.offer(since.map(|since| since + day(full)));
                    self.offer(since.map(|since| since + day(full.saturating_add(1))));
                }
            }
            Name::DaysActive if profile.days_active.count_within(facts.now, 30) > 0 => {
                let today = DAY_MS * (facts.now.as_ms().unsigned_abs() / DAY_MS + 1);
                self.offer(Some(Timestamp::EPOCH + DurationMs::from_ms(today)));
            }
            name if changes_with_time(name) => {
                let last = profile.sessions.latest.as_ref().map(|session| session.last_at);
                self.offer(last.map(|last| last + facts.policy.session_gap + ONE_MS));
            }
            _ => {}
        }
    }
}
