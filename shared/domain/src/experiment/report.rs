//! What was found of people in a run, added up per variant: exact, and the same in whatever order rows are read.
//!
//! A person is in the variant that they were shown first, whatever they were shown later. What was found of a visitor who
//! turned out to be a customer is the customer's. A fact counts once per person, if it came at or after the exposure and
//! less than a window later.

use super::exposure::{Exposed, Fact};
use crate::id::{EffectId, GoalId, VariantId};
use crate::key::ProfileKey;
use crate::money::Currency;
use crate::time::{DurationMs, Timestamp};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// What is kept of a person in one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunRow {
    /// Which variant they were shown first, and whose rows theirs are, as far as it is known.
    Person {
        /// Whose row it is.
        of: ProfileKey,
        /// The first exposure; `None` while only the joining is known.
        exposed: Option<Exposed>,
        /// The customer that the visitor turned out to be.
        joined_to: Option<ProfileKey>,
    },
    /// Something that they did.
    Reached {
        /// Whose row it is.
        of: ProfileKey,
        /// What.
        fact: Fact,
    },
}

impl RunRow {
    /// Whose row it is.
    #[must_use]
    pub const fn of(&self) -> &ProfileKey {
        match self {
            Self::Person { of, .. } | Self::Reached { of, .. } => of,
        }
    }

    /// When it happened; `None` while only a joining is known.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Person { exposed, .. } => exposed.as_ref().map(|exposed| exposed.at),
            Self::Reached { fact, .. } => Some(fact.at),
        }
    }
}

/// A sum and a sum of squares of whole numbers: enough for a mean and its variance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moments {
    /// Of the values, in minor units.
    pub sum: i128,
    /// Of their squares, in minor units squared.
    pub squares: i128,
}

impl Moments {
    /// A person's value grew by so much.
    fn grow(&mut self, before: i128, by: i128) {
        let after = before + by;
        self.sum += by;
        self.squares += after * after - before * before;
    }
}

impl AddAssign<&Self> for Moments {
    fn add_assign(&mut self, other: &Self) {
        self.sum += other.sum;
        self.squares += other.squares;
    }
}

/// How often a goal was reached in a variant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GoalTally {
    /// People who reached it at least once.
    pub people: u64,
    /// How often it was reached: each fact once per person.
    pub times: u64,
    /// How often per person, squared and added up.
    pub times_squares: u64,
    /// What people paid, per currency: of each person's sum.
    pub values: BTreeMap<Currency, Moments>,
}

impl AddAssign<&Self> for GoalTally {
    fn add_assign(&mut self, other: &Self) {
        self.people += other.people;
        self.times += other.times;
        self.times_squares += other.times_squares;
        for (currency, moments) in &other.values {
            *self.values.entry(*currency).or_default() += moments;
        }
    }
}

/// What became of the people of one variant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many were shown it first.
    pub people: u64,
    /// How many of them were shown another one too, before two devices were known to be one person's.
    pub crossed_over: u64,
    /// Goals that anybody reached.
    pub goals: BTreeMap<GoalId, GoalTally>,
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.people += other.people;
        self.crossed_over += other.crossed_over;
        for (goal, tally) in &other.goals {
            *self.goals.entry(goal.clone()).or_default() += tally;
        }
    }
}

/// The variants of a run, each with its tally.
pub type Cohort = BTreeMap<VariantId, Tally>;

/// A run, added up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TallyBook {
    /// Everything.
    pub total: Cohort,
    /// What each day added, by days since 1970 (UTC): an exposure on the day it happened, a conversion on its own. Added up
    /// from the first to any day they are what was known by the end of that day.
    pub days: BTreeMap<i64, Cohort>,
    /// People of whom nothing but facts or a joining is known: their exposure was forgotten, or has not come yet.
    pub unexposed: u64,
}

#[derive(Clone, Default)]
struct Person {
    exposed: Option<Exposed>,
    joined_to: Option<ProfileKey>,
    facts: BTreeMap<(GoalId, EffectId), Fact>,
}

