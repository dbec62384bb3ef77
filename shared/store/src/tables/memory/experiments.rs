//! What was found of people in experiments, in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::{ExperimentStore, RunPage, Trace};
use beckon_domain::experiment::{Exposed, Fact, Finding, RunId, RunRow};
use beckon_domain::id::{EffectId, GoalId};
use beckon_domain::{ProfileKey, Timestamp};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
struct Person {
    exposed: Option<Exposed>,
    joined_to: Option<ProfileKey>,
}

/// The rows, by run.
#[derive(Default)]
pub(super) struct Runs {
    people: BTreeMap<(RunId, ProfileKey), Person>,
    facts: BTreeMap<(RunId, ProfileKey, GoalId, EffectId), Fact>,
}

impl Runs {
    fn record(&mut self, of: &ProfileKey, finding: &Finding) {
        match finding {
            Finding::Exposed(new) => {
                let person = self.people.entry((new.run.clone(), of.clone())).or_default();
                let known = person.exposed.take();
                person.exposed = Some(known.map_or_else(|| new.clone(), |known| known.join(new.clone())));
            }
            Finding::Reached(run, new) => {
                let key = (run.clone(), of.clone(), new.goal.clone(), new.id);
                let known = self.facts.entry(key).or_insert_with(|| new.clone());
                if new < known {
                    *known = new.clone();
                }
            }
            Finding::Joined(run, visitor) => {
                let person = self.people.entry((run.clone(), visitor.clone())).or_default();
                person.joined_to = Some(of.clone());
            }
        }
    }

    fn rows(&self) -> impl Iterator<Item = (&RunId, RunRow)> {
        let people = self.people.iter().map(|((run, of), person)| {
            let Person { exposed, joined_to } = person.clone();
            (run, RunRow::Person { of: of.clone(), exposed, joined_to })
        });
        let facts = self.facts.iter();
        let facts =
            facts.map(|((run, of, ..), fact)| (run, RunRow::Reached { of: of.clone(), fact: fact.clone() }));
        people.chain(facts)
    }

    /// Rows of these people, and of visitors who turned out to be one of them.
    pub(super) fn of(&self, of: &[ProfileKey]) -> impl Iterator<Item = Trace> {
        let theirs = |row: &RunRow| match row {
            RunRow::Person { of: key, joined_to, .. } => {
                of.contains(key) || joined_to.as_ref().is_some_and(|to| of.contains(to))
            }
            RunRow::Reached { of: key, .. } => of.contains(key),
        };
        let rows = self.rows().filter(move |(_, row)| theirs(row));
        rows.map(|(run, row)| Trace::Run(run.clone(), Box::new(row)))
    }

    pub(super) fn remove(&mut self, run: &RunId, row: &RunRow) {
        match row {
            RunRow::Person { of, .. } => drop(self.people.remove(&(run.clone(), of.clone()))),
            RunRow::Reached { of, fact } => {
                drop(self.facts.remove(&(run.clone(), of.clone(), fact.goal.clone(), fact.id)));
            }
        }
    }
}

impl ExperimentStore for MemoryTables {
    async fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.lock().runs.record(of, finding);
        Ok(())
    }

    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        let tables = self.lock();
        let from = after.and_then(|after| after.parse().ok()).unwrap_or(0_usize);
        let rows = tables.runs.rows().filter(|(of, _)| *of == run).map(|(_, row)| row);
        let rows: Vec<RunRow> = rows.skip(from).take(limit as usize).collect();
        let next = (rows.len() == limit as usize).then(|| (from + rows.len()).to_string());
        Ok(RunPage { rows, next })
    }
}
