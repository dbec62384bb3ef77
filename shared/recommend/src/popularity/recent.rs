//! The signals counted last, to recognise one that was put into the stream again.

use crate::policy::RECENT_COUNT_MAX;
use crate::signal::SignalId;
use serde::{Deserialize, Serialize};

/// The newest signal ids, at most [`RECENT_COUNT_MAX`], in the order in which they were counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RecentSignals(Vec<SignalId>);

impl RecentSignals {
    /// Records a signal. Returns whether it was known already.
    pub fn insert(&mut self, id: SignalId) -> bool {
        if self.0.contains(&id) {
            return true;
        }
        self.0.push(id);
        let excess = self.0.len().saturating_sub(RECENT_COUNT_MAX);
        self.0.drain(..excess);
        false
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