impl Person {
    fn take(&mut self, row: &RunRow) {
        match row {
            RunRow::Person { exposed, joined_to, .. } => {
                self.exposed = joined(self.exposed.take(), exposed.clone());
                self.joined_to = self.joined_to.take().max(joined_to.clone());
            }
            RunRow::Reached { fact, .. } => self.note(fact.clone()),
        }
    }

    fn note(&mut self, fact: Fact) {
        let known = self.facts.entry((fact.goal.clone(), fact.id)).or_insert_with(|| fact.clone());
        if fact < *known {
            *known = fact;
        }
    }

    fn join(&mut self, other: Self) {
        self.exposed = joined(self.exposed.take(), other.exposed);
        other.facts.into_values().for_each(|fact| self.note(fact));
    }
}

fn joined(one: Option<Exposed>, other: Option<Exposed>) -> Option<Exposed> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.join(other)),
        (one, other) => one.or(other),
    }
}

/// The rows of a run, taken in one by one, in any order.
#[derive(Clone, Default)]
pub struct RunFold {
    people: BTreeMap<ProfileKey, Person>,
}

impl RunFold {
    /// Takes a row in. The same row again changes nothing.
    pub fn take(&mut self, row: &RunRow) {
        self.people.entry(row.of().clone()).or_default().take(row);
    }

    /// Adds everything up, with conversions of this window after an exposure.
    #[must_use]
    pub fn finish(mut self, window: DurationMs) -> TallyBook {
        let joins =
            self.people.iter().filter_map(|(key, person)| Some((key.clone(), person.joined_to.clone()?)));
        let joins: BTreeMap<ProfileKey, ProfileKey> = joins.collect();
        for visitor in joins.keys() {
            let customer = root(&joins, visitor);
            if customer != visitor
                && let Some(half) = self.people.remove(visitor)
            {
                self.people.entry(customer.clone()).or_default().join(half);
            }
        }
        let mut book = TallyBook::default();
        for person in self.people.into_values() {
            book.add(&person, window);
        }
        for cohort in book.days.values() {
            for (variant, tally) in cohort {
                *book.total.entry(variant.clone()).or_default() += tally;
            }
        }
        book
    }
}

/// Whose rows somebody's are in the end. A customer is never joined to another, so that one step is enough; more are followed,
/// as many as there are joins, so that no row that should not be there makes this endless.
fn root<'a>(joins: &'a BTreeMap<ProfileKey, ProfileKey>, of: &'a ProfileKey) -> &'a ProfileKey {
    let mut steps = std::iter::successors(Some(of), |key| joins.get(*key)).take(joins.len() + 1);
    steps.by_ref().last().unwrap_or(of)
}

/// Days since 1970 (UTC).
#[must_use]
pub const fn day_of(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(DurationMs::from_days(1).as_ms() as i64)
}

impl TallyBook {
    fn add(&mut self, person: &Person, window: DurationMs) {
        let Some(exposed) = &person.exposed else {
            self.unexposed += 1;
            return;
        };
        let tally = self.tally(exposed.at, &exposed.variant);
        tally.people += 1;
        tally.crossed_over += u64::from(exposed.crossed_over);
        let (mut facts, until) = (person.facts.values().collect::<Vec<_>>(), exposed.at + window);
        facts.retain(|fact| exposed.at <= fact.at && fact.at < until);
        facts.sort();
        let mut times: BTreeMap<&GoalId, u64> = BTreeMap::new();
        let mut values: BTreeMap<(&GoalId, Currency), i128> = BTreeMap::new();
        for fact in facts {
            let goal = self.tally(fact.at, &exposed.variant).goals.entry(fact.goal.clone()).or_default();
            let before = times.entry(&fact.goal).or_default();
            goal.people += u64::from(*before == 0);
            goal.times += 1;
            goal.times_squares += 2 * *before + 1;
            *before += 1;
            if let Some(value) = fact.value {
                let before = values.entry((&fact.goal, value.currency)).or_default();
                goal.values.entry(value.currency).or_default().grow(*before, value.minor.into());
                *before += i128::from(value.minor);
            }
        }
    }

    fn tally(&mut self, at: Timestamp, variant: &VariantId) -> &mut Tally {
        self.days.entry(day_of(at)).or_default().entry(variant.clone()).or_default()
    }
}

#[cfg(test)]
mod tests;
