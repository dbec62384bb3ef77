//! The metrics of a request for decisions.

use crate::process::Decider;
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_wire::decisions::DecisionsResponse;
use std::time::Duration;

impl<T> Decider<T> {
    /// Tells what was answered, `begun` being the timer's time when the request had been read.
    pub(crate) fn tell_decided(&self, response: &DecisionsResponse, begun: Duration) {
        if !self.metrics.is_told() {
            return;
        }
        let (now, mut measures) = (self.clock.now(), Measures::of(Function::Decisions));
        measures.value(Metric::DecisionLatency, rounded_ms(self.timer.elapsed().saturating_sub(begun)));
        measures.add(Metric::Decisions, response.decisions.len() as u64);
        for reason in response.decisions.iter().filter_map(|decision| decision.fallback.reason) {
            measures.add_by(Metric::Fallbacks, reason, 1);
        }
        for part in &response.degraded {
            measures.add_by(Metric::Degraded, part, 1);
        }
        if let Some(at) = self.rulesets.answered_at() {
            measures.set(Metric::RulesetAge, now.since(at).as_ms());
        }
        if let Some(at) = self.propensity.judged_at() {
            measures.set(Metric::ModelAge, now.since(at).as_ms());
        }
        self.metrics.tell(&measures, now);
    }

    /// Tells that a request was refused with this status.
    pub(crate) fn tell_refused(&self, status: u16) {
        if !self.metrics.is_told() {
            return;
        }
        let mut measures = Measures::of(Function::Decisions);
        measures.add_by(Metric::DecisionsRefused, &status.to_string(), 1);
        self.metrics.tell(&measures, self.clock.now());
    }
}

/// To the nearest millisecond.
fn rounded_ms(time: Duration) -> u64 {
    u64::try_from((time.as_micros() + 500) / 1_000).unwrap_or(u64::MAX)
}
