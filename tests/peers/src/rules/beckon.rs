//! Beckon's side of the comparison.

use anyhow::{Result, anyhow};
use beckon_domain::Timestamp;
use beckon_domain::id::SlotId;
use beckon_rules::{Decision, LiveLists, Person, Ruleset, SlotRequest};

/// A slot of a ruleset, ready to be asked.
pub struct Slot {
    ruleset: Ruleset,
    id: SlotId,
    request: SlotRequest,
}

impl Slot {
    /// Compiles a ruleset and names its slot.
    pub fn new(yaml: &str, id: &str) -> Result<Self> {
        Ok(Self { ruleset: parse(yaml)?, id: SlotId::new(id)?, request: SlotRequest::default() })
    }

    /// What the slot shows a person; `None` when there is no such slot.
    pub fn decide(&self, person: &Person<'_>, now: Timestamp) -> Option<Decision> {
        self.ruleset.decide(&self.id, person, &self.request, &LiveLists::default(), now)
    }
}

/// Compiles a ruleset.
pub fn parse(yaml: &str) -> Result<Ruleset> {
    Ruleset::parse(yaml).map_err(|error| anyhow!("the benchmark's own ruleset is not valid: {error}"))
}
