//! Session kNN: what people looked at next whose sessions were like this one (the STAN family).
//!
//! [`SessionIndex`] is a snapshot: built now and then from recent sessions, then only read. Products are numbers in the
//! order of their ids, sessions are numbers in the order of their ends, and two tables lead from each to the other.

mod build;
mod options;
mod rank;
mod scratch;

pub use build::PastSession;
pub use options::{Limits, Scoring};
pub use scratch::Scratch;

use beckon_domain::ProductId;

/// Recent sessions, arranged so that those like a given one are found quickly.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionIndex {
    scoring: Scoring,
    /// Sorted: a product's number is its place here, so that of two numbers the smaller is the smaller id.
    products: Vec<ProductId>,
    /// Of each session, oldest first.
    sessions: Lists,
    /// Minutes since 1970 at which each session ended.
    ended_minutes: Vec<u32>,
    /// Of each product, the sessions that hold it, newest first.
    postings: Lists,
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
        let at = index as usize;
        &self.numbers[self.starts[at] as usize..self.starts[at + 1] as usize]
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

    /// Whether it can rank anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// The same index, ranking otherwise.
    #[must_use]
    pub fn with_scoring(self, scoring: Scoring) -> Self {
        Self { scoring, ..self }
    }
}

fn number_of(products: &[ProductId], product: &ProductId) -> Option<u32> {
    products.binary_search(product).ok().and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests;
