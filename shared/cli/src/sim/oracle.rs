//! The oracle: what must come of the events that were accepted, by a plain fold of each person's events in stream order. It
//! knows no marks, no ring, no versions, no outbox: only which ids it has seen, and whose a visitor turned out to be.

use super::book::{Book, Logged, short};
use beckon_domain::ProfileKey;
use beckon_domain::apply::apply;
use beckon_domain::event::{Event, EventKind};
use beckon_domain::id::EffectId;
use beckon_domain::key::ProfileKind;
use beckon_domain::merge::{merge, portable};
use beckon_domain::policy::Policy;
use beckon_domain::profile::{Link, Profile};
use beckon_domain::reaction::{Effect, Happened, Reaction, RuleState};
use beckon_recommend::{Signal, SignalId};
use beckon_rules::Ruleset;
use beckon_store::bus::BusEvent;
use beckon_wire::bus::event_of;
use beckon_wire::stream::Line;
use std::collections::{BTreeMap, BTreeSet};

/// An event as its sender names it.
pub(super) type Named = (String, String);

/// What must have become of every person.
#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) profiles: BTreeMap<ProfileKey, Profile>,
    /// Events of visitors that belong to the customer, by the customer.
    forwards: BTreeSet<(ProfileKey, Named)>,
    /// Visitors who turned out to be a customer: (customer, visitor).
    links: BTreeSet<(ProfileKey, ProfileKey)>,
    /// What the rules make others hear of, by its id, and of whom.
    effects: BTreeMap<String, (ProfileKey, Effect)>,
    /// What events say of products, of whom each is, and of which event.
    pub(crate) signals: BTreeMap<SignalId, (ProfileKey, Signal, Named)>,
    /// Events that were kept as failed.
    expired: BTreeSet<Named>,
    /// Profiles of people who were erased: how they end is a law of its own.
    pub(crate) erased: BTreeSet<ProfileKey>,
    /// Events of them, some of which may have been put to others before.
    theirs: BTreeSet<Named>,
    /// The first thing that nobody can explain.
    pub(crate) violation: Option<String>,
}

impl Oracle {
    /// Folds the books: visitors first, because customers get what theirs have been.
    pub(crate) fn of(
        book: &Book,
        rules: &Ruleset,
        in_stream_order: bool,
        erased: BTreeSet<ProfileKey>,
    ) -> Self {
        let told = book.log.iter().flat_map(|logged| &logged.told).map(|told| &told.line);
        let theirs = told.filter(|line| ProfileKey::parse(&line.key).is_ok_and(|key| erased.contains(&key)));
        let theirs = theirs.map(|line| (line.source.clone(), line.id.clone())).collect();
        let mut oracle = Self { expired: book.expired(), erased, theirs, ..Self::default() };
        for kind in [ProfileKind::Anonymous, ProfileKind::Customer] {
            for (key, account) in book.accounts.iter().filter(|(key, _)| key.kind() == kind) {
                if oracle.erased.contains(key) {
                    continue;
                }
                let mut places = account.settled.clone();
                if in_stream_order {
                    places.sort_unstable();
                }
                oracle.person(key, &places, &book.log, rules);
            }
        }
        oracle.expired(&book.log);
        oracle.everything_arrived();
        oracle
    }

    pub(crate) fn person(
        &mut self,
        key: &ProfileKey,
        places: &[(usize, usize)],
        log: &[Logged],
        rules: &Ruleset,
    ) {
        let mut profile = Profile::default();
        let mut seen: BTreeSet<Named> = BTreeSet::new();
        for (record, line) in places {
            let told = &log[*record].told[*line];
            let (line, event) = (&told.line, &told.event);
            profile.last_received_at = profile.last_received_at.max(event.received_at);
            let named = (line.source.clone(), line.id.clone());
            let is_known = !seen.insert(named.clone());
            count(&mut profile, line.internal, is_known);
            let is_told = !self.expired.contains(&named);
            if !is_known && self.settle(&mut profile, key, named.clone(), line, event, rules.policy()) {
                let signals = Signal::of(event, &profile.told(event)).into_iter().filter(|_| is_told);
                self.signals.extend(signals.map(|s| (s.id, (key.clone(), s, named.clone()))));
                rules.react(&mut profile, key, event, rules.policy());
                for effect in profile.rules.outbox.drain(..) {
                    self.effects.insert(effect.id.to_string(), (key.clone(), effect));
                }
            }
        }
        self.forwarded(&profile, key, &seen, log);
        self.profiles.insert(key.clone(), profile);
    }

