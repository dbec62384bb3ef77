//! Session kNN: what people looked at next whose sessions were like this one.
//!
//! [`SessionIndex`] is a snapshot: built now and then from recent sessions, then only read. Products are numbers in the
//! order of their ids, sessions are numbers in the order of their ends, and two tables lead from each to the other.
//!
//! A ranking adds up three things:
//! 1. **Neighbours**, as in STAN (Garg, Gupta, Malhotra, Vig, Shroff: "Sequence and Time Aware Neighborhood for
//!    Session-based Recommendations", SIGIR 2019). A past session is as similar as the products it shares with the current
//!    one are near its end and rare, less if it is long or old. The most similar ones recommend their products, the more
//!    the nearer to the newest product in common.
//! 2. **Returns**: products of the current session itself, also those that the index does not know, by how often people
//!    came back to a product seen that long ago and that often. The index counts it from its own sessions.
//! 3. **Onward**: what goes with the best of these, by the sessions that hold them. It fills lists where few sessions are
//!    alike.
//!
//! Worked by hand, with one past session `tent mat stove`, the current session `rope tent`, and times left out: of the two
//! products only `tent` is known. It is found with weight 1 and rarity `log2(2 / 2) = 0`, counted as 1 in 16; the session
//! has 3 places, so it is worth `(1 / 16) / 3^(1/4)` = 0.0475.
//!
//! | product | distance from `tent` | weight | score |
//! |---|---|---|---|
//! | `mat` | 1 | 1 | 0.0475 |
//! | `stove` | 2 | 1 / 1.5 | 0.0317 |
//! | `tent` | 0 | 1 / 2, then 1 / 4 of it: it is in the current session | 0.0059 |
//!
//! Nobody came back to anything, so returns add nothing, and `rope` is not ranked. Then 0.3 of what the sessions said in
//! all (0.1029) is shared out onward, so that what goes with `mat` and `stove` gets a little more.

mod build;
mod onward;
mod options;
mod packed;
mod rank;
mod returns;
mod scratch;
mod weights;

pub use build::PastSession;
pub use options::{Limits, Scoring};
pub use packed::{SNAPSHOT_VERSION, SnapshotError};

use beckon_domain::{ProductId, Timestamp};
use returns::Returns;
use scratch::{Scratch, Spare};
use weights::Weights;

/// Recent sessions, arranged so that those like a given one are found quickly.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionIndex {
    /// Sorted: a product's number is its place here.
    products: Vec<ProductId>,
    /// Of each session, oldest first.
    sessions: Lists,
    /// Minutes since 1970 at which each session ended.
    ended_minutes: Vec<u32>,
    /// Of each product, the sessions that hold it, newest first.
    postings: Lists,
    /// How many of them a product has at most.
    postings_max: usize,
    returns: Returns,
    scoring: Scoring,
    weights: Weights,
    spare: Spare,
}

/// Lists of numbers, one behind the other (compressed sparse rows).
#[derive(Clone, PartialEq, Eq, Debug)]
struct Lists {
    /// Where each list begins, and at the end how many numbers there are.
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl Lists {
    fn get(&self, index: u32) -> &[u32] {
        self.at(index as usize)
    }

    fn at(&self, index: usize) -> &[u32] {
        &self.numbers[self.starts[index] as usize..self.starts[index + 1] as usize]
    }

    fn length(&self, index: usize) -> usize {
        self.at(index).len()
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }
}

impl Default for Lists {
    fn default() -> Self {
        Self { starts: vec![0], numbers: Vec::new() }
    }
}

impl SessionIndex {
    /// How many sessions it holds.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// How many products it knows.
    #[must_use]
    pub fn product_count(&self) -> usize {
        self.products.len()
    }

    /// How many places its sessions have together.
    #[must_use]
    pub fn place_count(&self) -> usize {
        self.sessions.numbers.len()
    }

    /// When its oldest session ended and its newest, to the minute; `None` when there is none.
    #[must_use]
    pub fn ended_between(&self) -> Option<(Timestamp, Timestamp)> {
        let at = |minutes: u32| Timestamp::from_ms(i64::from(minutes) * 60_000);
        Some((at(*self.ended_minutes.first()?), at(*self.ended_minutes.last()?)))
    }

    /// Whether it knows nothing; it can still rank what people come back to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// The same index, ranking otherwise.
    #[must_use]
    pub fn with_scoring(self, scoring: Scoring) -> Self {
        let weights = Weights::of(&scoring, &self.sessions, &self.postings);
        Self { scoring, weights, ..self }
    }

    /// Bytes that it takes in memory, but for ids over 23 bytes, each of which takes its length once more.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let numbers = [&self.sessions, &self.postings].map(|lists| lists.starts.len() + lists.numbers.len());
        let words = numbers.iter().sum::<usize>() + self.ended_minutes.len() + self.weights.rarities.len();
        words * size_of::<u32>() + self.products.len() * size_of::<ProductId>()
    }
}

fn number_of(products: &[ProductId], product: &ProductId) -> Option<u32> {
    products.binary_search(product).ok().and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests;
