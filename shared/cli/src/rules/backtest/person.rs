//! One person under both rulesets.

use super::journey::{Journey, Recent};
use super::source::{Told, page_of};
use super::tally::{Kind, Tally, why};
use crate::replay::state_hash::Fnv;
use beckon_domain::id::SlotId;
use beckon_domain::{ProfileKey, Timestamp};
use beckon_rules::testing::{Timeline, told};
use beckon_rules::{Decision, PageKind, Ruleset};
use std::collections::BTreeSet;

/// One person.
pub(super) struct Person<'r> {
    /// Tells people apart.
    number: u64,
    old: Timeline<'r>,
    new: Timeline<'r>,
    recent: Recent,
    /// Kinds of change that met the person.
    kinds: BTreeSet<Kind>,
}

impl<'r> Person<'r> {
    /// Somebody about whom nothing is known yet.
    pub fn new(key: &ProfileKey, old: &'r Ruleset, new: &'r Ruleset) -> Self {
        let mut hash = Fnv::new();
        hash.update(key.as_str().as_bytes());
        Self {
            number: hash.value(),
            old: Timeline::new(old, key.clone()),
            new: Timeline::new(new, key.clone()),
            recent: Recent::default(),
            kinds: BTreeSet::new(),
        }
    }

    /// Something happens, and both are asked.
    pub fn happen(&mut self, told: &Told, slots: &[SlotId], page: Option<PageKind>, tally: &mut Tally) {
        self.old.happen(&told.item);
        self.new.happen(&told.item);
        tally.events += 1;
        // What Beckon itself puts is no page, and a frozen visitor's events are decided under the customer's key.
        let is_frozen = self.old.profile().is_some_and(|profile| profile.link.is_some());
        if told.item.event.kind.is_internal() || is_frozen {
            return;
        }
        self.recent.push(&told.item.event);
        let mut asked = page_of(&told.item.event.kind);
        asked.kind = page.or(asked.kind);
        let now = told.item.event.received_at;
        for (index, slot) in slots.iter().enumerate() {
            let old = self.old.decide(slot, &asked, now);
            let new = self.new.decide(slot, &asked, now);
            self.compare(told.number, (index, slot), (old.as_ref(), new.as_ref()), tally);
        }
    }

    fn compare(
        &mut self,
        row: u64,
        (index, slot): (usize, &SlotId),
        (old, new): (Option<&Decision>, Option<&Decision>),
        tally: &mut Tally,
    ) {
        let counted = tally.slot(index);
        counted.compared += 1;
        counted.decided(old, new);
        let shows_the_same = old.map(|d| &d.content) == new.map(|d| &d.content);
        if shows_the_same && old.map(|d| &d.reason) == new.map(|d| &d.reason) {
            return;
        }
        counted.changed += 1;
        counted.shown_differently += u64::from(!shows_the_same);
        if !self.kinds.iter().any(|kind| kind.slot == index) {
            counted.people += 1;
        }
        let kind = Kind { slot: index, from: why(old).into_owned(), to: why(new).into_owned() };
        let sample = self.kinds.insert(kind.clone()).then(|| {
            let told = |decision: Option<&Decision>| decision.map_or_else(|| "no such slot".to_owned(), told);
            Journey::new(row, self.number, &self.recent, slot.as_str(), (told(old), told(new)))
        });
        tally.change(kind, sample);
    }

    /// History is over: what falls due until then still does.
    pub fn finish(mut self, end: Timestamp, tally: &mut Tally) {
        self.old.pass_to(end);
        self.new.pass_to(end);
        tally.people += 1;
        tally.people_affected += u64::from(!self.kinds.is_empty());
        tally.mails(&self.old, &self.new);
        tally.segments(&self.old.segments(), &self.new.segments());
    }
}
