//! What a profile keeps of experiments: which variants its person was shown first, and what they did that an experiment may
//! count.
//!
//! Both are small sets, so neither the order in which events arrive nor that of joining two halves of a person matters:
//! of two exposures of one run the earlier one stands, and where both halves had been shown different variants it is noted
//! that the person crossed over. What reports must be told is an outbox: written with the state, put after the write, put
//! again when the batch is delivered again, forgotten by the next write. Each finding is a fact that is the same whenever
//! it is told again, so telling twice changes nothing.

use crate::id::{EffectId, ExperimentId, GoalId, VariantId};
use crate::key::ProfileKey;
use crate::money::Money;
use crate::policy::{EXPOSURE_COUNT_MAX, FACT_COUNT_MAX};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One run of an experiment: begun anew, with new buckets, it has the next number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RunId {
    /// The experiment.
    pub experiment: ExperimentId,
    /// Which run of it, from 1.
    pub number: u16,
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.experiment, self.number)
    }
}

/// A person was shown a variant: the first one of this run that they were shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exposed {
    /// Of which run.
    pub run: RunId,
    /// Which.
    pub variant: VariantId,
    /// When first.
    pub at: Timestamp,
    /// Whether a half of the person had been shown another variant, before both were known to be one.
    pub crossed_over: bool,
}

impl Exposed {
    /// The earlier one; where both are of different variants, the person crossed over. In whatever order and however often
    /// exposures of a run are joined, it comes to the same.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let crossed_over = self.crossed_over || other.crossed_over || self.variant != other.variant;
        let first = if (self.at, &self.variant) <= (other.at, &other.variant) { self } else { other };
        Self { crossed_over, ..first }
    }
}

/// Something that a person did and that experiments may count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// When (event time).
    pub at: Timestamp,
    /// The same whenever the event is told again; of an order the order's.
    pub id: EffectId,
    /// Which goal it reaches.
    pub goal: GoalId,
    /// What it is worth: of an order, what was paid.
    pub value: Option<Money>,
}

/// What reports are told of a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Finding {
    /// Was shown a variant; told again when an earlier exposure becomes known.
    Exposed(Exposed),
    /// Did something that counts after having been shown a variant of this run.
    Reached(RunId, Fact),
    /// A visitor who was in this run turned out to be this person: what was found of that visitor is theirs.
    Joined(RunId, ProfileKey),
}

/// Exposures, facts, and findings that reports must be told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// In the order of their runs.
    exposed: Vec<Exposed>,
    /// Earliest first.
    facts: Vec<Fact>,
    /// What reports must be told.
    pub outbox: Vec<Finding>,
}

impl Measured {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the person was shown first in a run.
    #[must_use]
    pub fn of(&self, run: &RunId) -> Option<&Exposed> {
        let index = self.exposed.binary_search_by(|exposed| exposed.run.cmp(run)).ok()?;
        self.exposed.get(index)
    }

    /// All exposures, in the order of their runs.
    pub fn exposed(&self) -> impl Iterator<Item = &Exposed> {
        self.exposed.iter()
    }

    /// Whether nothing that the person did is noted.
    #[must_use]
    pub fn is_without_facts(&self) -> bool {
        self.facts.is_empty()
    }

    /// The person was shown a variant. Beyond the cap the runs entered first are forgotten.
    pub fn expose(&mut self, new: Exposed) {
        match self.exposed.binary_search_by(|exposed| exposed.run.cmp(&new.run)) {
            Ok(index) => {
                let known = self.exposed.remove(index);
                self.exposed.insert(index, known.join(new));
            }
            Err(index) => self.exposed.insert(index, new),
        }
        while self.exposed.len() > EXPOSURE_COUNT_MAX {
            let oldest = (0..self.exposed.len()).min_by_key(|i| (self.exposed[*i].at, *i));
            oldest.map(|index| self.exposed.remove(index));
        }
    }

    /// The person did something. Beyond the cap the newest are kept, for exposures that become known after them.
    pub fn note(&mut self, new: Fact) {
        if let Some(index) = self.facts.iter().position(|known| known.id == new.id && known.goal == new.goal)
        {
            let known = self.facts.remove(index);
            return self.insert(known.min(new));
        }
        self.insert(new);
    }

    fn insert(&mut self, fact: Fact) {
        let index = self.facts.partition_point(|known| *known < fact);
        self.facts.insert(index, fact);
        let excess = self.facts.len().saturating_sub(FACT_COUNT_MAX);
        self.facts.drain(..excess);
    }

    /// Facts that came after the person was shown a variant of a run.
    pub fn reached<'a>(&'a self, exposed: &'a Exposed) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(|fact| exposed.at <= fact.at)
    }

    /// What of it belongs to the person and not to the row: findings that the row still must tell, it tells itself.
    #[must_use]
    pub fn portable(&self) -> Self {
        Self { outbox: Vec::new(), ..self.clone() }
    }

    /// What both halves of a person keep. The outbox stays: each half's row tells its own.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        other.exposed.iter().for_each(|exposed| merged.expose(exposed.clone()));
        other.facts.iter().for_each(|fact| merged.note(fact.clone()));
        merged
    }
}

#[cfg(test)]
mod tests;
