//! Sessions: spans of continuous activity, cut by event time.
//!
//! Events come late. What is decided stays decided: a session that is closed is never reopened and no boundary moves
//! back, but a late event still counts in the totals, as long as it is not later than the policy's lateness. So the
//! totals do not depend on the order of arrival; how many sessions there were can, because a gap that was long enough
//! when it was seen stays one, even if an event that lay in it comes afterwards.

use crate::event::{Campaign, Device, Event};
use crate::policy::Policy;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The span that is open now, or was last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    /// Time of its last event.
    pub last_at: Timestamp,
    /// Time of the event that began it.
    pub started_at: Timestamp,
    /// Events in it.
    pub event_count: u32,
    /// Pages and screens in it.
    pub page_count: u32,
    /// How it began.
    pub entry: Entry,
}

/// How a session began: what its first event told. About 2 bytes when stored, and the texts that it has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    /// The kind of device.
    pub device: Option<Device>,
    /// Host of the referring page.
    pub referrer: Option<SmolStr>,
    /// The campaign, if there was one.
    pub campaign: Option<Box<Campaign>>,
}

impl Entry {
    /// How a session begins with this event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let details = event.details.as_deref();
        let campaign = details.map(|details| &details.campaign).filter(|campaign| !campaign.is_empty());
        Self {
            device: event.device,
            referrer: details.and_then(|details| details.referrer.clone()),
            campaign: campaign.cloned().map(Box::new),
        }
    }
}

impl Session {
    /// How long it has lasted.
    #[must_use]
    pub fn length(&self) -> DurationMs {
        self.last_at.since(self.started_at)
    }
}

/// All sessions of a profile: how many, the sums of those before the latest, and the latest. About 30 bytes when
/// stored.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sessions {
    /// Sessions begun.
    pub count: u32,
    /// Sums of the sessions before the latest; late events that happened before it are counted here.
    pub closed: Totals,
    /// The latest one.
    pub latest: Option<Session>,
    /// Events that came later than the policy allows: in no total of sessions, though in all other counts.
    pub too_late_count: u32,
}

/// Sums over sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Events.
    pub event_count: u32,
    /// Pages and screens.
    pub page_count: u32,
    /// Time from the first to the last event of each session; late events lengthen none.
    pub length: DurationMs,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.event_count = self.event_count.saturating_add(other.event_count);
        self.page_count = self.page_count.saturating_add(other.page_count);
        self.length = DurationMs::from_ms(self.length.as_ms().saturating_add(other.length.as_ms()));
    }

    fn close(&mut self, session: &Session) {
        self.add(Self {
            event_count: session.event_count,
            page_count: session.page_count,
            length: session.length(),
        });
    }
}

impl Sessions {
    /// Counts one event. An event later than the last by more than the policy's gap begins a session.
    pub fn apply(
        &mut self,
        occurred_at: Timestamp,
        is_page: bool,
        entry: impl FnOnce() -> Entry,
        policy: &Policy,
    ) {
        let page_count = u32::from(is_page);
        let newest = self.latest.as_ref().map(|s| s.last_at);
        if newest.is_none_or(|last_at| occurred_at.since(last_at) > policy.session_gap) {
            if let Some(before) = self.latest.take() {
                self.closed.close(&before);
            }
            self.count = self.count.saturating_add(1);
            self.latest = Some(Session {
                started_at: occurred_at,
                last_at: occurred_at,
                event_count: 1,
                page_count,
                entry: entry(),
            });
            return;
        }
        let Some(session) = &mut self.latest else { return };
        if occurred_at >= session.started_at {
            session.last_at = session.last_at.max(occurred_at);
            session.event_count = session.event_count.saturating_add(1);
            session.page_count = session.page_count.saturating_add(page_count);
        } else if session.last_at.since(occurred_at) <= policy.session_lateness {
            self.closed.add(Totals { event_count: 1, page_count, length: DurationMs::ZERO });
        } else {
            self.too_late_count = self.too_late_count.saturating_add(1);
        }
    }

