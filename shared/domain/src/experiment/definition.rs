//! What an experiment is: which variants, for whom, from when until when. One that exists is valid.

use super::bucket::{BUCKET_COUNT, Namespace};
use super::exposure::RunId;
use crate::id::{GoalId, VariantId};
use crate::time::{DurationMs, Timestamp};
use smol_str::{SmolStr, format_smolstr};
use std::ops::Deref;

/// Variants of an experiment at least; with one there is nothing to compare.
pub const VARIANT_COUNT_MIN: usize = 2;
/// Variants of an experiment at most.
pub const VARIANT_COUNT_MAX: usize = 10;
/// How far from 1 the weights of all variants together may be: thirds are written as 33.3 %.
pub const WEIGHT_SUM_SLACK: f64 = 0.01;

/// One of the things that are compared.
#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    /// Its name, unique in the experiment.
    pub id: VariantId,
    /// Its share of those who are in the experiment, from 0 to 1.
    pub weight: f64,
}

/// How far an experiment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Written down and not begun.
    Draft,
    /// People are assigned.
    Running,
    /// Nobody is assigned any more.
    Stopped {
        /// The variant that everybody sees from now on, by its place; nobody's change where there is none.
        winner: Option<usize>,
    },
}

/// What counts as having been shown a variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Activation {
    /// The decision that used it.
    #[default]
    Server,
    /// The page's event `Experiment Viewed`: the page knows when the visitor saw it.
    Client,
}

/// How large a part of all people an experiment takes, as time goes on.
#[derive(Clone, PartialEq, Debug)]
pub struct Ramp(Vec<(Timestamp, f64)>);

impl Ramp {
    /// The same part from the beginning to the end, from 0 to 1.
    ///
    /// # Errors
    /// When it is not such a part.
    pub fn always(coverage: f64) -> Result<Self, DefinitionError> {
        Self::steps(vec![(Timestamp::EPOCH, coverage)])
    }

    /// A part from each of these times on, earliest first; nobody before the first.
    ///
    /// # Errors
    /// When there is none, a part is not from 0 to 1, or a time is not later than the one before.
    pub fn steps(steps: Vec<(Timestamp, f64)>) -> Result<Self, DefinitionError> {
        if steps.is_empty() || steps.iter().any(|(_, coverage)| !(0.0..=1.0).contains(coverage)) {
            return Err(DefinitionError::Coverage);
        }
        if steps.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(DefinitionError::RampOrder);
        }
        Ok(Self(steps))
    }

    /// The part that is taken at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> f64 {
        self.0.iter().rev().find(|(from, _)| *from <= now).map_or(0.0, |(_, coverage)| *coverage)
    }
}

/// What makes up an experiment.
#[derive(Clone, PartialEq, Debug)]
pub struct Definition {
    /// Which experiment, and which run of it.
    pub run: RunId,
    /// How far it is.
    pub status: Status,
    /// Whether it is switched off: everybody sees the control, and nothing is counted.
    pub is_killed: bool,
    /// When it begins, if not at once.
    pub from: Option<Timestamp>,
    /// When it ends; that instant does not belong to it.
    pub until: Option<Timestamp>,
    /// Which part of all people it takes.
    pub coverage: Ramp,
    /// The part of a shared set of people that it is confined to.
    pub namespace: Option<Namespace>,
    /// What people are divided by, where that is not the experiment's own name.
    pub seed: Option<SmolStr>,
    /// What it is judged by first.
    pub goal: GoalId,
    /// How long after being shown a variant what a person does counts.
    pub window: DurationMs,
    /// What counts as having been shown a variant.
    pub activation: Activation,
    /// What is compared, the control first.
    pub variants: Vec<Variant>,
}

