//! What is asked: sessions so far, and what came next.

use super::formats::{FileSession, Kind, SessionFile};
use super::ranker::{TrainingSession, TrainingSet};
use beckon_domain::{DurationMs, ProductId, Timestamp};

/// The newest items of a session that a layer is asked with. Longer sessions are robots', and layers look at far fewer;
/// without a bound a session of 100,000 items would take hours.
pub const PREFIX_ITEMS_MAX: usize = 200;

/// A session so far, and what came next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// What was looked at, oldest first; at most [`PREFIX_ITEMS_MAX`].
    pub prefix: &'a [ProductId],
    /// What came next.
    pub target: &'a ProductId,
}

/// What a layer is tested with. A pair is a place in a session, so that long sessions are not copied for each.
#[derive(Clone, Debug, Default)]
pub struct TestSet {
    sessions: Vec<Vec<ProductId>>,
    /// (session, items before the target)
    places: Vec<(usize, usize)>,
}

impl TestSet {
    /// Every place of a session but the first is a target; of a file of pairs, the last alone.
    pub(super) fn of(sessions: Vec<FileSession>, kind: Kind) -> Self {
        let sessions: Vec<_> = sessions.into_iter().map(|session| session.products).collect();
        let places = sessions.iter().enumerate().flat_map(|(index, products)| {
            let last = products.len().saturating_sub(1);
            let first = if kind == Kind::Pairs { last.max(1) } else { 1 };
            (first..=last).map(move |place| (index, place))
        });
        let places = places.collect();
        Self { sessions, places }
    }

    /// Keeps so many pairs, evenly spread over the file.
    #[must_use]
    pub fn sampled(mut self, count: usize) -> Self {
        let total = self.places.len();
        if count < total {
            self.places = (0..count).filter_map(|n| self.places.get(n * total / count).copied()).collect();
        }
        self
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none: no session has two items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The pairs, in the file's order.
    pub fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        self.places.iter().filter_map(|(session, place)| {
            let session = self.sessions.get(*session)?;
            let prefix = session.get(place.saturating_sub(PREFIX_ITEMS_MAX)..*place)?;
            Some(Pair { prefix, target: session.get(*place)? })
        })
    }
}

/// Takes a file's sessions to learn from. Where it has no times, one session ends each second.
pub(super) fn training(file: SessionFile) -> TrainingSet {
    let has_times = file.sessions.iter().all(|session| session.at.is_some());
    let mut next = Timestamp::EPOCH;
    let session = |session: FileSession| {
        next = next + DurationMs::from_secs(1);
        TrainingSession { products: session.products, at: session.at.unwrap_or(next) }
    };
    TrainingSet { sessions: file.sessions.into_iter().map(session).collect(), has_times }
}

/// Takes the newest `percent` of the sessions away, to test with: rounded down, but one at least.
pub(super) fn hold_out(file: &mut SessionFile, percent: u32) -> Vec<FileSession> {
    let count = (file.sessions.len() * percent as usize / 100).max(1);
    file.sessions.split_off(file.sessions.len().saturating_sub(count))
}
