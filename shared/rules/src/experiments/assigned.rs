//! What experiments do with a person: asked once for a request, of all experiments that play a part in it.

use super::overlay::Overlay;
use super::trial::Trial;
use super::{HELD_OUT, HOLDOUT};
use crate::model::Ruleset;
use crate::page::Person;
use beckon_domain::Timestamp;
use beckon_domain::consent::Purpose;
use beckon_domain::experiment::{Activation, Assignment, Experiment, Measured, Outside, RunId, assign};
use beckon_domain::id::{SlotId, VariantId};

/// Variants that somebody asked to see: of these alone, and nothing is counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Forced(pub Vec<(RunId, VariantId)>);

/// Whom experiments are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What the person is divided by: the key of the profile that their browser's own id has, so that a login moves
    /// nobody; else the customer's. `None` for whoever is in no experiment.
    pub unit: Option<&'a str>,
    /// What they were shown before.
    pub measured: Option<&'a Measured>,
    /// What somebody asked to see.
    pub forced: &'a Forced,
}

/// What is about to be shown.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// These slots of a page.
    Slots(&'a [&'a SlotId]),
    /// A reminder.
    Mail,
}

/// What experiments do with a person.
#[derive(Clone, Debug, Default)]
pub struct Assigned<'r> {
    /// Those that play a part, the holdout first.
    placed: Vec<Placed<'r>>,
    overlay: Overlay<'r>,
}

/// A person in an experiment, or out of it.
#[derive(Clone, Copy, Debug)]
struct Placed<'r> {
    trial: &'r Trial,
    assignment: Assignment,
    is_forced: bool,
}

/// The experiment of a slot.
#[derive(Clone, Copy, Debug)]
pub struct InSlot<'r> {
    /// Which.
    pub experiment: &'r Experiment,
    /// The variant that the slot shows: of who is not in it the control, or the winner.
    pub variant: &'r VariantId,
    /// Whether the person is in it.
    pub is_in: bool,
    /// Where they fall, from 0 to 9,999, where that was asked.
    pub bucket: Option<u32>,
}

impl<'r> Assigned<'r> {
    /// What the assigned variants change.
    #[must_use]
    pub const fn overlay(&self) -> &Overlay<'r> {
        &self.overlay
    }

    /// What the person is shown now and was never shown before, as far as showing it is what counts.
    pub fn exposures(&self) -> impl Iterator<Item = (&'r RunId, &'r VariantId)> + '_ {
        self.placed.iter().filter_map(|placed| {
            let counts = !placed.is_forced && placed.experiment().activation == Activation::Server;
            match placed.assignment {
                Assignment::In { variant, is_sticky: false, .. } if counts => {
                    Some((&placed.experiment().run, &placed.experiment().variants.get(variant)?.id))
                }
                _ => None,
            }
        })
    }

    /// The experiment that changed a slot, or could have: of who is held out the holdout, else one that changes it, else one
    /// that compares without changing anything.
    #[must_use]
    pub fn of_slot(&self, slot: &SlotId) -> Option<InSlot<'r>> {
        let here = || self.placed.iter().filter(|placed| placed.trial.slots.contains(slot));
        let holdout = here().find(|placed| placed.trial.is_holdout).filter(|_| self.overlay.is_held_out);
        let own = || here().filter(|placed| !placed.trial.is_holdout && placed.is_running());
        let placed =
            holdout.or_else(|| own().find(|placed| placed.trial.has_changes())).or_else(|| own().next())?;
        placed.in_slot()
    }
}

impl<'r> Placed<'r> {
    const fn experiment(&self) -> &'r Experiment {
        &self.trial.experiment
    }

    /// Whether it takes people, or everybody sees its winner.
    const fn is_running(&self) -> bool {
        use Outside::{Draft, Killed, NotBegun, Over, Stopped};
        !matches!(self.assignment, Assignment::Out(Draft | Killed | NotBegun | Over | Stopped(None)))
    }

    /// The variant that is shown, by its place.
    const fn shown(&self) -> Option<usize> {
        match self.assignment {
            Assignment::In { variant, .. } | Assignment::Out(Outside::Stopped(Some(variant))) => {
                Some(variant)
            }
            Assignment::Out(_) => None,
        }
    }

    fn in_slot(&self) -> Option<InSlot<'r>> {
        let experiment = self.experiment();
        let (is_in, bucket) = match self.assignment {
            Assignment::In { bucket, .. } => (true, Some(bucket)),
            Assignment::Out(Outside::NotCovered(bucket)) => (false, Some(bucket)),
            Assignment::Out(_) => (false, None),
        };
        let variant = &experiment.variants.get(self.shown().unwrap_or_default())?.id;
        Some(InSlot { experiment, variant, is_in, bucket })
    }
}

