//! What the slots of a page may ask of those who learn from events: a caller reads so much before it decides, and no more.

use crate::experiments::RuleChange;
use crate::live::Learned;
use crate::model::{Action, Ruleset};
use beckon_domain::id::SlotId;
use std::collections::BTreeSet;

impl Ruleset {
    /// The questions that rules of these slots may ask, whether or not their conditions hold.
    #[must_use]
    pub fn questions(&self, slots: &[&SlotId]) -> BTreeSet<Learned> {
        let mut asked = BTreeSet::new();
        for rule in slots.iter().filter_map(|id| self.slot(id)).flat_map(|slot| &slot.rules) {
            gather(&rule.then, &mut asked);
        }
        // Whichever variant is shown: who it will be is not known yet.
        let changes = self.experiments.trials.iter().flat_map(|trial| &trial.changes);
        for (id, change) in changes.flat_map(|changes| &changes.rules) {
            let is_asked =
                || slots.iter().filter_map(|id| self.slot(id)).any(|s| s.rules.iter().any(|r| r.id == *id));
            if let RuleChange::Then(then) = change
                && is_asked()
            {
                gather(then, &mut asked);
            }
        }
        asked
    }
}

fn gather(then: &Action, asked: &mut BTreeSet<Learned>) {
    match then {
        Action::Recommend(strategy, _) => asked.extend(strategy.learned()),
        Action::Table(table) => table.rows.iter().for_each(|row| gather(&row.then, asked)),
        Action::Offer(_) | Action::Products(_) => {}
    }
}