/// Why there can be no such experiment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Too few variants, or too many.
    #[error("an experiment has {VARIANT_COUNT_MIN} to {VARIANT_COUNT_MAX} variants")]
    VariantCount,
    /// Two variants of one name.
    #[error("its variants must have different names")]
    VariantTwice,
    /// A weight that is no share.
    #[error("a weight is from 0 to 100 %")]
    Weight,
    /// Shares of more or less than everybody.
    #[error("its weights must add up to 100 %")]
    WeightSum,
    /// A winner that is no variant.
    #[error("its winner must be one of its variants")]
    Winner,
    /// It ends before it begins.
    #[error("its `until` must be later than its `from`")]
    Until,
    /// A coverage that is no share, or none at all.
    #[error("coverage is from 0 to 100 %")]
    Coverage,
    /// Steps of a ramp that go back in time.
    #[error("each step of a ramp must begin later than the one before")]
    RampOrder,
    /// A part of a namespace that is none.
    #[error("its part of a namespace must begin before it ends, both from 0 to 1")]
    Namespace,
    /// Nothing would ever count.
    #[error("its window must be longer than nothing")]
    Window,
    /// Runs are counted from 1.
    #[error("runs are counted from 1")]
    Run,
}

impl DefinitionError {
    /// Whether the same definition may be possible later: never.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        false
    }
}

/// An experiment that can be run: its definition, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Experiment {
    definition: Definition,
    seed: SmolStr,
    /// The seed's hash: it is the same for everybody.
    seeded: u32,
}

impl Experiment {
    /// Checks a definition.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn new(definition: Definition) -> Result<Self, DefinitionError> {
        let variants = &definition.variants;
        if !(VARIANT_COUNT_MIN..=VARIANT_COUNT_MAX).contains(&variants.len()) {
            return Err(DefinitionError::VariantCount);
        }
        if (1..variants.len()).any(|i| variants[..i].iter().any(|before| before.id == variants[i].id)) {
            return Err(DefinitionError::VariantTwice);
        }
        if variants.iter().any(|variant| !(0.0..=1.0).contains(&variant.weight)) {
            return Err(DefinitionError::Weight);
        }
        let sum: f64 = variants.iter().map(|variant| variant.weight).sum();
        if (sum - 1.0).abs() > WEIGHT_SUM_SLACK {
            return Err(DefinitionError::WeightSum);
        }
        if matches!(definition.status, Status::Stopped { winner: Some(index) } if index >= variants.len()) {
            return Err(DefinitionError::Winner);
        }
        if definition.from.zip(definition.until).is_some_and(|(from, until)| from >= until) {
            return Err(DefinitionError::Until);
        }
        let is_part = |namespace: &Namespace| {
            let range = namespace.range;
            0.0 <= range.start && range.start < range.end && range.end <= 1.0
        };
        if !definition.namespace.as_ref().is_none_or(is_part) {
            return Err(DefinitionError::Namespace);
        }
        if definition.window == DurationMs::ZERO {
            return Err(DefinitionError::Window);
        }
        if definition.run.number == 0 {
            return Err(DefinitionError::Run);
        }
        let run = &definition.run;
        let own = || match run.number {
            1 => SmolStr::new(run.experiment.as_str()),
            number => format_smolstr!("{}#{number}", run.experiment),
        };
        let seed = definition.seed.clone().unwrap_or_else(own);
        let seeded = super::bucket::seeded(&seed);
        Ok(Self { definition, seed, seeded })
    }

    /// What people are divided by.
    #[must_use]
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// The variant that everybody sees who is not in the experiment.
    #[must_use]
    pub fn control(&self) -> Option<&Variant> {
        self.variants.first()
    }

    /// The place of a variant.
    #[must_use]
    pub fn index_of(&self, variant: &VariantId) -> Option<usize> {
        self.variants.iter().position(|own| own.id == *variant)
    }

    /// Whether nobody can ever be in both: their parts of one namespace, or their times, do not overlap.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        let apart = |one: &Namespace, two: &Namespace| {
            one.id == two.id && (one.range.end <= two.range.start || two.range.end <= one.range.start)
        };
        let is_before =
            |one: &Self, two: &Self| one.until.zip(two.from).is_some_and(|(until, from)| until <= from);
        let namespaces = self.namespace.as_ref().zip(other.namespace.as_ref());
        namespaces.is_some_and(|(one, two)| apart(one, two))
            || is_before(self, other)
            || is_before(other, self)
    }

    /// The bucket of a unit, from 0 to below [`BUCKET_COUNT`], and where that is among all, from 0 to below 1.
    pub(super) fn place(&self, unit: &str) -> (u32, f64) {
        let bucket = super::bucket::bucket_after(self.seeded, unit);
        (bucket, f64::from(bucket) / f64::from(BUCKET_COUNT))
    }
}

impl Deref for Experiment {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        &self.definition
    }
}