impl Ruleset {
    /// Asks every experiment that plays a part in what is about to be shown. Whoever denies personalization is in none, and
    /// whoever is held out in no other; everybody else sees the winners of stopped ones, whoever they are.
    #[must_use]
    pub fn assign<'r>(
        &'r self,
        subject: &Subject<'_>,
        asked: Asked<'_>,
        person: &Person<'_>,
        now: Timestamp,
    ) -> Assigned<'r> {
        let subject = Subject { unit: subject.unit.filter(|_| self.may_personalize(person)), ..*subject };
        let mut assigned = Assigned::default();
        for trial in self.experiments.trials.iter().filter(|trial| trial.plays_a_part(asked)) {
            let placed = self.place(trial, &subject, assigned.overlay.is_held_out, person, now);
            let shown = placed.shown();
            if trial.is_holdout && shown.is_some_and(|index| is_held_out(&trial.experiment, index)) {
                assigned.overlay.is_held_out = true;
            }
            let changes = shown.filter(|_| !assigned.overlay.is_held_out);
            assigned.overlay.changes.extend(changes.and_then(|index| trial.changes.get(index)));
            assigned.placed.push(placed);
        }
        assigned
    }

    fn may_personalize(&self, person: &Person<'_>) -> bool {
        let default = &self.policy.consent_default;
        match person.profile {
            Some(profile) => profile.consent.allows(Purpose::Personalization, default),
            None => beckon_domain::consent::Consent::default().allows(Purpose::Personalization, default),
        }
    }

    fn place<'r>(
        &self,
        trial: &'r Trial,
        subject: &Subject<'_>,
        is_held_out: bool,
        person: &Person<'_>,
        now: Timestamp,
    ) -> Placed<'r> {
        let experiment = &trial.experiment;
        let out = |outside| Placed { trial, assignment: Assignment::Out(outside), is_forced: false };
        if !subject.forced.0.is_empty() {
            let named = subject.forced.0.iter().find(|(run, _)| *run == experiment.run);
            let Some(variant) = named.and_then(|(_, variant)| experiment.index_of(variant)) else {
                return out(Outside::NotEligible);
            };
            let assignment = Assignment::In { variant, bucket: 0, is_sticky: false };
            return Placed { trial, assignment, is_forced: true };
        }
        if let Some(outside) = beckon_domain::experiment::closed(experiment, now) {
            return out(outside);
        }
        let Some(unit) = subject.unit else { return out(Outside::NotEligible) };
        if is_held_out {
            return out(Outside::Excluded);
        }
        if !trial.when.as_ref().is_none_or(|when| {
            let may_be_asked = person.profile.is_some() || when.asks_only_the_page();
            may_be_asked && when.evaluate(&self.facts(person, now)).is_some()
        }) {
            return out(Outside::NotEligible);
        }
        let sticky = subject.measured.and_then(|measured| measured.of(&experiment.run));
        Placed { trial, assignment: assign(experiment, unit, sticky, now), is_forced: false }
    }
}

impl Trial {
    fn plays_a_part(&self, asked: Asked<'_>) -> bool {
        match asked {
            Asked::Slots(slots) => slots.iter().any(|slot| self.slots.contains(slot)),
            Asked::Mail => self.is_holdout || self.changes_mail(),
        }
    }
}

fn is_held_out(experiment: &Experiment, index: usize) -> bool {
    let is_holdout = experiment.run.experiment.as_str() == HOLDOUT;
    is_holdout && experiment.variants.get(index).is_some_and(|variant| variant.id.as_str() == HELD_OUT)
}
