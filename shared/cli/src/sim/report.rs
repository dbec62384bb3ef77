//! What a simulation says at its end: how often each fault was injected, what was broken, which variants were noticed.

use super::bugs::{Bug, Variant};
use super::fault::{Fault, FaultCounts};
use super::script;
use super::shrink::{shrink, tell};
use super::world::{Mails, Outcome, Reported};
use crate::say;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Failures that are shrunk and told; more are only counted.
const TOLD_MAX: usize = 3;

/// Runs as they end.
#[derive(Default)]
pub(crate) struct Report {
    seeds: u64,
    events: u64,
    calls: u64,
    mails: Mails,
    reported: Reported,
    profiles: u64,
    duplicates: u64,
    faults: FaultCounts,
    failures: BTreeMap<u64, String>,
    trace: u64,
}

/// A seed that broke a law.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// What was broken.
    pub violation: String,
    /// What of its script it needs.
    pub script: Vec<String>,
}

/// What a simulation has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Seeds run.
    pub seeds: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// Events accepted.
    pub events: u64,
    /// Repetitions recognised.
    pub duplicates: u64,
    /// Profiles made.
    pub profiles: u64,
    /// Calls of functions to what they need.
    pub calls: u64,
    /// Mails that SES took.
    pub mails: u64,
    /// Of these, those in seeds in which mails of which nobody knows whether SES took them are sent again.
    pub mails_resending: u64,
    /// Of those, mails that SES took although it had taken one of the same reminder.
    pub mails_twice: u64,
    /// Mails that SES took without the mailer hearing of it.
    pub mails_unheard: u64,
    /// Discount codes that mails showed, each to one person.
    pub codes: u64,
    /// Exposures that entered the stream, forwarded ones counted again.
    pub exposures: u64,
    /// People whom reports of the experiment count.
    pub exposed: u64,
    /// Of these, those of whom a half had been shown another variant.
    pub crossed_over: u64,
    /// Conversions that reports count.
    pub conversions: u64,
    /// How often each fault was injected.
    pub faults: Vec<(&'static str, u64)>,
    /// The hash of all runs, whatever their order.
    pub trace: String,
    /// Seeds that broke a law.
    pub failures: Vec<Failure>,
}

impl Report {
    /// A run has ended.
    pub(crate) fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.seeds += 1;
        self.events += outcome.events;
        self.calls += outcome.calls;
        self.mails.strict += outcome.mails.strict;
        self.mails.resending += outcome.mails.resending;
        self.mails.twice += outcome.mails.twice;
        self.mails.unheard += outcome.mails.unheard;
        self.mails.codes += outcome.mails.codes;
        self.reported.exposures += outcome.reported.exposures;
        self.reported.people += outcome.reported.people;
        self.reported.crossed_over += outcome.reported.crossed_over;
        self.reported.conversions += outcome.reported.conversions;
        self.profiles += outcome.profiles;
        self.duplicates += outcome.balance.duplicate;
        self.faults.merge(&outcome.faults);
        self.trace ^= outcome.trace.0.rotate_left(u32::try_from(seed % 64).unwrap_or(0));
        if let Some(violation) = &outcome.violation {
            self.failures.insert(seed, violation.clone());
        }
    }

    /// All runs have ended: the first failures are shrunk.
    pub(crate) fn finish(self, seconds: f64) -> Summary {
        let failure = |(index, (seed, violation)): (usize, (u64, String))| {
            let shrunk = if index < TOLD_MAX { shrink(seed, &script::write(seed), Bug::None) } else { None };
            match shrunk {
                Some((script, violation)) => Failure { seed, violation, script: tell(&script) },
                None => Failure { seed, violation, script: Vec::new() },
            }
        };
        Summary {
            seeds: self.seeds,
            seconds,
            events: self.events,
            duplicates: self.duplicates,
            profiles: self.profiles,
            calls: self.calls,
            mails: self.mails.strict + self.mails.resending,
            mails_resending: self.mails.resending,
            mails_twice: self.mails.twice,
            mails_unheard: self.mails.unheard,
            codes: self.mails.codes,
            exposures: self.reported.exposures,
            exposed: self.reported.people,
            crossed_over: self.reported.crossed_over,
            conversions: self.reported.conversions,
            faults: Fault::ALL.iter().map(|fault| (fault.name(), self.faults.of(*fault))).collect(),
            trace: format!("{:016x}", self.trace),
            failures: self.failures.into_iter().enumerate().map(failure).collect(),
        }
    }
}

/// Prints a summary.
pub(crate) fn print(summary: &Summary, as_json: bool) {
    if as_json {
        return say(format_args!("{:#}", json!(summary)));
    }
    for (name, count) in &summary.faults {
        say(format_args!("{count:>12}  {name}"));
    }
    let Summary { seeds, seconds, events, duplicates, profiles, calls, mails, trace, .. } = summary;
    say(format_args!(
        "{seeds} seeds in {seconds:.1} s: {events} events ({duplicates} repetitions) of {profiles} profiles, {calls} calls, \
         {mails} mails, trace {trace}"
    ));
    let Summary { mails_resending, mails_twice, mails_unheard, codes, .. } = summary;
    say(format_args!(
        "{} mails with `unknown: give_up`, none of them twice; {mails_resending} with `unknown: send_again`, {mails_twice} of \
         them once more than they should be; of {mails_unheard} the mailer did not hear; {codes} codes were shown",
        mails - mails_resending
    ));
    let Summary { exposures, exposed, crossed_over, conversions, .. } = summary;
    say(format_args!(
        "{exposures} exposures: reports count {exposed} people, {crossed_over} of whom crossed over, and {conversions} \
         conversions"
    ));
    for failure in summary.failures.iter().take(TOLD_MAX) {
        say(format_args!("\nFAIL  beckon sim --seed {}\n      {}", failure.seed, failure.violation));
        for line in &failure.script {
            say(format_args!("        {line}"));
        }
    }
    if summary.failures.is_empty() {
        say("no law was broken");
    }
}

/// What became of a known-bad variant.
#[derive(Clone, Debug, Serialize)]
pub struct Caught {
    /// Its name.
    pub name: &'static str,
    /// Where it is wrapped around the code.
    pub how: &'static str,
    /// Seeds until it was noticed.
    pub seeds: Option<u64>,
    /// What was broken.
    pub violation: Option<String>,
}

impl Caught {
    pub(crate) fn new(variant: &Variant, found: Option<(u64, String)>) -> Self {
        let (seeds, violation) = found.unzip();
        Self { name: variant.name, how: variant.how, seeds, violation }
    }

    /// Whether it was noticed.
    #[must_use]
    pub fn was_noticed(&self) -> bool {
        self.seeds.is_some()
    }
}

/// Prints what became of the known-bad variants.
pub(crate) fn print_bugs(caught: &[Caught], as_json: bool) {
    if as_json {
        return say(format_args!("{:#}", json!(caught)));
    }
    for c in caught {
        let seeds = c.seeds.map_or("never".to_owned(), |seeds| format!("seed {seeds}"));
        let what = c.violation.as_deref().unwrap_or("NOT NOTICED");
        let what: String = what.chars().take(110).collect();
        say(format_args!("{:<48} {seeds:>8}  {what}", c.name));
    }
}
