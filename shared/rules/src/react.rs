//! What a ruleset makes of each event: it remembers what its aggregates need, finds who entered and left a segment, and
//! lets its acting rules act. Only what an event can change is looked at: segments and acting rules are indexed by the names
//! of events, and what time changes has a timer.

use crate::aggregate::Watch;
use crate::compiled::Reading;
use crate::condition::{Condition, Facts, Last};
use crate::decision::Source;
use crate::experiments::Experiments;
use crate::fact::{Fact, Name};
use crate::model::{Act, Acting, Ruleset, Segment, Slot};
use crate::page::Page;
use beckon_domain::consent::Purpose;
use beckon_domain::engagement::Shown;
use beckon_domain::event::{Event, EventKind, TraitValue};
use beckon_domain::id::{EffectId, RuleId};
use beckon_domain::reaction::{Effect, Happened, Reaction, note};
use beckon_domain::told::Told;
use beckon_domain::watched::{Occurrence, WatchId};
use beckon_domain::{Policy, Profile, ProfileKey, SmolStr, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What must be looked at after an event of some name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reactions {
    /// What is remembered of events, by their names.
    watches: BTreeMap<SmolStr, Vec<Watch>>,
    /// Which ruleset it is.
    id: u32,
    /// The ids of all that is remembered, in their order.
    wanted: BTreeSet<WatchId>,
    /// The names of segments, and of acting rules.
    names: [BTreeSet<SmolStr>; 2],
    /// Segments and acting rules that an event of this name can change, in the order of the text, segments first: also
    /// those that any event can.
    by_event: BTreeMap<SmolStr, Vec<Part>>,
    /// Those that any event can change.
    by_any: Vec<Part>,
    /// All of them.
    all: Vec<Part>,
    /// Those that time alone can change.
    timed: Vec<Part>,
}

/// A segment or an acting rule, by its place in the ruleset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Segment(usize),
    Acting(usize),
}

/// By what a condition can change.
#[derive(Clone, Debug, Default)]
struct Changes {
    by_any: bool,
    by_event: BTreeSet<SmolStr>,
}

impl Reactions {
    pub(crate) fn new(segments: &[Segment], acting: &[Acting], watches: Vec<Watch>) -> Self {
        let mut reactions = Self::default();
        let of_caps = acting.iter().filter_map(|rule| rule.cap.as_ref()).map(|cap| cap.watch.id);
        reactions.wanted = watches.iter().map(|watch| watch.id).chain(of_caps).collect();
        for watch in watches {
            let name = SmolStr::new(watch.events.name.as_str());
            reactions.watches.entry(name).or_default().push(watch);
        }
        let acting_names = acting.iter().map(|rule| SmolStr::new(rule.id.as_str())).collect();
        reactions.names = [segments.iter().map(|segment| segment.id.clone()).collect(), acting_names];
        let of_segments = (0..segments.len()).map(Part::Segment);
        reactions.all = of_segments.chain((0..acting.len()).map(Part::Acting)).collect();
        for part in reactions.all.clone() {
            let (when, on) = match part {
                Part::Segment(index) => (&segments[index].when, None),
                Part::Acting(index) => (&acting[index].when, Some(&acting[index].on)),
            };
            let mut changes = Changes::default();
            match on.filter(|on| !on.is_empty()) {
                Some(on) => changes.by_event.extend(on.iter().map(|name| SmolStr::new(name.as_str()))),
                None => {
                    changes.of(when, segments);
                    if is_timed(when, segments) {
                        reactions.timed.push(part);
                    }
                }
            }
            if changes.by_any {
                reactions.by_any.push(part);
            } else {
                changes
                    .by_event
                    .into_iter()
                    .for_each(|name| reactions.by_event.entry(name).or_default().push(part));
            }
        }
        for parts in reactions.by_event.values_mut() {
            parts.extend(&reactions.by_any);
            parts.sort_unstable();
        }
        reactions
    }

