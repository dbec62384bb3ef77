//! Beckon's side of the comparison. What a rule's conditions say of a person is asked in one place: [`Rule::holds`].

use anyhow::{Result, anyhow};
use beckon_domain::Timestamp;
use beckon_domain::id::SlotId;
use beckon_rules::{LiveLists, Person, Ruleset, SlotRequest};

/// A slot of a ruleset, ready to be asked.
pub struct Rule {
    ruleset: Ruleset,
    slot: SlotId,
    request: SlotRequest,
}

impl Rule {
    /// Compiles a ruleset and names the slot that is asked.
    pub fn new(yaml: &str, slot: &str) -> Result<Self> {
        Ok(Self { ruleset: parse(yaml)?, slot: SlotId::new(slot)?, request: SlotRequest::default() })
    }

    /// Whether a rule of the slot holds of a person: here, by deciding the slot. `None` when there is no such slot.
    pub fn holds(&self, person: &Person<'_>, now: Timestamp) -> Option<bool> {
        let decision = self.ruleset.decide(&self.slot, person, &self.request, LiveLists::default(), now)?;
        Some(decision.reason.rule.is_some())
    }
}

/// Compiles a ruleset.
pub fn parse(yaml: &str) -> Result<Ruleset> {
    Ruleset::parse(yaml).map_err(|error| anyhow!("the benchmark's own ruleset is not valid: {error}"))
}
