//! The slots of a request, decided one after the other from what was read before.

use crate::answer::answer;
use crate::experiments;
use crate::explain;
use crate::knowledge::Knowledge;
use crate::process::{Lookup, person};
use beckon_domain::Timestamp;
use beckon_rules::{Assigned, Page, ReasonCode, Ruleset, SlotRequest};
use beckon_runtime::fresh_id;
use beckon_wire::decisions::{DecisionAnswer, SlotAsk};
use beckon_wire::problem::Fault;

/// What slots are decided from.
pub(crate) struct Scene<'a> {
    pub(crate) ruleset: &'a Ruleset,
    /// What experiments do with who asks.
    pub(crate) assigned: &'a Assigned<'a>,
    pub(crate) lookup: &'a Lookup,
    /// Whether to say why.
    pub(crate) explains: bool,
    pub(crate) page: &'a Page,
    pub(crate) live: &'a Knowledge,
    pub(crate) has_gpc: bool,
    pub(crate) now: Timestamp,
}

impl Scene<'_> {
    /// A decision for each slot that there is, and a fault for each other.
    pub(crate) fn slots(&self, asks: &[SlotAsk]) -> (Vec<DecisionAnswer>, Vec<Fault>) {
        let (mut decisions, mut errors) = (Vec::with_capacity(asks.len()), Vec::new());
        for (index, ask) in asks.iter().enumerate() {
            match self.slot(ask) {
                Some(decision) if self.has_gpc => decisions.push(without_consent(decision)),
                Some(decision) => decisions.push(decision),
                None => {
                    let detail = format!("the ruleset {} has no slot {}", self.ruleset.name(), ask.id);
                    errors.push(Fault::new(format!("/slots/{index}/id"), "slot.unknown", detail));
                }
            }
        }
        (decisions, errors)
    }

    fn slot(&self, ask: &SlotAsk) -> Option<DecisionAnswer> {
        let Self { ruleset, live, now, .. } = *self;
        let overlay = self.assigned.overlay();
        let mut explanation = None;
        let mut request = SlotRequest { count: ask.count, exclude: ask.exclude.clone() };
        let decision = match self.lookup {
            Lookup::Failed => {
                // The static content knows no page, and a page must not recommend its own product.
                request.exclude.extend(self.page.product.clone());
                ruleset.fallback(&ask.id, &request, live, ReasonCode::ErrorFallback)?
            }
            Lookup::Answered(known) => {
                let person = person(known.as_deref(), self.page);
                if self.explains {
                    let explained = ruleset.explain_under(overlay, &ask.id, &person, &request, live, now);
                    explanation = explained.and_then(|explained| explain::value(&explained.rules));
                }
                ruleset.decide_under(overlay, &ask.id, &person, &request, live, now)?
            }
        };
        let experiment = self.assigned.of_slot(&ask.id).map(experiments::told);
        let told = answer((ruleset, live), &ask.id, decision, fresh_id());
        Some(DecisionAnswer { experiment, explanation, ..told })
    }
}

/// Nobody was looked up because the browser asked for that: the reason says so, and not that nobody is known.
fn without_consent(mut decision: DecisionAnswer) -> DecisionAnswer {
    if decision.reason.code == ReasonCode::NoProfile.code() {
        decision.reason.code = ReasonCode::ConsentDenied.code();
    }
    decision
}
