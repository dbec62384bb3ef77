//! Experiments: what is compared on which part of people, compiled against the ruleset that they change.
//!
//! A document of experiments lies beside the ruleset. What a variant changes is laid over the ruleset while it decides
//! ([`Overlay`]): nothing is compiled for a request. One experiment is always there unless the document says otherwise: the
//! holdout, of whom a part sees what everybody would see without any rules.
//!
//! Reading order: `trial` (an experiment with what it changes), [`Overlay`] (that over a ruleset), [`assigned`](Assigned)
//! (what experiments do with a person), `findings` (what follows from events for reports); the document is read by
//! `crate::load::experiments`.

mod assigned;
mod findings;
mod overlay;
mod trial;

pub use assigned::{Asked, Assigned, Forced, InSlot, Subject};
pub use overlay::Overlay;
pub(crate) use trial::{Changes, Goal, RuleChange, Slots, Trial};

use crate::aggregate::Watch;
use crate::error::RulesetError;
use crate::model::Ruleset;
use beckon_domain::DurationMs;
use beckon_domain::experiment::{Activation, Definition, Experiment, Ramp, RunId, Status, Variant};
use beckon_domain::id::{ExperimentId, GoalId, VariantId};

/// What begins the names of experiments that Beckon itself has.
pub const RESERVED: &str = "beckon.";
/// The experiment of all personalization.
pub const HOLDOUT: &str = "beckon.holdout";
/// Its control: people who see what everybody would see without any rules.
pub const HELD_OUT: &str = "held_out";
/// Its other variant: everybody else.
pub const PERSONALIZED: &str = "personalized";
/// The part of all people that is held out where no document says otherwise.
pub const HOLDOUT_SHARE_DEFAULT: f64 = 0.05;
/// How long after being shown a variant of the holdout what a person does counts.
pub const HOLDOUT_WINDOW: DurationMs = DurationMs::from_days(30);
/// How long after being shown a variant what a person does counts, where an experiment does not say.
pub const WINDOW_DEFAULT: DurationMs = DurationMs::from_days(7);
/// The goal that is always there: `Order Completed`, worth what was paid.
pub const ORDER: &str = "order";

/// All experiments, compiled once from their document, then only read.
#[derive(Clone, Debug)]
pub struct Experiments {
    pub(crate) version: String,
    /// The holdout first, where there is one; then in the order of the text.
    pub(crate) trials: Vec<Trial>,
    pub(crate) goals: Vec<Goal>,
    /// What conditions of experiments ask to be remembered of people.
    pub(crate) watches: Vec<Watch>,
}

impl Experiments {
    /// None at all, not even the holdout.
    #[must_use]
    pub fn none() -> Self {
        Self { version: String::new(), trials: Vec::new(), goals: Vec::new(), watches: Vec::new() }
    }

    /// Compiles a document against the ruleset that its experiments change.
    ///
    /// # Errors
    /// When anything in it is wrong: every problem with its place and what to do about it.
    pub fn load(text: &str, ruleset: &Ruleset) -> Result<Self, RulesetError> {
        crate::load::experiments::load(text, ruleset)
    }

    /// Which text it was compiled from: the first 12 hexadecimal digits of the text's SHA-256. Where there was none, that of
    /// the empty text.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The experiments, the holdout first, then in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Experiment> {
        self.trials.iter().map(|trial| &trial.experiment)
    }

    /// The experiment of this name.
    #[must_use]
    pub fn experiment(&self, id: &ExperimentId) -> Option<&Experiment> {
        self.iter().find(|experiment| experiment.run.experiment == *id)
    }

    /// What is counted: orders, then the document's own goals.
    pub fn goal_ids(&self) -> impl Iterator<Item = &str> {
        [ORDER].into_iter().chain(self.goals.iter().map(|goal| goal.id.as_str()))
    }
}

impl Default for Experiments {
    /// What holds where no document was ever published: the holdout, at [`HOLDOUT_SHARE_DEFAULT`].
    fn default() -> Self {
        let trials = holdout(HOLDOUT_SHARE_DEFAULT, false).into_iter().collect();
        Self { version: crate::load::version(""), trials, ..Self::none() }
    }
}

/// The holdout with this part of all people; `None` where that is nobody.
pub(crate) fn holdout(share: f64, is_killed: bool) -> Option<Trial> {
    if share <= 0.0 {
        return None;
    }
    // Held out first: more of them are the same and others, and reports compare with what is first.
    let variants = [(HELD_OUT, share), (PERSONALIZED, 1.0 - share)]
        .into_iter()
        .map(|(id, weight)| Some(Variant { id: VariantId::new(id).ok()?, weight }))
        .collect::<Option<Vec<Variant>>>()?;
    let definition = Definition {
        run: RunId { experiment: ExperimentId::new(HOLDOUT).ok()?, number: 1 },
        status: Status::Running,
        is_killed,
        from: None,
        until: None,
        coverage: Ramp::always(1.0).ok()?,
        namespace: None,
        seed: None,
        goal: GoalId::new(ORDER).ok()?,
        window: HOLDOUT_WINDOW,
        activation: Activation::Server,
        variants,
    };
    let experiment = Experiment::new(definition).ok()?;
    let changes = vec![Changes::default(); experiment.variants.len()];
    Some(Trial { experiment, is_holdout: true, when: None, slots: Slots::Everywhere, changes })
}

impl Ruleset {
    /// The same ruleset with experiments that were compiled against it, in place of those that it had.
    #[must_use]
    pub fn with_experiments(mut self, experiments: Experiments) -> Self {
        self.reactions = self.reactions.of_version(&self.version).with_watches_of(&experiments);
        self.experiments = experiments;
        self
    }

    /// Its experiments.
    #[must_use]
    pub fn experiments(&self) -> &Experiments {
        &self.experiments
    }
}
