//! Beckon's side of the comparison.

use anyhow::{Result, anyhow};
use beckon_domain::Timestamp;
use beckon_domain::id::SlotId;
use beckon_rules::{LiveLists, Person, Ruleset, SlotRequest};

/// A slot of a ruleset, ready to be asked.
pub struct Slot {
    ruleset: Ruleset,
    slot: SlotId,
    request: SlotRequest,
}

impl Slot {
    /// Compiles a ruleset and names the slot that is asked.
    pub fn new(yaml: &str, slot: &str) -> Result<Self> {
        Ok(Self { ruleset: parse(yaml)?, slot: SlotId::new(slot)?, request: SlotRequest::default() })
    }

    /// Whether a rule fills the slot for a person. `None` when there is no such slot.
    pub fn is_filled(&self, person: &Person<'_>, now: Timestamp) -> Option<bool> {
        let decision = self.ruleset.decide(&self.slot, person, &self.request, LiveLists::default(), now)?;
        Some(decision.reason.rule.is_some())
    }
}

/// Compiles a ruleset.
pub fn parse(yaml: &str) -> Result<Ruleset> {
    Ruleset::parse(yaml).map_err(|error| anyhow!("the benchmark's own ruleset is not valid: {error}"))
}
