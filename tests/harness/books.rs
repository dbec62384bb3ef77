//! The books of every batch that a test delivers.

use beckon_runtime::Metrics;
use beckon_runtime::metrics::Metric;

/// Stops a test at a batch in which a line has no end, or two.
#[must_use]
pub fn balanced() -> Metrics {
    Metrics::to(|measures, _| {
        assert_eq!(measures.number(Metric::BatchGap), 0, "a line without an end, or with two: {measures:?}");
    })
}
