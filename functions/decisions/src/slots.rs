//! The one place where slots are decided.

use crate::answer::answer;
use crate::budget::Times;
use crate::degrading::Cause;
use crate::experiments;
use crate::explain;
use crate::log::{first_rules, slot_record};
use crate::person::Known;
use crate::reading::{Lookup, Seen};
use beckon_domain::id::SlotId;
use beckon_domain::{ProductId, Timestamp};
use beckon_rules::{Assigned, Content, Decision, Page, Person, ReasonCode, SlotRequest};
use beckon_wire::decisions::{DecisionAnswer, DecisionId, SlotAsk, SlotRecord};
use beckon_wire::problem::Fault;
use std::collections::BTreeMap;

/// What slots are decided from.
pub(crate) struct Scene<'a> {
    /// What was read.
    pub seen: &'a Seen,
    /// What experiments do with who asks.
    pub assigned: &'a Assigned<'a>,
    /// Who asks, and from which page.
    pub person: Person<'a>,
    /// The time that is decided for.
    pub now: Timestamp,
    /// The request's id.
    pub request_id: &'a str,
    /// Whether to say why.
    pub explains: bool,
    /// Whether to write down why.
    pub records: bool,
    /// Whether nobody was looked up because the browser asked for that.
    pub has_gpc: bool,
    /// Whether a product is shown in one slot only.
    pub dedupes: bool,
}

/// What was decided.
#[derive(Default)]
pub(crate) struct DecidedSlots {
    /// A decision for each slot that there is.
    pub answers: Vec<DecisionAnswer>,
    /// The same, to be written down.
    pub records: Vec<SlotRecord>,
    /// Slots that there are not.
    pub errors: Vec<Fault>,
}

/// Who asks, as rules see them.
pub(crate) fn person<'a>(known: Option<&'a Known>, page: &Page) -> Person<'a> {
    Person {
        profile: known.map(|known| &known.profile),
        is_known: known.is_some_and(|known| known.is_customer),
        page: page.clone(),
        propensity: known.and_then(|known| known.propensity),
    }
}

impl Scene<'_> {
    /// Decides each slot, in the order asked for. Those for which no time is left show what everybody is shown.
    pub(crate) fn decide(&self, asks: &[SlotAsk], times: &Times) -> DecidedSlots {
        let (mut decided, mut shown) = (DecidedSlots::default(), Vec::new());
        for (number, ask) in asks.iter().enumerate() {
            let mut request = SlotRequest { count: ask.count, exclude: ask.exclude.clone() };
            if self.dedupes {
                request.exclude.extend(shown.iter().cloned());
            }
            let Some((decision, cause)) = self.slot(ask, &mut request, times) else {
                let name = self.seen.ruleset.name();
                let detail = format!("the ruleset {name} has no slot {}", ask.id);
                decided.errors.push(Fault::new(format!("/slots/{number}/id"), "slot.unknown", detail));
                continue;
            };
            shown.extend(products(&decision).cloned());
            self.tell(&mut decided, (number, ask), &request, decision, cause);
        }
        decided
    }

    /// What one slot shows, and why it is not what it could be; `None` when there is no such slot.
    fn slot(
        &self,
        ask: &SlotAsk,
        request: &mut SlotRequest,
        times: &Times,
    ) -> Option<(Decision, Option<Cause>)> {
        let Seen { ruleset, lookup, live, .. } = self.seen;
        let cause = match lookup {
            Lookup::Failed(cause) => Some(*cause),
            Lookup::Answered(_) => times.whole.is_over().then_some(Cause::Late),
        };
        if cause.is_some() {
            // The static content knows no page, and a page must not recommend its own product.
            request.exclude.extend(self.person.page.product.clone());
            let decision = ruleset.fallback(&ask.id, request, live, ReasonCode::ErrorFallback)?;
            return Some((decision, cause));
        }
        Some((
            ruleset.decide_under(self.assigned.overlay(), &ask.id, &self.person, request, live, self.now)?,
            None,
        ))
    }

    fn tell(
        &self,
        decided: &mut DecidedSlots,
        (number, ask): (usize, &SlotAsk),
        request: &SlotRequest,
        decision: Decision,
        cause: Option<Cause>,
    ) {
        let Seen { ruleset, live, .. } = self.seen;
        let (overlay, mut explanation) = (self.assigned.overlay(), None);
        if self.explains && cause.is_none() {
            let explained = ruleset.explain_under(overlay, &ask.id, &self.person, request, live, self.now);
            explanation = explained.and_then(|explained| explain::value(&explained.rules));
        }
        let rules = if self.records && cause.is_none() {
            first_rules((ruleset, overlay), &ask.id, &self.person, &decision, self.now)
        } else {
            Vec::new()
        };
        let learned = if self.explains { self.learned(&ask.id, &decision) } else { None };
        let id = DecisionId::text(self.request_id, number);
        let experiment = self.assigned.of_slot(&ask.id).map(experiments::told);
        let mut told = DecisionAnswer {
            experiment,
            explanation,
            learned,
            ..answer((ruleset, live), &ask.id, decision, id)
        };
        if cause.is_some() {
            told.fallback.reason = cause.map(Cause::code);
        }
        if self.has_gpc && told.reason.code == ReasonCode::NoProfile.code() {
            // Nobody was looked up because the browser asked for that, and not because nobody is known.
            told.reason.code = ReasonCode::ConsentDenied.code();
        }
        if self.records {
            decided.records.push(slot_record(number, &told, rules));
        }
        decided.answers.push(told);
    }
}

impl Scene<'_> {
    /// By how much each source of a decision was multiplied, where its slot learns and something was learned of it.
    fn learned(&self, slot: &SlotId, decision: &Decision) -> Option<BTreeMap<&'static str, f64>> {
        let Seen { ruleset, live, .. } = self.seen;
        let worth = live.worth.as_ref().filter(|_| ruleset.learns(&[slot]))?;
        let Content::Products(products) = &decision.content else { return None };
        let factor = |code: &'static str| Some((code, worth.factor(slot, code)?));
        products.iter().map(|one| factor(one.source.code())).collect()
    }
}

fn products(decision: &Decision) -> impl Iterator<Item = &ProductId> {
    let products =
        if let Content::Products(products) = &decision.content { products.as_slice() } else { &[] };
    products.iter().map(|one| &one.product)
}