    /// The same of a ruleset with this version: hexadecimal digits.
    pub(crate) fn of_version(mut self, version: &str) -> Self {
        // 0 is the ruleset of a profile that none has looked at.
        self.id =
            version.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(1).max(1);
        self
    }

    /// The same, with what conditions of experiments ask to be remembered.
    pub(crate) fn with_watches_of(mut self, experiments: &Experiments) -> Self {
        for watch in &experiments.watches {
            let known = self.watches.entry(SmolStr::new(watch.events.name.as_str())).or_default();
            match known.iter_mut().find(|known| known.id == watch.id) {
                Some(known) => known.keep = known.keep.max(watch.keep),
                None => known.push(watch.clone()),
            }
            self.wanted.insert(watch.id);
            // Other rules than without them: what they ask for is looked at from now on.
            self.id ^= watch.id.0 as u32;
        }
        self.id = self.id.max(1);
        self
    }

    /// What is remembered, by the names of events.
    pub(crate) fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.values().flatten()
    }

    /// Whether time alone may change a segment or make a rule act.
    pub(crate) fn has_timers(&self) -> bool {
        !self.timed.is_empty()
    }

    fn is_idle(&self) -> bool {
        self.watches.is_empty() && self.all.is_empty()
    }

    /// What an event of this name can change, in the order of the text.
    fn changed_by(&self, name: &str) -> &[Part] {
        self.by_event.get(name).unwrap_or(&self.by_any)
    }
}

fn is_timed(when: &Condition, segments: &[Segment]) -> bool {
    when.is_timed(&|index| segments.get(index).is_some_and(|segment| is_timed(&segment.when, segments)))
}

const OF_THE_CART: [&str; 4] = ["Product Added", "Product Removed", "Cart Updated", "Order Completed"];
const OF_INTEREST: [&str; 3] = ["Product Viewed", "Product Added", "Order Completed"];

impl Changes {
    fn of(&mut self, when: &Condition, segments: &[Segment]) {
        when.each(&mut |condition| match condition {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {}
            Condition::Event { last, .. } => self.last(last),
            Condition::Absent { of, since, .. } => since.iter().chain([of]).for_each(|last| self.last(last)),
            Condition::Aggregate { aggregate, .. } => self.name(aggregate.events.name.as_str()),
            Condition::Viewed { .. } => self.name("Product Viewed"),
            Condition::Cart { .. } => self.names(&OF_THE_CART),
            Condition::Fact { fact, .. } => self.fact(fact),
            Condition::Segment(index) => {
                if let Some(segment) = segments.get(*index) {
                    self.of(&segment.when, segments);
                }
            }
            // Any event ends a view, may carry a choice, and shows what time it is.
            Condition::Dwell { .. }
            | Condition::Consent(_)
            | Condition::Time(_)
            | Condition::LoggedIn(_)
            | Condition::Page { .. } => self.by_any = true,
        });
    }

    fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Computed(computed) => self.name(computed.aggregate.events.name.as_str()),
            Fact::Affinity(..) | Fact::Named(Name::TopCategory | Name::TopBrand) => self.names(&OF_INTEREST),
            Fact::Named(
                Name::CartValue
                | Name::CartItems
                | Name::CartProducts
                | Name::CartCategories
                | Name::CartAge
                | Name::CartEmpty,
            ) => self.names(&OF_THE_CART),
            Fact::Named(
                Name::OrdersCount
                | Name::OrdersTotal
                | Name::OrdersAverage
                | Name::OrdersProducts
                | Name::LastOrder
                | Name::DaysSinceOrder,
            ) => self.name("Order Completed"),
            // Rules set traits too, whenever they act.
            Fact::Trait(_) | Fact::Named(_) => self.by_any = true,
        }
    }

    fn last(&mut self, last: &Last) {
        match last {
            Last::OfName(name) => self.name(name.as_str()),
            Last::Watched(_, events) => self.name(events.name.as_str()),
        }
    }

    fn names(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.name(name));
    }

    fn name(&mut self, name: &str) {
        self.by_event.insert(SmolStr::new(name));
    }
}

