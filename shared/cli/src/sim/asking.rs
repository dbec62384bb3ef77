//! Pages that ask what to show, between all that fails: they are answered, and with what is known.

use super::ground::Notes;
use super::script::{What, visitor_id};
use super::world::{Ended, Work, World};
use beckon_domain::ProfileKey;
use beckon_store::tables::{ProfileStore, Read};
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::DecisionsResponse;
use decisions::{Browser, DecideError};
use futures_util::FutureExt;
use serde_json::json;
use std::sync::Arc;

/// The slot of the simulation's ruleset.
pub(crate) const SLOT: &str = "home";

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
        self.start(Work::Decision { known }, None, Box::pin(call));
    }

    fn known(&self, key: &ProfileKey) -> Known {
        let loaded = self.tables.inner.load(std::slice::from_ref(key), Read::Strong).now_or_never();
        match loaded.and_then(Result::ok).and_then(|mut loaded| loaded.remove(key)) {
            None => Known::Nothing,
            Some(stored) if stored.profile.link.is_some() => Known::Customer,
            Some(_) => Known::Anonymous,
        }
    }

    /// A page was answered: always with content, and where nothing struck with what is known.
    pub(crate) fn decided(
        &self,
        known: Known,
        notes: &Notes,
        answer: &Result<DecisionsResponse, DecideError>,
    ) {
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