    /// What was forwarded without being counted, because it was too old, must arrive as well.
    fn forwarded(&mut self, profile: &Profile, key: &ProfileKey, seen: &BTreeSet<Named>, log: &[Logged]) {
        let Some(link) = &profile.link else { return };
        let of_key = log.iter().filter(|logged| logged.record.partition_key == key.as_str());
        for told in of_key.flat_map(|logged| &logged.told).filter(|told| told.forwarded) {
            let named = (told.line.source.clone(), told.line.id.clone());
            if !seen.contains(&named) {
                let to = proven(key, &told.event).unwrap_or_else(|| link.to.clone());
                self.forwards.insert((to, named));
            }
        }
    }

    /// What an event does to a person. Returns whether it was the person's, so that the rules look.
    fn settle(
        &mut self,
        profile: &mut Profile,
        key: &ProfileKey,
        named: Named,
        line: &Line,
        event: &Event,
        policy: &Policy,
    ) -> bool {
        let proven = proven(key, event);
        if let Some(link) = &profile.link {
            // Whatever a linked visitor does is the customer's; a second proof is the second customer's.
            let to = proven.unwrap_or_else(|| link.to.clone());
            profile.tallies.link_refused += u64::from(to != link.to);
            self.forwards.insert((to, named));
            return false;
        }
        let is_own = matches!(
            event.kind,
            EventKind::TimerDue { .. }
                | EventKind::RulesDue
                | EventKind::SegmentChanged { .. }
                | EventKind::ConversionRecorded(_)
                | EventKind::Exposed { .. }
        );
        if let EventKind::Merge { from, state } = &event.kind {
            self.merge(profile, key, (from, state), policy);
            return true;
        }
        let is_theirs = self.theirs.contains(&named);
        if line.internal && !is_own && !self.forwards.remove(&(key.clone(), named)) && !is_theirs {
            self.violated(format!(
                "{} was given an event that is not of its visitors: {}",
                short(key),
                line.id
            ));
        }
        if line.internal && is_own {
            self.forwards.remove(&(key.clone(), (line.source.clone(), line.id.clone())));
        }
        apply(profile, key, event, policy);
        if let Some(to) = proven {
            self.links.insert((to.clone(), key.clone()));
            profile.link = Some(Link { to, at: event.received_at, merge_pending: false });
        }
        true
    }

    /// The visitor's own fold is merged, not what the record says: the record may lie.
    /// Only of who was erased and let back, and has turned out to be somebody else since, is there no fold here.
    fn merge(
        &mut self,
        profile: &mut Profile,
        key: &ProfileKey,
        (from, told): (&ProfileKey, &Profile),
        policy: &Policy,
    ) {
        if self.erased.contains(from) {
            if merge(profile, from, told, policy).is_err() {
                self.violated(format!("{} was merged into {} twice", short(from), short(key)));
            }
            return;
        }
        if !self.links.remove(&(key.clone(), from.clone())) {
            return self.violated(format!("{} was merged into {} without a link", short(from), short(key)));
        }
        let visitor = self.profiles.get(from).map(portable).unwrap_or_default();
        if merge(profile, from, &visitor, policy).is_err() {
            self.violated(format!("{} was merged into {} twice", short(from), short(key)));
        }
    }

    /// What was on its way to a customer and kept as failed is accounted for.
    fn expired(&mut self, log: &[Logged]) {
        for told in log.iter().flat_map(|logged| &logged.told).filter(|told| told.expired) {
            let Ok(key) = ProfileKey::parse(&told.line.key) else { continue };
            if let EventKind::Merge { from, .. } = &told.event.kind {
                self.links.remove(&(key, from.clone()));
            } else {
                self.forwards.remove(&(key, (told.line.source.clone(), told.line.id.clone())));
            }
        }
    }

    fn everything_arrived(&mut self) {
        self.forwards.retain(|(to, _)| !self.erased.contains(to));
        self.links.retain(|(to, _)| !self.erased.contains(to));
        let forward = self.forwards.first();
        let lost = forward.map(|(to, (_, id))| format!("{id} never reached {}", short(to)));
        let link = self.links.first();
        let unmerged = link.map(|(to, from)| format!("{} was never merged into {}", short(from), short(to)));
        if let Some(what) = lost.or(unmerged) {
            self.violated(what);
        }
    }

