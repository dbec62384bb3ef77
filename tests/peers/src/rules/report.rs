//! What `rules` says.

use crate::rounds::Timings;
use crate::timing::Timing;
use crate::{Arguments, PERSON_COUNT, many};
use serde::Serialize;
use std::fmt;

/// A rule of four conditions takes at most so many nanoseconds.
const RULE_NS_MAX: f64 = 20.0;
/// An event or a page with 1,000 rules takes at most so many microseconds.
const MANY_US_MAX: f64 = 5.0;
/// Compiling 1,000 rules takes at most so many milliseconds.
const COMPILE_MS_MAX: f64 = 50.0;
/// Beckon is at least so many times as fast as each peer.
const RATIO_MIN: [(&str, f64); 3] =
    [("datalogic-rs 5.4.0", 7.0), ("zen-expression 2.1.6", 14.0), ("cel 0.15.0", 30.0)];

/// A goal, and whether it is met.
#[derive(Clone, Debug, Serialize)]
struct Goal {
    goal: String,
    found: f64,
    met: bool,
}

/// Everything that was measured.
#[derive(Serialize)]
pub struct Report {
    people: usize,
    /// People of whom all four conditions hold.
    holding: usize,
    rounds: u32,
    release: bool,
    /// Nanoseconds for one person.
    engines: Vec<Timing>,
    /// Nanoseconds for one of each.
    many: Vec<Timing>,
    goals: Vec<Goal>,
}

impl Report {
    pub fn new(arguments: &Arguments, holding: usize, timings: Timings) -> Self {
        let goals = goals(&timings);
        Self {
            people: PERSON_COUNT,
            holding,
            rounds: arguments.rounds,
            release: !cfg!(debug_assertions),
            engines: timings.engines,
            many: timings.works,
            goals,
        }
    }
}

fn goals(timings: &Timings) -> Vec<Goal> {
    let median = |name: &str| {
        timings.engines.iter().chain(&timings.works).find(|timing| timing.part == name).map(|t| t.median_ns)
    };
    let mut goals = Vec::new();
    let mut at_most = |goal: &str, unit: &str, most: f64, found: Option<f64>| {
        let goal = format!("{goal} <= {most} {unit}");
        goals.extend(found.map(|found| Goal { goal, found, met: found <= most }));
    };
    let beckon = median("Beckon");
    at_most("a rule of four conditions", "ns", RULE_NS_MAX, beckon);
    let slots = [many::NONE, many::FIRST, many::LAST];
    for (goal, parts) in [
        ("a slot with 1,000 rules", slots.as_slice()),
        (many::EVENT, &[many::EVENT]),
        (many::ANY_EVENT, &[many::ANY_EVENT]),
    ] {
        let slowest = parts.iter().filter_map(|part| median(part)).reduce(f64::max);
        at_most(goal, "us", MANY_US_MAX, slowest.map(|ns| ns / 1e3));
    }
    at_most(many::COMPILE, "ms", COMPILE_MS_MAX, median(many::COMPILE).map(|ns| ns / 1e6));
    for (name, least) in RATIO_MIN {
        let ratio = median(name).zip(beckon).map(|(peer, beckon)| peer / beckon.max(f64::MIN_POSITIVE));
        let goal = format!("times as fast as {name} >= {least}");
        goals.extend(ratio.map(|found| Goal { goal, found, met: found >= least }));
    }
    goals
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "a rule of four conditions, which hold of {} of {} people; all engines agree; median of {} rounds, in ns a \
             person",
            self.holding, self.people, self.rounds
        )?;
        if !self.release {
            writeln!(f, "THIS IS NO RELEASE BUILD: add --release to cargo, or the times mean nothing")?;
        }
        let beckon = self.engines.first().map_or(f64::NAN, |timing| timing.median_ns);
        for Timing { part, median_ns, min_ns, max_ns } in &self.engines {
            let ratio = median_ns / beckon;
            writeln!(f, "  {part:<26} {median_ns:>8.1}   ({min_ns:.1} to {max_ns:.1})   {ratio:>6.1} x")?;
        }
        writeln!(f, "many rules, in us")?;
        for Timing { part, median_ns, min_ns, max_ns } in &self.many {
            let [median, min, max] = [median_ns, min_ns, max_ns].map(|ns| ns / 1e3);
            writeln!(f, "  {part:<32} {median:>10.2}   ({min:.2} to {max:.2})")?;
        }
        for Goal { goal, found, met } in &self.goals {
            writeln!(f, "goal: {goal}: {found:.1}, {}", if *met { "met" } else { "NOT MET" })?;
        }
        Ok(())
    }
}