/// The event that made the rules look, and when that is.
#[derive(Clone, Copy)]
struct Look<'a> {
    key: &'a ProfileKey,
    event: &'a Event,
    policy: &'a Policy,
    now: Timestamp,
}

impl Reaction for Ruleset {
    fn react(&self, profile: &mut Profile, key: &ProfileKey, event: &Event, policy: &Policy) {
        self.look(profile, key, event, policy);
        self.find(profile, event, policy);
    }

    fn can_have_shown(&self, shown: &Shown) -> bool {
        let is_of_slot = |slot: &Slot, rule: &RuleId| slot.rules.iter().any(|known| known.id == *rule);
        let knows = |slot: &Slot| shown.rule.as_ref().is_none_or(|rule| is_of_slot(slot, rule));
        self.slot(&shown.slot).is_some_and(knows)
            && shown.offer.as_ref().is_none_or(|offer| self.offer(offer).is_some())
            && shown.strategies.iter().all(|name| Source::parse(name.as_str()).is_some())
    }
}

impl Ruleset {
    /// Lets the rules look at a profile after an event.
    fn look(&self, profile: &mut Profile, key: &ProfileKey, event: &Event, policy: &Policy) {
        // Where no rules ever looked, none that look for nothing need begin to.
        if self.reactions.is_idle() && profile.rules.looked_by == 0 {
            return;
        }
        for watch in self.reactions.watches.get(event.kind.name()).into_iter().flatten() {
            watch.observe(event, self.currency, &mut profile.rules.watched);
        }
        let now = profile.rules.evaluated_at.max(event.occurred_at);
        profile.rules.evaluated_at = now;
        let look = Look { key, event, policy, now };
        let is_due = profile.rules.next_at.is_some_and(|next| next <= now);
        let is_changed = matches!(event.kind, EventKind::RulesDue | EventKind::Merge { .. });
        let is_new = std::mem::replace(&mut profile.rules.looked_by, self.reactions.id) != self.reactions.id;
        let agrees = profile.consent.allows(Purpose::Personalization, &policy.consent_default);
        let state = &profile.rules;
        let holds_anything = !(state.segments.is_empty() && state.rules.is_empty());
        let must_leave = holds_anything && !agrees;
        let parts = if is_due || is_changed || is_new || must_leave {
            &self.reactions.all
        } else {
            self.reactions.changed_by(event.kind.name())
        };
        if is_new {
            self.forget_unknown(profile, look);
        }
        // All are looked at before any acts: what a rule sets is seen with the next event.
        let holding = if agrees { self.holding(parts, profile, look) } else { vec![false; parts.len()] };
        for (part, holds) in parts.iter().zip(holding) {
            match part {
                Part::Segment(index) => self.segment(*index, holds, profile, look),
                Part::Acting(index) => self.act(*index, holds, profile, look),
            }
        }
        let before = profile.rules.next_at.filter(|next| *next > now);
        let timed = |part: &&Part| self.reactions.timed.binary_search(part).is_ok();
        let soonest =
            parts.iter().filter(timed).filter_map(|part| self.next_change(*part, profile, look)).min();
        profile.rules.next_at = before.into_iter().chain(soonest).min();
    }
}

impl Ruleset {
    /// Whether time alone may change a segment or make a rule act, so that profiles have timers.
    #[must_use]
    pub fn has_timers(&self) -> bool {
        self.reactions.has_timers()
    }

    /// Facts of a person about whom an event came: there is no page.
    fn facts_of_event<'a>(&'a self, profile: &'a Profile, look: Look<'a>, page: &'a Page) -> Facts<'a> {
        let facts = self.facts_on(page, Some(profile), look.now);
        Facts { is_known: profile.is_known(look.key), policy: look.policy, ..facts }
    }

