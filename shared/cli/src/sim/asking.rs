//! Pages that ask what to show, between all that fails: they are answered, and with what is known.

use super::experiments::run;
use super::ground::Notes;
use super::script::{What, visitor_id};
use super::world::{Ended, Work, World};
use beckon_domain::event::EventKind;
use beckon_domain::experiment::Measured;
use beckon_domain::id::VariantId;
use beckon_domain::{Profile, ProfileKey};
use beckon_store::tables::{ProfileStore, Read};
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{DecisionsResponse, ExperimentAnswer};
use decisions::{Browser, DecideError};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The slot of the simulation's ruleset.
pub(crate) const SLOT: &str = "home";

/// What was known when a page asked.
pub(crate) struct Before {
    visitor: usize,
    known: Known,
    /// What the person was shown first in the experiment.
    shown: Option<VariantId>,
}

/// What a page must at least be told of the person, if nothing strikes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Known {
    Nothing,
    Anonymous,
    Customer,
}

impl World {
    /// Who has just sent a request looks at a page, now and then.
    pub(crate) fn ask(&mut self, op: usize) {
        let Some(What::Request(request)) = self.script.ops.get(op).map(|op| &op.what) else { return };
        let id = request.body["batch"][0]["anonymousId"].as_str().unwrap_or_default();
        let Some(visitor) = (0..self.visitors.len()).find(|index| visitor_id(*index) == id) else { return };
        if !self.net.lock().dice.chance(150) {
            return;
        }
        let mut body = json!({ "anonymousId": id, "slots": [{ "id": SLOT }] });
        if let Some(customer) = self.script.customers.get(visitor).copied().flatten() {
            body["userId"] = json!(format!("customer-{customer}"));
        }
        let known = self.visitor(visitor).map_or(Known::Nothing, |key| self.known(key));
        let before = Before { visitor, known, shown: self.shown_first(visitor) };
        let decider = Arc::clone(&self.decider);
        let call = async move {
            Ended::Decided(
                decider
                    .decide(
                        body.to_string().as_bytes(),
                        &Credentials::of_key("pk_local"),
                        Browser::default(),
                        "simulated",
                    )
                    .await,
            )
        };
        self.start(Work::Decision(before), None, Box::pin(call));
    }

    fn known(&self, key: &ProfileKey) -> Known {
        match self.stored(key) {
            None => Known::Nothing,
            Some(profile) if profile.link.is_some() => Known::Customer,
            Some(_) => Known::Anonymous,
        }
    }

    /// A profile as it is stored.
    pub(crate) fn stored(&self, key: &ProfileKey) -> Option<Profile> {
        let loaded = self.tables.inner.load(std::slice::from_ref(key), Read::Strong).now_or_never();
        Some(loaded?.ok()?.remove(key)?.profile)
    }

    /// The visitor's profile, and that of the customer that it turned out to be.
    fn halves(&self, visitor: usize) -> Vec<(ProfileKey, Profile)> {
        let half = |key: &ProfileKey| Some((key.clone(), self.stored(key)?));
        let own = self.visitor(visitor).and_then(half);
        let linked = own.iter().find_map(|(_, profile)| half(&profile.link.as_ref()?.to));
        own.into_iter().chain(linked).collect()
    }

    /// The variant that a visitor was shown first, as both halves know it.
    fn shown_first(&self, visitor: usize) -> Option<VariantId> {
        let (run, mut measured) = (run()?, Measured::default());
        for (_, profile) in self.halves(visitor) {
            measured = measured.merge(&profile.measured);
        }
        Some(measured.of(&run)?.variant.clone())
    }

    /// What a page shows in the experiment, where nothing struck and nobody is erased: whoever was shown a variant keeps it,
    /// and whoever is shown one is told of in the stream.
    fn check_variant(&self, before: &Before, told: Option<&ExperimentAnswer>) -> Option<String> {
        let Some(told) = told.filter(|told| told.in_experiment) else {
            return Some("a page was not told its variant".to_owned());
        };
        let shown = before.shown.as_ref().filter(|_| before.shown == self.shown_first(before.visitor));
        if let Some(shown) = shown.filter(|shown| shown.as_str() != told.variant) {
            let name = visitor_id(before.visitor);
            return Some(format!("{name} was shown {shown} first, and is shown {} now", told.variant));
        }
        // The customer's profile may not be there yet, because the visitor's state is still under way to it.
        let mut keys: BTreeSet<ProfileKey> = self.visitor(before.visitor).into_iter().cloned().collect();
        keys.extend(self.halves(before.visitor).into_iter().filter_map(|(_, half)| Some(half.link?.to)));
        let is_half = |key: &&ProfileKey| {
            self.stored(key).and_then(|profile| profile.link).is_some_and(|link| keys.contains(&link.to))
        };
        let others: Vec<ProfileKey> = self.visitors.iter().filter(is_half).cloned().collect();
        keys.extend(others);
        let ground = self.net.lock();
        let mut lines = ground.book.log.iter().flat_map(|logged| &logged.told);
        let is_told = lines.any(|line| {
            let is_of = keys.iter().any(|key| key.as_str() == line.line.key);
            is_of && matches!(&line.event.kind, EventKind::Exposed { variant, .. } if variant.as_str() == told.variant)
        });
        (!is_told)
            .then(|| format!("{} was shown {}, and nobody is told", visitor_id(before.visitor), told.variant))
    }

    /// A page was answered: always with content, and where nothing struck with what is known.
    pub(crate) fn decided(
        &self,
        before: &Before,
        notes: &Notes,
        answer: &Result<DecisionsResponse, DecideError>,
    ) {
        let known = before.known;
        let is_calm = !notes.shared && !notes.stale && !self.has_erased;
        let variant = answer
            .as_ref()
            .ok()
            .filter(|_| is_calm)
            .and_then(|answer| self.check_variant(before, answer.decisions.first()?.experiment.as_ref()));
        if let Some(violation) = variant {
            self.net.lock().book.violated(|| violation);
        }
        let mut ground = self.net.lock();
        let answer = match answer {
            Ok(answer) => answer,
            // A process that never read a ruleset has nothing to decide by.
            Err(error) if error.is_transient() && notes.shared => return,
            Err(error) => return ground.book.violated(|| format!("a page was not answered: {error}")),
        };
        let has_content = |d: &beckon_wire::decisions::DecisionAnswer| {
            d.offer.is_some() || d.items.as_ref().is_some_and(|items| !items.is_empty())
        };
        if answer.decisions.len() != 1 || !answer.decisions.iter().all(has_content) {
            ground.book.violated(|| "a page was answered without content".to_owned());
        }
        let told = match answer.profile.state {
            "known" => Known::Customer,
            "anonymous" => Known::Anonymous,
            _ => Known::Nothing,
        };
        // Of who was erased in between nothing is told.
        let is_erased = told == Known::Nothing && self.has_erased;
        if told < known && !notes.shared && !notes.stale && !is_erased {
            ground
                .book
                .violated(|| format!("a page was told {told:?} of a person of whom {known:?} is stored"));
        }
    }
}
