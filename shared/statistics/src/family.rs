//! Several comparisons at once: the more one looks for, the more one finds by chance.

use crate::comparison::{Comparison, Metric, compare};
use crate::figures::Figures;
use crate::level::Level;
use serde::Serialize;
use std::fmt;

/// One comparison of several.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjusted {
    /// With intervals that hold together with those of the others (Bonferroni), and the p-value of this comparison
    /// alone.
    pub comparison: Comparison,
    /// The p-value that regards the others (S. Holm, A simple sequentially rejective multiple test procedure,
    /// Scandinavian Journal of Statistics 6 (1979), 65–70).
    pub adjusted_p_value: f64,
}

/// Several comparisons at once.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Family {
    /// In the order in which they were asked for.
    pub comparisons: Vec<Adjusted>,
    /// α of all together.
    pub level: f64,
    /// α of each interval.
    pub level_of_each: f64,
}

impl fmt::Display for Family {
    /// The note that belongs under a table of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |level: f64| (1.0 - level) * 100.0;
        let count = self.comparisons.len();
        if count < 2 {
            return write!(f, "one comparison: nothing is adjusted");
        }
        write!(
            f,
            "{count} comparisons: each interval is one of {:.2} %, so that all of them hold together in {:.0} of 100 \
             experiments (Bonferroni); p-values are Holm's",
            percent(self.level_of_each),
            percent(self.level)
        )
    }
}

/// Compares each variant and metric with the control. All of them share the level.
#[must_use]
pub fn compare_all(control: &Figures, variants: &[Figures], metrics: &[Metric], level: Level) -> Family {
    let count = variants.len().saturating_mul(metrics.len());
    let each = level.shared_by(count as u64);
    let pairs = variants.iter().flat_map(|variant| metrics.iter().map(move |metric| (variant, *metric)));
    let comparisons: Vec<Comparison> =
        pairs.map(|(variant, metric)| compare(control, variant, metric, each)).collect();
    let p_values: Vec<f64> = comparisons.iter().map(|comparison| comparison.p_value).collect();
    let adjusted = comparisons.into_iter().zip(holm(&p_values));
    Family {
        comparisons: adjusted
            .map(|(comparison, adjusted_p_value)| Adjusted { comparison, adjusted_p_value })
            .collect(),
        level: level.alpha(),
        level_of_each: each.alpha(),
    }
}

/// Holm's adjusted p-values, in the order in which they were given.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        let remaining = (p_values.len() - rank) as f64;
        largest = largest.max((p_values[at] * remaining).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}