    /// Which of these hold.
    fn holding(&self, parts: &[Part], profile: &Profile, look: Look<'_>) -> Vec<bool> {
        let page = Page::default();
        let reading = Reading::new(&self.compiled, self.facts_of_event(profile, look, &page));
        let root = |part: &Part| match part {
            Part::Segment(index) => self.segments.get(*index)?.root,
            Part::Acting(index) => self.acting.get(*index)?.root,
        };
        parts.iter().map(|part| root(part).is_some_and(|root| reading.holds(root))).collect()
    }

    /// Whether a condition holds of a person.
    fn holds_now(&self, when: &Condition, profile: &Profile, look: Look<'_>) -> bool {
        let page = Page::default();
        when.evaluate(&self.facts_of_event(profile, look, &page)).is_some()
    }

    fn next_change(&self, part: Part, profile: &Profile, look: Look<'_>) -> Option<Timestamp> {
        let page = Page::default();
        let when = match part {
            Part::Segment(index) => &self.segments.get(index)?.when,
            Part::Acting(index) => &self.acting.get(index)?.when,
        };
        when.next_change(&self.facts_of_event(profile, look, &page))
    }

    fn segment(&self, index: usize, is_in: bool, profile: &mut Profile, look: Look<'_>) {
        let Some(segment) = self.segments.get(index) else { return };
        if note(&mut profile.rules.segments, &segment.id, is_in, look.now) {
            let happened = if is_in { Happened::SegmentEntered } else { Happened::SegmentExited };
            self.tell(profile, happened(segment.id.clone()), look);
        }
    }

    fn act(&self, index: usize, holds: bool, profile: &mut Profile, look: Look<'_>) {
        let Some(rule) = self.acting.get(index) else { return };
        let holds = holds && rule.active.contains(look.now);
        let acts = if rule.on.is_empty() {
            note(&mut profile.rules.rules, rule.id.as_str(), holds, look.now) && holds
        } else {
            holds && rule.on.iter().any(|name| name.as_str() == look.event.kind.name())
        };
        if !acts || rule.cap.as_ref().is_some_and(|cap| self.holds_now(&cap.reached, profile, look)) {
            return;
        }
        if let Some(cap) = &rule.cap {
            let occurrence = Occurrence { at: look.now, value: None };
            profile.rules.watched.observe(cap.watch.id, cap.watch.keep, occurrence);
        }
        match &rule.then {
            Act::SetTrait(name, value) => set_trait(profile, name, value, look.now),
            Act::Publish(publish) => {
                let rule = SmolStr::new(rule.id.as_str());
                self.tell(profile, Happened::RuleMatched { rule, publish: publish.clone() }, look);
            }
        }
    }

    fn tell(&self, profile: &mut Profile, happened: Happened, look: Look<'_>) {
        let id = EffectId::of(look.key, &look.event.source, &look.event.id, &happened);
        profile.rules.tell(Effect { id, at: look.now, ruleset: SmolStr::new(&self.version), happened });
    }

    /// What a ruleset does not know any more holds of nobody: segments are left, what was watched is forgotten.
    fn forget_unknown(&self, profile: &mut Profile, look: Look<'_>) {
        let [segments, acting] = &self.reactions.names;
        let names = profile.rules.segments.iter().map(|holding| &holding.name);
        let gone: Vec<SmolStr> = names.filter(|name| !segments.contains(*name)).cloned().collect();
        for name in gone {
            note(&mut profile.rules.segments, &name, false, look.now);
            self.tell(profile, Happened::SegmentExited(name), look);
        }
        profile.rules.rules.retain(|holding| acting.contains(&holding.name));
        profile.rules.watched.retain(|id| self.reactions.wanted.contains(&id));
    }
}

fn set_trait(profile: &mut Profile, name: &str, value: &TraitValue, at: Timestamp) {
    profile.set_trait(name, Told::new(value.clone(), at));
}
