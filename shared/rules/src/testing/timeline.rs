//! A person through virtual time: what happens, what falls due in between, and what the rules say.
//!
//! One implementation for the tests of a ruleset and for what-if, on the fold and the plan that run live.

use crate::decision::Decision;
use crate::explain::{Explanation, RuleExplained};
use crate::live::LiveLists;
use crate::model::Ruleset;
use crate::page::{Page, Person, SlotRequest};
use beckon_domain::abandonment::{CodeState, Plan, Reachable, Situation, SkipReason, plan};
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Event, EventKind, TimerOutcome};
use beckon_domain::fold::{Item, fold_into};
use beckon_domain::id::{EventId, RuleId, SlotId, SourceId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::outreach::{Group, History, Mailed};
use beckon_domain::reaction::Happened;
use beckon_domain::{DurationMs, Money, Profile, ProfileKey, ReminderId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Segments that one event may make a person enter and leave, one after the other, before it is left at that: rules that
/// answer each other for ever would go on live too, from batch to batch.
const ROUNDS_MAX: usize = 16;

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
    history: History,
    reminded: BTreeSet<ReminderId>,
    published: Vec<RuleId>,
    /// Events that Beckon itself put, so far.
    own_count: u64,
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
            history: History::EMPTY,
            reminded: BTreeSet::new(),
            published: Vec::new(),
            own_count: 0,
        }
    }

    /// Lets time pass until just before the event is received, then applies it: of a purchase at the very instant at which
    /// a reminder is due, the mailer, which comes after it, knows. What another ruleset made Beckon put (ends of
    /// reminders, timers of rules, segments) is left out: this one makes its own.
    pub fn happen(&mut self, item: &Item) {
        self.pass_to(item.event.received_at - DurationMs::from_ms(1));
        let is_of_rules = matches!(
            item.event.kind,
            EventKind::TimerDue { .. }
                | EventKind::RulesDue
                | EventKind::SegmentChanged { .. }
                | EventKind::ConversionRecorded(_)
        );
        if !is_of_rules {
            self.fold(item);
        }
    }

    fn fold(&mut self, item: &Item) {
        let mut changed = self.apply(item);
        for _ in 0..ROUNDS_MAX {
            if changed.is_empty() {
                return;
            }
            let items: Vec<Item> = changed.into_iter().filter_map(|(at, kind)| self.own(at, kind)).collect();
            changed = items.iter().flat_map(|item| self.apply(item)).collect();
        }
    }

    /// Applies one event, and returns which segments were entered and left.
    fn apply(&mut self, item: &Item) -> Vec<(Timestamp, EventKind)> {
        let profile = self.profile.get_or_insert_with(Profile::default);
        let _ =
            fold_into(profile, &self.key, std::slice::from_ref(item), self.ruleset.policy(), self.ruleset);
        let mut changed = Vec::new();
        for effect in std::mem::take(&mut profile.rules.outbox) {
            let (segment, entered) = match effect.happened {
                Happened::SegmentEntered(segment) => (segment, true),
                Happened::SegmentExited(segment) => (segment, false),
                Happened::RuleMatched { rule, .. } => {
                    self.published.extend(RuleId::new(&rule));
                    continue;
                }
            };
            changed.push((effect.at, EventKind::SegmentChanged { segment, entered }));
        }
        changed
    }

    /// An event that Beckon itself puts.
    fn own(&mut self, at: Timestamp, kind: EventKind) -> Option<Item> {
        self.own_count += 1;
        let event = Event {
            id: EventId::new(&format!("own-{}", self.own_count)).ok()?,
            source: SourceId::new("beckon").ok()?,
            occurred_at: at,
            received_at: at,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind,
        };
        let sequence = SequenceNumber::parse(&self.own_count.to_string())?;
        let position = Position { shard: ShardKey::new("own", "0"), sequence, offset: 0 };
        Some(Item { position, internal: true, event })
    }

    /// Lets time pass: what falls due up to and at this moment is settled as the cart mailer would.
    pub fn pass_to(&mut self, now: Timestamp) {
        loop {
            let (cart, rules) = self.due();
            let goes_on = match (cart, rules) {
                (_, Some(at)) if at <= now && cart.is_none_or(|cart| at <= cart) => self.look_again(at),
                (Some(at), _) if at <= now => self.remind(at),
                _ => return,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// When the cart's reminder is due, and when the rules must look again.
    fn due(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(profile) = &self.profile else { return (None, None) };
        let rules = profile.rules.next_at.filter(|_| profile.link.is_none());
        (profile.cart_due_at(self.ruleset.policy()), rules)
    }

    /// The timer of the rules is due; false where that changes nothing, so that time would not go on.
    fn look_again(&mut self, at: Timestamp) -> bool {
        let Some(item) = self.own(at, EventKind::RulesDue) else { return false };
        self.fold(&item);
        self.due().1.is_none_or(|next| next > at)
    }

    /// Settles the reminder that is due; false where there is none after all. Everybody has an address that was vouched for,
    /// nobody is held out, and there is a code for whoever is to have one: a story is about its rules.
    fn remind(&mut self, now: Timestamp) -> bool {
        let person = self.person(Page::default());
        let is_eligible = self.ruleset.reminder_applies(&person, now);
        let step = self.profile.as_ref().and_then(|p| p.cart.episode.as_ref()).map_or(1, |e| e.step);
        let discount = self.ruleset.discount_for(step, &person, now);
        let (Some(profile), Some(reminder)) = (&mut self.profile, self.ruleset.reminder()) else {
            return false;
        };
        let situation = Situation {
            reachable: Reachable::Verified,
            is_suppressed: false,
            is_eligible,
            cart_value: profile.cart.value(),
            is_in_stock: true,
            group: Group::Treated,
            quiet_until: self.ruleset.quiet_until(profile, now),
            history: &self.history,
            code: CodeState::NotNeeded,
        };
        let planned = plan(profile, &situation, self.ruleset.policy(), now);
        let (id, outcome) = match planned {
            Plan::NotDue(_) => return false,
            Plan::Skip(id, reason) => {
                *self.not_sent.entry(SkipReason::code(reason)).or_default() += 1;
                (id, TimerOutcome::Skipped)
            }
            Plan::Defer(id, _, until) => (id, TimerOutcome::Later { until }),
            // Each is sent once, however often its cart changes.
            Plan::Remind(id) if !self.reminded.insert(id) => (id, TimerOutcome::Done),
            Plan::Remind(id) => {
                let within = reminder.series.discount_within;
                let discount = discount.filter(|_| !self.history.has_discount_within(id, within, now));
                let mailed = Mailed { reminder: id, at: now, has_discount: discount.is_some() };
                self.history = self.history.with(mailed);
                self.mails.push(Mail {
                    at: now,
                    rule: reminder.rule.clone(),
                    percent: discount.map(|discount| discount.percent),
                    cart_value: profile.cart.value(),
                });
                (id, TimerOutcome::Done)
            }
        };
        let timer = profile.cart.episode.as_ref().map_or(0, |episode| episode.timer);
        profile.cart.answer(id, timer, outcome);
        true
    }

    fn person(&self, page: Page) -> Person<'_> {
        Person { profile: self.profile.as_ref(), is_known: self.is_known(), page, propensity: None }
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
        self.ruleset.decide(slot, &person, &SlotRequest::default(), &LiveLists::default(), now)
    }

    /// Why a slot shows the person what it shows on a page now; `None` when there is no such slot.
    #[must_use]
    pub fn explain(&self, slot: &SlotId, page: &Page, now: Timestamp) -> Option<Explanation> {
        let person = self.person(page.clone());
        self.ruleset.explain(slot, &person, &SlotRequest::default(), &LiveLists::default(), now)
    }

    /// Why the person is in each segment or is not, and what the rules that act find, now.
    #[must_use]
    pub fn explain_person(&self, now: Timestamp) -> [Vec<RuleExplained>; 2] {
        let person = self.person(Page::default());
        [self.ruleset.explain_segments(&person, now), self.ruleset.explain_acting(&person, now)]
    }

    /// The segments that the person is in, as far as time has passed.
    #[must_use]
    pub fn segments(&self) -> BTreeSet<String> {
        let holdings = self.profile.iter().flat_map(|profile| &profile.rules.segments);
        holdings.map(|holding| holding.name.to_string()).collect()
    }

    /// The rules that published something so far, in that order.
    #[must_use]
    pub fn published(&self) -> &[RuleId] {
        &self.published
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
