//! The signals counted last, to recognise one that was put into the stream again.

use crate::policy::RECENT_COUNT_MAX;
use serde::{Deserialize, Serialize};

/// The newest signals by their ids, or by part of them, at most `MAX`, in the order in which they were counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recent<T, const MAX: usize = RECENT_COUNT_MAX>(Vec<T>);

impl<T, const MAX: usize> Default for Recent<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq, const MAX: usize> Recent<T, MAX> {
    /// Records a signal. Returns whether it was known already.
    pub fn insert(&mut self, id: T) -> bool {
        if self.0.contains(&id) {
            return true;
        }
        self.0.push(id);
        let excess = self.0.len().saturating_sub(MAX);
        self.0.drain(..excess);
        false
    }
}
