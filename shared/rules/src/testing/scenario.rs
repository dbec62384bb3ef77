//! What a test says: what happened, who asks when and where, and what must come of it.

use crate::decision::ReasonCode;
use crate::page::Page;
use beckon_domain::event::{Event, TraitValue};
use beckon_domain::fold::Item;
use beckon_domain::id::{OfferId, RuleId, SlotId};
use beckon_domain::{DurationMs, ProductId, ProfileKey, Timestamp};
use std::collections::BTreeMap;

/// A test of a ruleset.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// What must be so, as a sentence.
    pub name: String,
    /// Where it stands in the text.
    pub line: u64,
    /// Whose story it is: a customer's, or a visitor's.
    pub(crate) key: ProfileKey,
    pub(crate) starts: Timestamp,
    pub(crate) given: Vec<Item>,
    /// When it asks, since the start.
    pub(crate) at: DurationMs,
    pub(crate) page: Page,
    pub(crate) expect: Vec<Expected>,
}

impl Scenario {
    /// What happened, in the order in which it did.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.given.iter().map(|item| &item.event)
    }

    /// When it asks.
    pub(crate) fn asked_at(&self) -> Timestamp {
        self.starts + self.at
    }
}

/// What must be so when the test asks. What is left out may be anything.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) shown: Option<Shown>,
    pub(crate) segments: Vec<String>,
    pub(crate) not_segments: Vec<String>,
    pub(crate) mail: Option<MailExpected>,
    pub(crate) published: Option<Vec<RuleId>>,
    pub(crate) traits: BTreeMap<String, TraitValue>,
}

/// What a slot must show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    pub(crate) slot: SlotId,
    pub(crate) offer: Option<OfferId>,
    pub(crate) products: Option<Vec<ProductId>>,
    pub(crate) reason: Option<ReasonCode>,
    pub(crate) rule: Option<RuleId>,
    /// Of a decision table, from 1.
    pub(crate) row: Option<usize>,
    pub(crate) fallback: Option<bool>,
}

/// Which mail must have gone out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MailExpected {
    /// None so far.
    None,
    /// One at least.
    Any,
    /// One exactly then, since the start.
    At(DurationMs),
}
