//! What follows from an event for the reports of experiments. Telling a finding again changes nothing, so an event tells
//! whatever it can have changed, whichever event came first.

use super::{Experiments, ORDER, WINDOW_DEFAULT};
use crate::model::Ruleset;
use beckon_domain::consent::Purpose;
use beckon_domain::event::{Event, EventKind, TraitValue};
use beckon_domain::experiment::{Activation, Exposed, Fact, Finding, Measured, RunId, closed};
use beckon_domain::id::{EffectId, GoalId, VariantId};
use beckon_domain::{DurationMs, Money, Policy, Profile, ProfileKey, SmolStr};

/// With this event of Segment's spec a page says that somebody saw a variant.
const VIEWED: &str = "Experiment Viewed";

impl Ruleset {
    /// Finds what an event changes for reports, after it was applied. Nothing of whoever denies personalization.
    pub(crate) fn find(&self, profile: &mut Profile, event: &Event, policy: &Policy) {
        let counts_anything = self.experiments.trials.iter().any(|trial| !trial.experiment.is_killed);
        if !counts_anything && profile.measured.is_empty() {
            return;
        }
        if !profile.consent.allows(Purpose::Personalization, &policy.consent_default) {
            return;
        }
        let experiments = &self.experiments;
        match &event.kind {
            EventKind::Exposed { run, .. } => experiments.exposed(&mut profile.measured, run),
            EventKind::Merge { from, state } => experiments.joined(&mut profile.measured, from, state),
            EventKind::Track(name) if name.as_str() == VIEWED => {
                if let Some(exposed) = experiments.viewed(event) {
                    let run = exposed.run.clone();
                    profile.measured.expose(exposed);
                    experiments.exposed(&mut profile.measured, &run);
                }
                self.reached(&mut profile.measured, event);
            }
            _ => self.reached(&mut profile.measured, event),
        }
    }

    /// Notes the goals that an event reaches, and tells them of every run that they came after.
    fn reached(&self, measured: &mut Measured, event: &Event) {
        for fact in self.facts_of(event) {
            let runs: Vec<RunId> = measured.exposed().map(|exposed| exposed.run.clone()).collect();
            measured.note(fact.clone());
            for run in runs {
                let Some(window) = self.experiments.window(&run) else { continue };
                let counts = measured.of(&run).is_some_and(|exposed| is_inside(exposed, &fact, window));
                if counts {
                    tell(measured, Finding::Reached(run, fact.clone()));
                }
            }
        }
    }

    /// The goals that an event reaches.
    fn facts_of(&self, event: &Event) -> Vec<Fact> {
        let at = event.occurred_at;
        let mut facts = Vec::new();
        if let EventKind::OrderCompleted { order, total, .. } = &event.kind
            && let Ok(goal) = GoalId::new(ORDER)
        {
            let own = || of_event(event, ORDER);
            let id = order.as_ref().map_or_else(own, EffectId::of_order);
            facts.push(Fact { at, id, goal, value: *total });
        }
        for goal in &self.experiments.goals {
            let is_named = goal.events.name.as_str() == event.kind.name();
            if is_named && !goal.events.filter.values(event, None, self.currency).is_empty() {
                let (id, value): (_, Option<Money>) = (of_event(event, goal.id.as_str()), None);
                facts.push(Fact { at, id, goal: goal.id.clone(), value });
            }
        }
        facts
    }
}

/// The id of what an event reached: of the event alone, because a visitor's events become a customer's.
fn of_event(event: &Event, goal: &str) -> EffectId {
    EffectId::derive("goal", &event.source, &event.id, goal)
}

impl Experiments {
    /// How long after an exposure of a run what a person does counts; `None` where nothing does. A run that is not known is
    /// of a document that is newer or older than this one: what is told in vain reports leave out.
    fn window(&self, run: &RunId) -> Option<DurationMs> {
        match self.experiment(&run.experiment) {
            None => Some(WINDOW_DEFAULT),
            Some(experiment) => (!experiment.is_killed).then_some(experiment.window),
        }
    }

    /// Tells what stands of a run, and what the person did after it.
    fn exposed(&self, measured: &mut Measured, run: &RunId) {
        let Some(window) = self.window(run) else { return };
        let Some(exposed) = measured.of(run).cloned() else { return };
        let reached: Vec<Fact> =
            measured.reached(&exposed).filter(|fact| is_inside(&exposed, fact, window)).cloned().collect();
        tell(measured, Finding::Exposed(exposed));
        for fact in reached {
            tell(measured, Finding::Reached(run.clone(), fact));
        }
    }

    /// Tells what a visitor's state changes for the customer that they turned out to be: also what they did after the
    /// customer was shown something elsewhere.
    fn joined(&self, measured: &mut Measured, from: &ProfileKey, state: &Profile) {
        let runs: Vec<RunId> = measured.exposed().map(|exposed| exposed.run.clone()).collect();
        let has_facts = !state.measured.is_without_facts();
        for run in runs {
            let was_in = state.measured.of(&run).is_some();
            if was_in && self.window(&run).is_some() {
                tell(measured, Finding::Joined(run.clone(), from.clone()));
            }
            if was_in || has_facts {
                self.exposed(measured, &run);
            }
        }
    }

    /// What a page says that the person saw, of an experiment that leaves it to pages and runs.
    fn viewed(&self, event: &Event) -> Option<Exposed> {
        let (experiment, variant) = (told(event, "experiment_id")?, told(event, "variation_id")?);
        let experiment = self.iter().find(|known| known.run.experiment.as_str() == experiment)?;
        let variant = VariantId::new(&variant).ok()?;
        let at = event.occurred_at;
        let is_open = experiment.activation == Activation::Client && closed(experiment, at).is_none();
        let exists = experiment.index_of(&variant).is_some();
        (is_open && exists).then(|| Exposed { run: experiment.run.clone(), variant, at, crossed_over: false })
    }
}

fn told(event: &Event, name: &str) -> Option<SmolStr> {
    match event.property(name)? {
        TraitValue::Text(text) => Some(SmolStr::new(text)),
        TraitValue::Number(number) => Some(SmolStr::new(number.to_string())),
        TraitValue::Bool(_) => None,
    }
}

fn is_inside(exposed: &Exposed, fact: &Fact, window: DurationMs) -> bool {
    exposed.at <= fact.at && fact.at < exposed.at + window
}

/// Puts a finding into the outbox; of a run's exposure only what stands.
fn tell(measured: &mut Measured, finding: Finding) {
    if let Finding::Exposed(new) = &finding {
        measured.outbox.retain(|told| !matches!(told, Finding::Exposed(old) if old.run == new.run));
    }
    if !measured.outbox.contains(&finding) {
        measured.outbox.push(finding);
    }
}
