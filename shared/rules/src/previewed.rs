//! A ruleset as a preview asks it: the segments of whoever is previewed are told, not found.

use crate::condition::Condition;
use crate::model::Ruleset;
use beckon_domain::SmolStr;
use std::collections::BTreeSet;

impl Ruleset {
    /// The same ruleset for somebody who is in these segments, and in no others, whatever their conditions say.
    #[must_use]
    pub fn with_segments(&self, held: &BTreeSet<SmolStr>) -> Self {
        let mut told = self.clone();
        for segment in &mut told.segments {
            let holds = held.contains(&segment.id);
            // Of nothing, all holds, and nothing is any.
            segment.when = if holds { Condition::All(Vec::new()) } else { Condition::Any(Vec::new()) };
            segment.root = None;
        }
        // What was compiled has the segments' conditions in it.
        told.slots.iter_mut().flat_map(|slot| &mut slot.rules).for_each(|rule| rule.root = None);
        told
    }
}
