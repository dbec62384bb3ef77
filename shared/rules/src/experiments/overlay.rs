//! What assigned variants change, laid over a ruleset while it decides.

use super::trial::{Changes, RuleChange};
use crate::model::{Action, Rule, Slot};

/// Changes over a ruleset; none of them by default.
#[derive(Clone, Debug, Default)]
pub struct Overlay<'r> {
    /// No two of them change the same: the loader has seen to that.
    pub(super) changes: Vec<&'r Changes>,
    /// Whether the person sees what everybody would see without any rules.
    pub(super) is_held_out: bool,
}

impl<'r> Overlay<'r> {
    /// Whether the person sees what everybody would see without any rules.
    #[must_use]
    pub const fn is_held_out(&self) -> bool {
        self.is_held_out
    }

    /// The name of the content of mails that is sent instead of what is live.
    #[must_use]
    pub fn mail(&self) -> Option<&'r str> {
        self.changes.iter().find_map(|changes| changes.mail.as_deref())
    }

    /// How much is off instead, where the reminder gives a discount.
    pub(crate) fn percent(&self) -> Option<u8> {
        self.changes.iter().find_map(|changes| changes.percent)
    }

    /// What a rule does; `None` where it is switched off.
    pub(crate) fn then<'a>(&'a self, rule: &'a Rule) -> Option<&'a Action> {
        let changed = self.changes.iter().flat_map(|changes| &changes.rules).find(|(id, _)| *id == rule.id);
        match changed {
            None => Some(&rule.then),
            Some((_, RuleChange::Then(then))) => Some(then),
            Some((_, RuleChange::Off)) => None,
        }
    }

    /// A slot as it is.
    pub(crate) fn slot<'a>(&'a self, slot: &'a Slot) -> &'a Slot {
        let changed = self.changes.iter().flat_map(|changes| &changes.slots).find(|own| own.id == slot.id);
        changed.unwrap_or(slot)
    }
}
