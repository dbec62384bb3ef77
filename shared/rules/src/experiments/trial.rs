//! An experiment with what belongs to the rule language: whom it is for, and what its variants change.

use crate::aggregate::Events;
use crate::condition::Condition;
use crate::model::{Action, Slot};
use beckon_domain::SmolStr;
use beckon_domain::experiment::Experiment;
use beckon_domain::id::{GoalId, RuleId, SlotId};
use std::collections::BTreeSet;

/// An experiment, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) experiment: Experiment,
    /// Whether it is the holdout.
    pub(crate) is_holdout: bool,
    /// Whom it is for; everybody where it does not say.
    pub(crate) when: Option<Condition>,
    /// Where it plays a part.
    pub(crate) slots: Slots,
    /// What each variant changes, in their order.
    pub(crate) changes: Vec<Changes>,
}

/// Where an experiment plays a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slots {
    /// In every slot: it changes nothing of its own.
    Everywhere,
    /// In these.
    Only(BTreeSet<SlotId>),
}

impl Slots {
    pub(crate) fn contains(&self, slot: &SlotId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(slots) => slots.contains(slot),
        }
    }
}

/// What a variant changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) rules: Vec<(RuleId, RuleChange)>,
    /// Slots as they are instead, without rules.
    pub(crate) slots: Vec<Slot>,
    /// The content of the reminder's mails, by its name.
    pub(crate) mail: Option<SmolStr>,
    /// Percent off, where the reminder gives a discount.
    pub(crate) percent: Option<u8>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.slots.is_empty() && !self.is_of_mail()
    }

    pub(crate) const fn is_of_mail(&self) -> bool {
        self.mail.is_some() || self.percent.is_some()
    }
}

/// What becomes of a rule.
#[derive(Clone, Debug)]
pub(crate) enum RuleChange {
    /// It does this instead.
    Then(Action),
    /// It does nothing.
    Off,
}

/// What experiments count besides orders.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) id: GoalId,
    pub(crate) events: Events,
}

impl Trial {
    /// Whether a variant changes anything.
    pub(crate) fn has_changes(&self) -> bool {
        self.changes.iter().any(|changes| !changes.is_empty())
    }

    /// Whether a variant changes the reminder's mails.
    pub(crate) fn changes_mail(&self) -> bool {
        self.changes.iter().any(Changes::is_of_mail)
    }
}
