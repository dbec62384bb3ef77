//! What `beckon bench decide` says.

use super::super::timing::Timing;
use super::{Round, shop};
use serde::Serialize;
use std::fmt;

/// A request may take so much of the processor, at the 99th percentile.
const CPU_GOAL_NS: f64 = 1_000_000.0;
/// So may an assignment.
const ASSIGNMENT_GOAL_NS: f64 = 100.0;
/// A page may wait so long at the 99th percentile, on a day like any other.
const CALM_GOAL_MS: f64 = 50.0;
/// And so long on a bad one.
const BAD_GOAL_MS: f64 = 150.0;

/// The value below which so many of a hundred are.
pub(super) fn at(sorted: &[f64], percent: usize) -> f64 {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

/// What pages waited for, round by round.
#[derive(Default)]
pub(super) struct Waits {
    rounds: Vec<[f64; 3]>,
    requests: u64,
    usable: u64,
    degraded: u64,
}

impl Waits {
    pub(super) fn add(&mut self, round: Round) {
        let mut waits: Vec<f64> = round.waits.iter().map(|wait| wait.as_secs_f64() * 1_000.0).collect();
        waits.sort_by(f64::total_cmp);
        self.rounds.push([at(&waits, 50), at(&waits, 99), at(&waits, 100)]);
        self.requests += waits.len() as u64;
        self.usable += round.usable;
        self.degraded += round.degraded;
    }

    fn told(&self) -> Waited {
        let median = |index: usize| {
            let mut of: Vec<f64> = self.rounds.iter().map(|round| round[index]).collect();
            of.sort_by(f64::total_cmp);
            at(&of, 50)
        };
        let share = |count: u64| count as f64 / self.requests.max(1) as f64;
        let p99s = self.rounds.iter().map(|round| round[1]);
        Waited {
            p50_ms: median(0),
            p99_ms: median(1),
            p99_min_ms: p99s.clone().fold(f64::MAX, f64::min),
            p99_max_ms: p99s.fold(0.0, f64::max),
            max_ms: self.rounds.iter().map(|round| round[2]).fold(0.0, f64::max),
            answered: share(self.usable),
            with_less: share(self.degraded),
        }
    }
}

/// What pages waited for, in milliseconds of virtual time; medians of the rounds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Waited {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p99_min_ms: f64,
    pub p99_max_ms: f64,
    /// Of all rounds.
    pub max_ms: f64,
    /// The share that was answered with as many different products as every slot asks for.
    pub answered: f64,
    /// The share that did without something.
    pub with_less: f64,
}

/// A goal, and whether it is met.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Goal {
    pub goal: &'static str,
    pub wanted: f64,
    pub found: f64,
    pub met: bool,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DecideReport {
    pub rounds: u32,
    pub requests: u32,
    pub slots: usize,
    pub rules: usize,
    pub candidates: usize,
    pub release: bool,
    pub timings: [Timing; 3],
    pub calm: Waited,
    pub bad: Waited,
    pub goals: Vec<Goal>,
}

impl DecideReport {
    pub(super) fn new(rounds: u32, requests: u32, timings: [Timing; 3], calm: Waits, bad: Waits) -> Self {
        let (calm, bad) = (calm.told(), bad.told());
        let at_most = |goal, wanted: f64, found: f64| Goal { goal, wanted, found, met: found <= wanted };
        let least = calm.answered.min(bad.answered);
        let goals = vec![
            at_most("ns of processor for a request, p99, at most", CPU_GOAL_NS, timings[1].median_ns),
            at_most("ns for an assignment, at most", ASSIGNMENT_GOAL_NS, timings[2].median_ns),
            at_most("ms that a page waits, p99, at most", CALM_GOAL_MS, calm.p99_ms),
            at_most("the same under faults", BAD_GOAL_MS, bad.p99_ms),
            Goal { goal: "share answered in full, at least", wanted: 1.0, found: least, met: least >= 1.0 },
        ];
        let (slots, rules, candidates) = (shop::SLOT_COUNT, shop::RULE_COUNT, shop::CANDIDATE_COUNT);
        let release = !cfg!(debug_assertions);
        Self { rounds, requests, slots, rules, candidates, release, timings, calm, bad, goals }
    }
}

impl fmt::Display for DecideReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, requests, slots, rules, candidates, .. } = self;
        writeln!(
            f,
            "{slots} slots, {rules} rules, {candidates} candidates a slot; {requests} requests a round, medians of {rounds} rounds"
        )?;
        if !self.release {
            writeln!(f, "THIS IS NO RELEASE BUILD: add --release to cargo, or nanoseconds mean nothing")?;
        }
        for Timing { part, median_ns, min_ns, max_ns } in &self.timings {
            writeln!(f, "  {part:<16} {median_ns:>9.0} ns   ({min_ns:.0} to {max_ns:.0})")?;
        }
        for (name, waited) in
            [("1 % silent", &self.calm), ("5 % throttled, 2 % silent, 10 % outage", &self.bad)]
        {
            let Waited { p50_ms, p99_ms, p99_min_ms, p99_max_ms, max_ms, answered, with_less } = waited;
            writeln!(
                f,
                "  a page waits, {name}: p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms ({p99_min_ms:.1} to {p99_max_ms:.1}), \
                 at most {max_ms:.1} ms; {:.2} % answered in full, {:.2} % with less",
                answered * 100.0,
                with_less * 100.0
            )?;
        }
        for Goal { goal, wanted, found, met } in &self.goals {
            let verdict = if *met { "met" } else { "NOT MET" };
            writeln!(f, "goal: {goal} {wanted:.0}: {found:.1}, {verdict}")?;
        }
        Ok(())
    }
}
