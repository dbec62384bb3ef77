//! The signals counted last, to recognise one that was put into the stream again.

use crate::policy::RECENT_COUNT_MAX;
use serde::{Deserialize, Serialize};

/// The newest signals by their ids, or by part of them, at most [`RECENT_COUNT_MAX`], in the order in which they were counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recent<T>(Vec<T>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Recent<T> {
    /// Records a signal. Returns whether it was known already.
    pub fn insert(&mut self, id: T) -> bool {
        if self.0.contains(&id) {
            return true;
        }
        self.0.push(id);
        let excess = self.0.len().saturating_sub(RECENT_COUNT_MAX);
        self.0.drain(..excess);
        false
    }
}
