//! Times of one part over several rounds. `tests/peers` compiles this file too, so that both reports have one form.

use serde::Serialize;

/// One part's times, in nanoseconds an event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Timing {
    pub part: &'static str,
    pub median_ns: f64,
    pub min_ns: f64,
    pub max_ns: f64,
}

impl Timing {
    pub fn of(part: &'static str, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        let last = times.len().saturating_sub(1);
        Self { part, median_ns: at(times.len() / 2), min_ns: at(0), max_ns: at(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_counts() {
        let timing = Timing::of("parse", vec![9.0, 1.0, 3.0]);
        assert_eq!((timing.median_ns, timing.min_ns, timing.max_ns), (3.0, 1.0, 9.0));
    }
}