    /// Sums over all sessions, the latest included.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = self.closed;
        if let Some(latest) = &self.latest {
            totals.close(latest);
        }
        totals
    }

    /// The sessions of two halves of one person: counts add, the later session is the latest and the other is closed.
    /// Sessions of both halves at the same time stay two.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let (newer, older) = if self.latest >= other.latest { (self, other) } else { (other, self) };
        let mut closed = newer.closed;
        closed.add(older.totals());
        Self {
            count: self.count.saturating_add(other.count),
            closed,
            latest: newer.latest.clone(),
            too_late_count: self.too_late_count.saturating_add(other.too_late_count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_days(10) + DurationMs::from_minutes(minute)
    }

    fn sessions(minutes: &[u64]) -> Sessions {
        let mut sessions = Sessions::default();
        for minute in minutes {
            sessions.apply(at(*minute), minute % 2 == 0, Entry::default, &Policy::default());
        }
        sessions
    }

    #[test]
    fn a_session_ends_only_after_more_than_the_gap() {
        let sessions = sessions(&[0, 30, 61, 62]);
        assert_eq!(sessions.count, 2);
        assert_eq!(sessions.latest.as_ref().map(|s| (s.event_count, s.page_count)), Some((2, 1)));
        let closed = Totals { event_count: 2, page_count: 2, length: DurationMs::from_minutes(30) };
        assert_eq!(sessions.closed, closed);
        assert_eq!(sessions.totals().length, DurationMs::from_minutes(31));
    }

    #[test]
    fn a_late_event_counts_in_the_totals_and_reopens_nothing() {
        let in_time = sessions(&[0, 10, 300, 310]);
        for late in [0, 5, 11, 150, 299] {
            let mut with_late = in_time.clone();
            with_late.apply(at(late), true, Entry::default, &Policy::default());
            assert_eq!((with_late.count, &with_late.latest), (2, &in_time.latest), "{late}");
            assert_eq!(with_late.closed.event_count, in_time.closed.event_count + 1, "{late}");
            assert_eq!(with_late.closed.length, in_time.closed.length, "{late}");
        }
    }

    #[test]
    fn beyond_the_stated_lateness_an_event_is_in_no_session() {
        let day = 24 * 60;
        for (late, expected) in [(0, (1, 0)), (1, (1, 0))] {
            let sessions = sessions(&[day + 100, day, late + 100]);
            assert_eq!((sessions.closed.event_count - 1, sessions.too_late_count), expected, "{late}");
        }
        let sessions = sessions(&[day + 100, day, 99]);
        assert_eq!((sessions.closed.event_count, sessions.too_late_count), (1, 1));
        assert_eq!(sessions.totals().event_count, 2);
    }

    /// All orders of a few things.
    fn permutations(minutes: &[u64]) -> Vec<Vec<u64>> {
        if minutes.is_empty() {
            return vec![Vec::new()];
        }
        let with_first = |index: usize| {
            let mut rest = minutes.to_vec();
            let first = rest.remove(index);
            permutations(&rest).into_iter().map(move |tail| [vec![first], tail].concat())
        };
        (0..minutes.len()).flat_map(with_first).collect()
    }

    #[test]
    fn late_events_of_closed_sessions_give_the_same_in_every_order() {
        let head = [0, 10, 100, 600, 610];
        let expected = sessions(&[head.as_slice(), &[5, 20, 130, 300, 605]].concat());
        assert_eq!((expected.count, expected.totals().event_count), (3, 10));
        let orders = permutations(&[5, 20, 130, 300, 605]);
        assert_eq!(orders.len(), 120);
        for late in orders {
            assert_eq!(sessions(&[head.as_slice(), &late].concat()), expected, "{late:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn in_every_order_no_boundary_moves_back_and_every_event_is_in_one_total(
            minutes in proptest::collection::vec(0..4_000_u64, 1..40),
        ) {
            let (mut sessions, mut begun) = (Sessions::default(), 0);
            for minute in &minutes {
                let before = sessions.clone();
                sessions.apply(at(*minute), false, Entry::default, &Policy::default());
                let (old, new) = (before.latest, sessions.latest.clone().unwrap());
                begun += 1;
                prop_assert_eq!(sessions.totals().event_count + sessions.too_late_count, begun);
                if let Some(old) = old {
                    prop_assert!(new.last_at >= old.last_at && new.started_at >= old.started_at);
                    prop_assert_eq!(new.started_at > old.started_at, sessions.count > before.count);
                }
            }
            let mut sorted = minutes.clone();
            sorted.sort_unstable();
            let in_order = sessions_of_sorted(&sorted);
            prop_assert_eq!(super::tests::sessions(&sorted).count, in_order);
        }

        #[test]
        fn merging_commutes_and_does_not_depend_on_who_is_first(
            a in proptest::collection::vec(0..9_000_u64, 0..9), b in proptest::collection::vec(0..9_000_u64, 0..9),
            c in proptest::collection::vec(0..9_000_u64, 0..9),
        ) {
            let (a, b, c) = (sessions(&a), sessions(&b), sessions(&c));
            prop_assert_eq!(a.merge(&b), b.merge(&a));
            let events = |s: &Sessions| s.totals().event_count + s.too_late_count;
            prop_assert_eq!(events(&a.merge(&b)), events(&a) + events(&b));
            prop_assert_eq!(a.merge(&b).merge(&c), c.merge(&b).merge(&a));
        }
    }

    /// Sessions of events that come in order, counted by their gaps.
    fn sessions_of_sorted(minutes: &[u64]) -> u32 {
        1 + minutes.windows(2).filter(|pair| pair[1] - pair[0] > 30).count() as u32
    }
}
