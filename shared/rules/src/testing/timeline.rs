//! A person through virtual time: what happens, what falls due in between, and what the rules say.
//!
//! One implementation for the tests of a ruleset and for what-if, on the fold and the plan that run live.

use crate::decision::Decision;
use crate::model::Ruleset;
use crate::page::{LiveLists, Page, Person, SlotRequest};
use beckon_domain::abandonment::{Plan, Situation, SkipReason, plan};
use beckon_domain::cart::ReminderState;
use beckon_domain::event::EventKind;
use beckon_domain::fold::{Item, fold_into};
use beckon_domain::id::{RuleId, SlotId};
use beckon_domain::{EpisodeId, Money, Profile, ProfileKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A reminder that went out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// When it was due: the cart mailer, which looks each minute, is at most that much later.
    pub at: Timestamp,
    /// The rule that sends it.
    pub rule: RuleId,
    /// The discount that it offers, in percent.
    pub percent: Option<u8>,
    /// What the cart was worth, where its prices are known and of one currency.
    pub cart_value: Option<Money>,
}

/// What is known of a person by one ruleset, moved through time.
#[derive(Clone, Debug)]
pub struct Timeline<'r> {
    ruleset: &'r Ruleset,
    key: ProfileKey,
    profile: Option<Profile>,
    mails: Vec<Mail>,
    not_sent: BTreeMap<&'static str, u64>,
    reminded: BTreeSet<EpisodeId>,
}

impl<'r> Timeline<'r> {
    /// Somebody about whom nothing is known yet.
    #[must_use]
    pub fn new(ruleset: &'r Ruleset, key: ProfileKey) -> Self {
        Self {
            ruleset,
            key,
            profile: None,
            mails: Vec::new(),
            not_sent: BTreeMap::new(),
            reminded: BTreeSet::new(),
        }
    }

    /// Lets time pass until the event is received, then applies it. Ends of reminders that another ruleset had are
    /// left out: this one makes its own.
    pub fn happen(&mut self, item: &Item) {
        self.pass_to(item.event.received_at);
        if matches!(item.event.kind, EventKind::TimerDue { .. }) {
            return;
        }
        let profile = self.profile.get_or_insert_with(Profile::default);
        let _ = fold_into(profile, &self.key, std::slice::from_ref(item), self.ruleset.policy());
    }

    /// Lets time pass: what falls due up to and at this moment is settled as the cart mailer would.
    pub fn pass_to(&mut self, now: Timestamp) {
        while let Some(due) = self.due_at().filter(|due| *due <= now) {
            if !self.remind(due) {
                return;
            }
        }
    }

    fn due_at(&self) -> Option<Timestamp> {
        self.profile.as_ref()?.due_at(self.ruleset.policy())
    }

    /// Settles the reminder that is due; false where there is none after all.
    fn remind(&mut self, now: Timestamp) -> bool {
        let person = self.person(Page::default());
        let is_eligible = self.ruleset.reminder_applies(&person, now);
        let (Some(profile), Some(reminder)) = (&mut self.profile, self.ruleset.reminder()) else {
            return false;
        };
        let situation = Situation { has_contact: true, is_suppressed: false, is_eligible };
        let episode = match plan(profile, situation, self.ruleset.policy(), now) {
            Plan::NotDue => return false,
            Plan::Skip(episode, reason) => {
                *self.not_sent.entry(SkipReason::code(reason)).or_default() += 1;
                episode
            }
            Plan::Remind(episode) => {
                // One mail for each episode, however often its cart changes.
                if self.reminded.insert(episode) {
                    self.mails.push(Mail {
                        at: now,
                        rule: reminder.rule.clone(),
                        percent: reminder.discount.as_ref().map(|discount| discount.percent),
                        cart_value: profile.cart.value(),
                    });
                }
                episode
            }
        };
        let timer = profile.cart.episode.as_ref().map_or(0, |episode| episode.timer);
        profile.cart.answer(&episode.to_string(), timer, ReminderState::Done);
        true
    }

    fn person(&self, page: Page) -> Person<'_> {
        Person { profile: self.profile.as_ref(), is_known: self.is_known(), page }
    }

    fn is_known(&self) -> bool {
        match &self.profile {
            Some(profile) => profile.is_known(&self.key),
            None => self.key.kind() == beckon_domain::key::ProfileKind::Customer,
        }
    }

    /// What a slot shows the person on a page now; `None` when there is no such slot.
    #[must_use]
    pub fn decide(&self, slot: &SlotId, page: &Page, now: Timestamp) -> Option<Decision> {
        let person = self.person(page.clone());
        self.ruleset.decide(slot, &person, &SlotRequest::default(), LiveLists::default(), now)
    }

    /// The segments that the person is in now.
    #[must_use]
    pub fn segments(&self, _now: Timestamp) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// The rules that published something so far, in that order.
    #[must_use]
    pub fn published(&self) -> &[RuleId] {
        &[]
    }

    /// What is known; `None` before the first event.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// The reminders that went out so far, first to last.
    #[must_use]
    pub fn mails(&self) -> &[Mail] {
        &self.mails
    }

    /// How many reminders did not go out, by reason.
    #[must_use]
    pub fn not_sent(&self) -> &BTreeMap<&'static str, u64> {
        &self.not_sent
    }
}
