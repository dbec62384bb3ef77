//! How often a person did what, within the last 30 days.

use crate::event::EventKind;
use crate::time::{DurationMs, Timestamp};
use crate::window::WindowedCount;
use serde::{Deserialize, Serialize};

/// A kind of event that is counted within windows. In the order of the stored form: new kinds come last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Counted {
    /// `Product Viewed`.
    View,
    /// `Product Added`.
    Add,
    /// `Order Completed`.
    Purchase,
    /// `page` and `screen`.
    Page,
    /// `Products Searched`.
    Search,
}

impl Counted {
    /// All kinds: what [`Counters`] holds at most.
    pub const ALL: [Self; 5] = [Self::View, Self::Add, Self::Purchase, Self::Page, Self::Search];

    /// As what an event is counted.
    #[must_use]
    pub fn of(kind: &EventKind) -> Option<Self> {
        if matches!(kind, EventKind::Screen) { Some(Self::Page) } else { Self::named(kind.name()) }
    }

    /// The kind by the name of its events, as rules write it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.event_name() == name)
    }

    /// The name of its events.
    #[must_use]
    pub const fn event_name(self) -> &'static str {
        match self {
            Self::View => "Product Viewed",
            Self::Add => "Product Added",
            Self::Purchase => "Order Completed",
            Self::Page => "page",
            Self::Search => "Products Searched",
        }
    }
}

/// Counts per kind of event, in the order of the kinds. Kinds that never happened take no room.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counters(Vec<(Counted, WindowedCount)>);

impl Counters {
    /// Counts one event, however late it arrives.
    pub fn add(&mut self, kind: Counted, at: Timestamp) {
        self.of(kind).add(at);
    }

    /// How often it happened in the last `width`, at most [`crate::window::WINDOW_MAX`]: see
    /// [`WindowedCount::count_within`] for its edges.
    #[must_use]
    pub fn count_within(&self, kind: Counted, now: Timestamp, width: DurationMs) -> u64 {
        self.0.iter().find(|(k, _)| *k == kind).map_or(0, |(_, count)| count.count_within(now, width))
    }

    /// The counts of two halves of one person, added.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        for (kind, count) in &other.0 {
            let kept = merged.of(*kind);
            *kept = kept.merge(count);
        }
        merged
    }

    fn of(&mut self, kind: Counted) -> &mut WindowedCount {
        let index = self.0.binary_search_by_key(&kind, |(k, _)| *k).unwrap_or_else(|index| {
            self.0.insert(index, (kind, WindowedCount::default()));
            index
        });
        &mut self.0[index].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EventName;

    #[test]
    fn each_kind_is_found_by_its_events_and_counted_apart() {
        for kind in Counted::ALL {
            assert_eq!(Counted::named(kind.event_name()), Some(kind));
        }
        let search = EventKind::Track(EventName::new("Products Searched").unwrap());
        assert_eq!(Counted::of(&search), Some(Counted::Search));
        assert_eq!(Counted::of(&EventKind::Screen), Some(Counted::Page));
        assert_eq!(Counted::of(&EventKind::Group), None);

        let (mut a, mut b, now) =
            (Counters::default(), Counters::default(), Timestamp::from_ms(1_763_800_000_000));
        a.add(Counted::Search, now);
        a.add(Counted::View, now);
        b.add(Counted::View, now);
        let merged = a.merge(&b);
        assert_eq!(merged, b.merge(&a));
        let count = |kind| merged.count_within(kind, now, DurationMs::from_minutes(5));
        assert_eq!(Counted::ALL.map(count), [2, 0, 0, 0, 1]);
    }
}
