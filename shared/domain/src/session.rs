//! Sessions: spans of continuous activity, cut by event time.

use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// The span that is open now, or was last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    /// Time of its first event.
    pub started_at: Timestamp,
    /// Time of its last event.
    pub last_at: Timestamp,
    /// Events in it.
    pub event_count: u32,
    /// Pages and screens in it.
    pub page_count: u32,
}

/// All sessions of a profile: how many, and the latest.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sessions {
    /// Sessions begun.
    pub count: u32,
    /// The latest one.
    pub latest: Option<Session>,
}

impl Sessions {
    /// Counts one event. An event later than the last by more than `gap` begins a session; a late one joins the
    /// latest session's totals and never reopens a closed one.
    pub fn apply(&mut self, occurred_at: Timestamp, is_page: bool, gap: DurationMs) {
        let begins = self.latest.as_ref().is_none_or(|s| occurred_at.since(s.last_at) > gap);
        if begins {
            self.count = self.count.saturating_add(1);
            self.latest = Some(Session {
                started_at: occurred_at,
                last_at: occurred_at,
                event_count: 0,
                page_count: 0,
            });
        }
        if let Some(session) = &mut self.latest {
            session.last_at = session.last_at.max(occurred_at);
            session.event_count = session.event_count.saturating_add(1);
            session.page_count = session.page_count.saturating_add(u32::from(is_page));
        }
    }

    /// The sessions of two halves of one person: counts add, the later session is the latest.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let key =
            |s: &Option<Session>| s.as_ref().map(|s| (s.last_at, s.started_at, s.event_count, s.page_count));
        let latest = if key(&self.latest) >= key(&other.latest) { &self.latest } else { &other.latest };
        Self { count: self.count.saturating_add(other.count), latest: latest.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: DurationMs = DurationMs::from_minutes(30);

    #[test]
    fn a_session_ends_only_after_more_than_the_gap() {
        let mut sessions = Sessions::default();
        for minute in [0, 30, 61, 62] {
            sessions.apply(Timestamp::EPOCH + DurationMs::from_minutes(minute), false, GAP);
        }
        assert_eq!(sessions.count, 2);
        assert_eq!(sessions.latest.as_ref().map(|s| s.event_count), Some(2));
    }

    #[test]
    fn a_late_event_joins_the_totals_and_reopens_nothing() {
        let mut sessions = Sessions::default();
        sessions.apply(Timestamp::EPOCH + DurationMs::from_hours(5), false, GAP);
        sessions.apply(Timestamp::EPOCH, true, GAP);
        assert_eq!(sessions.count, 1);
        let latest = sessions.latest.unwrap();
        assert_eq!((latest.event_count, latest.page_count), (2, 1));
        assert_eq!(latest.started_at, Timestamp::EPOCH + DurationMs::from_hours(5));
    }
}
