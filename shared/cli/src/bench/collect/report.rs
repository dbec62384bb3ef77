//! What `beckon bench collect` says.

use super::CollectArgs;
use super::hostile::Hostile;
use super::load::{Counted, Slot};
use super::served::Memory;
use crate::error::CliError;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// The median of the rounds, with the least and the most.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub(super) struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        Self { median: at(values.len() / 2), min: at(0), max: at(values.len().saturating_sub(1)) }
    }
}

/// One size of request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SizeReport {
    pub events_a_request: usize,
    pub requests_a_second: Spread,
    pub events_a_second: Spread,
    /// Until every event has changed its profile.
    pub applied_a_second: Spread,
    pub p50_ms: Spread,
    pub p99_ms: Spread,
}

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CollectReport {
    pub release: bool,
    pub rounds: u32,
    pub seconds: f64,
    pub connections: u32,
    pub sizes: Vec<SizeReport>,
    /// Of the server: at first, after the load, at the end. Nothing where there is no `/proc`.
    pub memory: [Option<Memory>; 3],
    pub hostile: Hostile,
    pub counted: Counted,
    /// Records that `serve` had not applied when it ended.
    pub records_left_undone: u64,
}

fn percentile(ascending: &[Duration], percent: usize) -> f64 {
    let index = (ascending.len() * percent / 100).min(ascending.len().saturating_sub(1));
    ascending.get(index).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

impl SizeReport {
    fn of(size: usize, slots: &[Slot]) -> Self {
        let of =
            |value: &dyn Fn(&Slot) -> f64| Spread::of(slots.iter().filter(|s| s.size == size).map(value));
        let events = |slot: &Slot| slot.requests as f64 * size as f64;
        Self {
            events_a_request: size,
            requests_a_second: of(&|slot| slot.requests as f64 / slot.time.as_secs_f64()),
            events_a_second: of(&|slot| events(slot) / slot.time.as_secs_f64()),
            applied_a_second: of(&|slot| events(slot) / slot.applied_time.as_secs_f64()),
            p50_ms: of(&|slot| percentile(&slot.latencies, 50)),
            p99_ms: of(&|slot| percentile(&slot.latencies, 99)),
        }
    }
}

impl CollectReport {
    pub(super) fn new(
        args: &CollectArgs,
        slots: &[Slot],
        memory: [Option<Memory>; 3],
        hostile: Hostile,
        counted: Counted,
    ) -> Self {
        Self {
            release: !cfg!(debug_assertions),
            rounds: args.rounds,
            seconds: args.seconds,
            connections: args.connections,
            sizes: super::SIZES.iter().map(|size| SizeReport::of(*size, slots)).collect(),
            memory,
            hostile,
            counted,
            records_left_undone: 0,
        }
    }

    /// Whether what must hold holds.
    ///
    /// # Errors
    /// What does not, first things first.
    pub(super) fn verdict(&self) -> Result<(), CliError> {
        let Counted { acknowledged, applied, .. } = self.counted;
        if applied != acknowledged {
            return Err(CliError::failed(format!(
                "{acknowledged} events were acknowledged and {applied} counted: not each exactly once"
            )));
        }
        if self.records_left_undone > 0 {
            return Err(CliError::failed("serve ended with records left undone"));
        }
        let Hostile { asked, answered, bombs, bombs_refused, .. } = self.hostile;
        if answered < asked {
            let unanswered = asked - answered;
            return Err(CliError::failed(format!(
                "{unanswered} batches of a client that behaves were not answered"
            )));
        }
        if bombs_refused < bombs {
            return Err(CliError::failed(format!("{} gzip bombs were not refused", bombs - bombs_refused)));
        }
        Ok(())
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median < 100.0 { 2 } else { 0 };
        let Self { median, min, max } = self;
        write!(f, "{median:>9.digits$}  {:<18}", format!("({min:.digits$} to {max:.digits$})"))
    }
}

impl fmt::Display for CollectReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, seconds, connections, .. } = self;
        writeln!(
            f,
            "{connections} connections on this machine; median of {rounds} rounds of {seconds} s for each size"
        )?;
        if !self.release {
            writeln!(f, "THIS IS NO RELEASE BUILD: add --release to cargo, or the figures mean nothing")?;
        }
        for size in &self.sizes {
            writeln!(f, "{} event(s) a request", size.events_a_request)?;
            writeln!(f, "  requests a second   {}", size.requests_a_second)?;
            writeln!(f, "  events a second     {}", size.events_a_second)?;
            writeln!(
                f,
                "  applied a second    {}  until every event has changed its profile",
                size.applied_a_second
            )?;
            writeln!(f, "  p50, ms             {}", size.p50_ms)?;
            writeln!(f, "  p99, ms             {}", size.p99_ms)?;
        }
        if let [Some(first), Some(load), Some(last)] = self.memory {
            let (first, load) = (mib(first.now_bytes), mib(load.now_bytes));
            let (now, most) = (mib(last.now_bytes), mib(last.most_bytes));
            writeln!(
                f,
                "memory of serve, MiB: {first:.0} at first, {load:.0} after the load, {now:.0} at the end, {most:.0} at most"
            )?;
        }
        write!(f, "{}", self.hostile)?;
        let Counted { acknowledged, applied, repeated } = self.counted;
        writeln!(
            f,
            "counted: {acknowledged} acknowledged, {applied} applied, {repeated} repetitions recognised, {} records left undone",
            self.records_left_undone
        )
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            slow_heads, half_bodies, endless_bodies, bombs, bombs_refused, asked, answered, lost, ..
        } = self;
        writeln!(
            f,
            "hostile at once: {slow_heads} heads that do not end, {half_bodies} bodies that stop, {endless_bodies} \
             without an end; {bombs_refused} of {bombs} gzip bombs refused"
        )?;
        if let (Some(before), Some(most)) = (self.memory_before, self.memory_most_bytes) {
            let growth = mib(most) - mib(before.now_bytes);
            writeln!(
                f,
                "  memory grew by {growth:.0} MiB, from {:.0} to {:.0}",
                mib(before.now_bytes),
                mib(most)
            )?;
        }
        writeln!(
            f,
            "  a client that behaves: {answered} of {asked} batches answered ({lost} connections opened again), median \
             {:.1} ms, at most {:.1}",
            self.median_ms, self.most_ms
        )
    }
}
