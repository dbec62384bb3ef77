//! What `beckon evaluate` found, as data.

use super::formats::BadRows;
use super::metrics::{Estimate, Latency};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::path::PathBuf;

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The list's length.
    pub count: usize,
    /// What was learned from.
    pub train: TrainReport,
    /// What was asked.
    pub test: TestReport,
    /// Whether it was built as it runs on Lambda; times of another build mean nothing.
    pub release: bool,
    /// Each layer, in the order asked for.
    pub layers: Vec<LayerReport>,
    /// Plots that were written.
    pub plots: Vec<PathBuf>,
}

/// What was learned from.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// Sessions.
    pub sessions: usize,
    /// Products looked at, repeats counted.
    pub clicks: usize,
    /// Different products.
    pub products: usize,
    /// Whether the file told times; without them nothing decays.
    pub has_times: bool,
    /// Rows that were passed over.
    pub bad_rows: u64,
    /// The first of them.
    pub bad_row_samples: Vec<String>,
}

/// What was asked.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    /// Pairs of a session so far and what came next.
    pub pairs: usize,
    /// Of them, targets that training never had: nobody can find them.
    pub unknown_targets: usize,
    /// Whether the newest training sessions were held out, instead of a test file.
    pub validation: bool,
    /// Rows that were passed over.
    pub bad_rows: u64,
    /// The first of them.
    pub bad_row_samples: Vec<String>,
}

impl TestReport {
    pub(super) fn new(validation: bool, bad_rows: BadRows) -> Self {
        let (bad_rows, bad_row_samples) = (bad_rows.count, bad_rows.samples);
        Self { pairs: 0, unknown_targets: 0, validation, bad_rows, bad_row_samples }
    }
}

/// One layer.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// Its name.
    pub name: String,
    /// The list's length: it is in the names of the two measures, `hr20` and `mrr20`.
    pub count: usize,
    /// The share of pairs whose target was in the list.
    pub hit_rate: Estimate,
    /// The mean of 1 / place of the target in the list, 0 when absent.
    pub mean_reciprocal_rank: Estimate,
    /// The share of training products that were recommended at all.
    pub coverage: f64,
    /// The mean popularity percentile of what was recommended: 0.5 would be no bias; `None` when nothing was.
    pub popularity: Option<f64>,
    /// The share of lists with fewer products than asked for.
    pub short_lists: f64,
    /// How long a ranking took, on one core.
    pub latency_us: Latency,
    /// How long building took.
    pub build_ms: f64,
}

impl Serialize for LayerReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (hr, mrr) = (format!("hr{}", self.count), format!("mrr{}", self.count));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry(&hr, &self.hit_rate.mean)?;
        map.serialize_entry(&format!("{hr}_se"), &self.hit_rate.se)?;
        map.serialize_entry(&mrr, &self.mean_reciprocal_rank.mean)?;
        map.serialize_entry(&format!("{mrr}_se"), &self.mean_reciprocal_rank.se)?;
        map.serialize_entry("coverage", &self.coverage)?;
        map.serialize_entry("popularity_percentile", &self.popularity)?;
        map.serialize_entry("short_lists", &self.short_lists)?;
        map.serialize_entry("latency_us", &self.latency_us)?;
        map.serialize_entry("build_ms", &self.build_ms)?;
        map.end()
    }
}
