//! Who is in which variant: by what the person was shown first, else by where they fall.

use super::definition::{Experiment, Status};
use super::exposure::Exposed;
use crate::time::Timestamp;

/// What an experiment does with a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assignment {
    /// They are in it.
    In {
        /// In which of its variants, by its place.
        variant: usize,
        /// Where they fall, from 0 to 9,999.
        bucket: u32,
        /// Whether they were shown it before: it stays, wherever they fall now.
        is_sticky: bool,
    },
    /// They are not.
    Out(Outside),
}

/// Why a person is not in an experiment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outside {
    /// It is a draft.
    Draft,
    /// It is switched off.
    Killed,
    /// Its time has not come.
    NotBegun,
    /// Its time is over.
    Over,
    /// It is stopped; what everybody sees then, by its place.
    Stopped(Option<usize>),
    /// It is not meant for them.
    NotEligible,
    /// They are held out of everything, or another experiment has their part of the namespace.
    Excluded,
    /// They fall beyond the part that it takes; where, from 0 to 9,999.
    NotCovered(u32),
}

/// Assigns a person by their `unit`. `sticky` is what they were shown first in this run: they stay there, also when the
/// experiment takes fewer people since, as long as the variant exists.
#[must_use]
pub fn assign(experiment: &Experiment, unit: &str, sticky: Option<&Exposed>, now: Timestamp) -> Assignment {
    if let Some(outside) = closed(experiment, now) {
        return Assignment::Out(outside);
    }
    let shown = sticky.filter(|shown| shown.run == experiment.run);
    if let Some(variant) = shown.and_then(|shown| experiment.index_of(&shown.variant)) {
        let (bucket, _) = experiment.place(unit);
        return Assignment::In { variant, bucket, is_sticky: true };
    }
    if experiment.namespace.as_ref().is_some_and(|namespace| !namespace.contains(unit)) {
        return Assignment::Out(Outside::Excluded);
    }
    let (bucket, at) = experiment.place(unit);
    // The same sums as `bucket_ranges`, without a list of them.
    let coverage = experiment.coverage.at(now);
    let mut begin = 0.0;
    for (variant, weight) in experiment.variants.iter().map(|variant| variant.weight).enumerate() {
        if at >= begin && at < begin + coverage * weight {
            return Assignment::In { variant, bucket, is_sticky: false };
        }
        begin += weight;
    }
    Assignment::Out(Outside::NotCovered(bucket))
}

/// Why an experiment takes nobody at `now`, if so.
#[must_use]
pub fn closed(experiment: &Experiment, now: Timestamp) -> Option<Outside> {
    match experiment.status {
        _ if experiment.is_killed => Some(Outside::Killed),
        Status::Draft => Some(Outside::Draft),
        Status::Stopped { winner } => Some(Outside::Stopped(winner)),
        Status::Running if experiment.from.is_some_and(|from| now < from) => Some(Outside::NotBegun),
        Status::Running if experiment.until.is_some_and(|until| until <= now) => Some(Outside::Over),
        Status::Running => None,
    }
}

#[cfg(test)]
mod tests;