    fn violated(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    /// Where others heard of something else than what happened by the rules: of each thing once or more, of nothing else.
    pub(crate) fn unheard(&self, book: &Book) -> Option<String> {
        let (mut on_bus, mut in_stream) = (BTreeMap::new(), BTreeSet::new());
        for (id, (key, effect)) in &self.effects {
            let Ok((detail_type, detail)) = event_of(key, effect) else { continue };
            on_bus.insert(id, BusEvent { detail_type, at: effect.at, detail });
            if !matches!(effect.happened, Happened::RuleMatched { .. }) {
                in_stream.insert(format!("segment:{id}"));
            }
        }
        let lost = on_bus.iter().find(|(id, _)| !book.heard.contains_key(**id));
        if let Some((_, event)) = lost {
            return Some(format!("nobody was told of {}", event.detail));
        }
        let is_theirs = |event: &BusEvent| self.erased.iter().any(|key| event.detail.contains(key.as_str()));
        let mut heard = book.heard.iter().filter(|(_, event)| !is_theirs(event));
        let wrong = heard.find(|(id, event)| on_bus.get(id) != Some(event));
        if let Some((_, event)) = wrong {
            return Some(format!("others were told of what did not happen: {}", event.detail));
        }
        let told = book.log.iter().flat_map(|logged| &logged.told);
        let told = told.filter(|told| matches!(told.event.kind, EventKind::SegmentChanged { .. }));
        // Who was let back and has turned out to be somebody else since had theirs forwarded: under both keys it is theirs.
        let theirs: BTreeSet<&str> = self.theirs.iter().map(|(_, id)| id.as_str()).collect();
        let told = told.filter(|told| !theirs.contains(told.line.id.as_str()));
        in_stream.retain(|id| !theirs.contains(id.as_str()));
        let told: BTreeSet<String> = told.map(|told| told.line.id.clone()).collect();
        let odd = told.symmetric_difference(&in_stream).next()?;
        Some(format!("the stream and the rules do not agree on the change of a segment {odd}"))
    }

    /// An order that followed a reminder and is not written down, by the orders that are.
    pub(crate) fn unwritten(&self, written: &BTreeSet<EffectId>) -> Option<String> {
        self.profiles.iter().filter(|(_, profile)| profile.link.is_none()).find_map(|(key, profile)| {
            let conversions = &profile.conversions;
            let waiting = conversions.pending().map(|conversion| conversion.id).next();
            let id = waiting.or_else(|| conversions.written().find(|id| !written.contains(id)))?;
            Some(format!("the order {id} of {} followed a reminder and is not written down", short(key)))
        })
    }

    /// Where a stored profile is not what it must be.
    pub(crate) fn misfit(&self, key: &ProfileKey, stored: &Profile) -> Option<String> {
        let Some(expected) = self.profiles.get(key) else {
            return Some(format!("{} is a profile of nobody", short(key)));
        };
        // A profile may have been made, or remember, for an event that was then kept as failed.
        let received_at = stored.last_received_at.max(expected.last_received_at);
        let expected = &Profile { last_received_at: received_at, ..expected.clone() };
        let link = |p: &Profile| p.link.as_ref().map(|link| link.to.clone());
        let part = if stored.tallies != expected.tallies {
            format!("tallies {:?}, expected {:?}", stored.tallies, expected.tallies)
        } else if stored.counts != expected.counts {
            format!("counts {:?}, expected {:?}", stored.counts, expected.counts)
        } else if stored.cart != expected.cart {
            format!("cart {:?}, expected {:?}", stored.cart, expected.cart)
        } else if link(stored) != link(expected) {
            "another link".to_owned()
        } else if stored.merged != expected.merged {
            "other visitors merged".to_owned()
        } else if stored.sessions != expected.sessions {
            format!("sessions {:?}, expected {:?}", stored.sessions, expected.sessions)
        } else if rules(stored) != rules(expected) {
            format!("rules {:?}, expected {:?}", rules(stored), rules(expected))
        } else if portable(stored) != portable(expected) {
            "other behaviour".to_owned()
        } else {
            return None;
        };
        Some(format!("{}: {part}", short(key)))
    }
}

/// What the rules keep, without what is on its way to others.
fn rules(profile: &Profile) -> RuleState {
    RuleState { outbox: Vec::new(), ..profile.rules.clone() }
}

/// The customer that an event proves a visitor to be.
fn proven(key: &ProfileKey, event: &Event) -> Option<ProfileKey> {
    match &event.kind {
        EventKind::Identify { link, .. } if key.kind() == ProfileKind::Anonymous => link.clone(),
        _ => None,
    }
}

fn count(profile: &mut Profile, internal: bool, is_known: bool) {
    let tallies = &mut profile.tallies;
    let counter = match (internal, is_known) {
        (false, false) => &mut tallies.applied,
        (false, true) => &mut tallies.duplicate,
        (true, false) => &mut tallies.internal_applied,
        (true, true) => &mut tallies.internal_duplicate,
    };
    *counter += 1;
}
