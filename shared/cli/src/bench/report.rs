//! What `beckon bench core` says.

use super::CoreArgs;
use super::peer::Peer;
use super::timing::Timing;
use serde::Serialize;
use std::fmt;

/// Reading a line must be this many times as fast as `serde_json::Value`.
const PARSE_GOAL: f64 = 3.0;
/// Everything must be this many times as fast as the same logic in Python.
const WHOLE_GOAL: f64 = 20.0;

/// A goal, and whether it is met.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Goal {
    pub goal: &'static str,
    pub wanted: f64,
    /// None: it could not be measured here.
    pub ratio: Option<f64>,
    pub met: Option<bool>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CoreReport {
    pub events: u64,
    pub profiles: usize,
    pub line_bytes: f64,
    pub rounds: u32,
    pub release: bool,
    pub timings: Vec<Timing>,
    pub python: Option<Timing>,
    pub hash: String,
    pub python_hash: Option<String>,
    pub goals: Vec<Goal>,
}

impl CoreReport {
    pub fn new(
        args: &CoreArgs,
        profiles: usize,
        line_bytes: f64,
        hash: String,
        timings: Vec<Timing>,
        peers: &[Peer],
    ) -> Self {
        let median = |part: &str| timings.iter().find(|t| t.part == part).map(|t| t.median_ns);
        let ratio = |slow: Option<f64>, fast: Option<f64>| Some(slow? / fast?.max(f64::MIN_POSITIVE));
        let goal = |goal, wanted, ratio: Option<f64>| Goal {
            goal,
            wanted,
            ratio,
            met: ratio.map(|ratio| ratio >= wanted),
        };
        let times = peers.iter().map(|peer| peer.ns_per_event).collect();
        let python = (!peers.is_empty()).then(|| Timing::of("Python, whole", times));
        let python_ns = python.as_ref().map(|timing| timing.median_ns);
        let goals = vec![
            goal(
                "parse against serde_json::Value",
                PARSE_GOAL,
                ratio(median("serde_json::Value"), median("parse")),
            ),
            goal("whole against Python", WHOLE_GOAL, ratio(python_ns, median("whole"))),
        ];
        Self {
            events: args.events,
            profiles,
            line_bytes,
            rounds: args.rounds,
            release: !cfg!(debug_assertions),
            timings,
            python,
            hash,
            python_hash: peers.first().map(|peer| peer.hash.clone()),
            goals,
        }
    }
}

impl fmt::Display for CoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} events of {} profiles, {:.0} bytes a line; median of {} rounds, in ns an event",
            self.events, self.profiles, self.line_bytes, self.rounds
        )?;
        if !self.release {
            writeln!(f, "THIS IS NO RELEASE BUILD: add --release to cargo, or the times mean nothing")?;
        }
        for Timing { part, median_ns, min_ns, max_ns } in self.timings.iter().chain(&self.python) {
            writeln!(f, "  {part:<18} {median_ns:>8.0}   ({min_ns:.0} to {max_ns:.0})")?;
        }
        if self.python.is_none() {
            writeln!(f, "  {:<18}  not run: no python3, or no program; see --python", "Python, whole")?;
        }
        let python = self.python_hash.as_deref().unwrap_or("not run");
        writeln!(f, "counts hash {}; Python: {python}", self.hash)?;
        for Goal { goal, wanted, ratio, met } in &self.goals {
            match (ratio, met) {
                (Some(ratio), Some(met)) => {
                    let verdict = if *met { "met" } else { "NOT MET" };
                    writeln!(f, "goal: {goal} >= {wanted:.0}: {ratio:.1}, {verdict}")?;
                }
                _ => writeln!(f, "goal: {goal} >= {wanted:.0}: not measured")?,
            }
        }
        Ok(())
    }
}
