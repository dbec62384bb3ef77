//! How good rankings are: hits, reciprocal ranks, coverage, popularity, times.

use serde::Serialize;

/// A mean and how far it may be from the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 where fewer than two values are known.
    pub se: f64,
}

/// Where targets were found.
#[derive(Clone, Debug, Default)]
pub struct Ranks {
    pairs: u64,
    hits: u64,
    reciprocal_sum: f64,
    reciprocal_square_sum: f64,
}

impl Ranks {
    /// Counts a pair: the place of its target in the list, from 1, or `None` when it is not there.
    pub fn add(&mut self, rank: Option<usize>) {
        self.pairs += 1;
        let Some(rank) = rank.filter(|rank| *rank > 0) else { return };
        let reciprocal = 1.0 / rank as f64;
        self.hits += 1;
        self.reciprocal_sum += reciprocal;
        self.reciprocal_square_sum += reciprocal * reciprocal;
    }

    /// Hit rate: the share of pairs whose target is in the list; its standard error is sqrt(p (1 - p) / n).
    #[must_use]
    pub fn hit_rate(&self) -> Estimate {
        if self.pairs == 0 {
            return Estimate::default();
        }
        let n = self.pairs as f64;
        let mean = self.hits as f64 / n;
        Estimate { mean, se: (mean * (1.0 - mean) / n).sqrt() }
    }

    /// Mean reciprocal rank, 0 for a pair whose target is not in the list; its standard error is the sample's standard
    /// deviation over sqrt(n).
    #[must_use]
    pub fn mean_reciprocal_rank(&self) -> Estimate {
        if self.pairs == 0 {
            return Estimate::default();
        }
        let n = self.pairs as f64;
        let mean = self.reciprocal_sum / n;
        if self.pairs == 1 {
            return Estimate { mean, se: 0.0 };
        }
        let variance = (self.reciprocal_square_sum - n * mean * mean).max(0.0) / (n - 1.0);
        Estimate { mean, se: (variance / n).sqrt() }
    }
}

/// What is recommended, whoever asks.
#[derive(Clone, Debug)]
pub struct Spread {
    percentile: Vec<f64>,
    recommended: Vec<bool>,
    percentile_sum: f64,
    entries: u64,
}

impl Spread {
    /// Over products by how often each was looked at in training. A product's *popularity percentile* is the share of
    /// products that were looked at less, of those looked at as often half: near 0 for the rarest, near 1 for the most
    /// popular, 0.5 for a product drawn blindly.
    #[must_use]
    pub fn new(clicks: &[u32]) -> Self {
        let mut sorted = clicks.to_vec();
        sorted.sort_unstable();
        let n = clicks.len().max(1) as f64;
        let percentile = |clicks: &u32| {
            let below = sorted.partition_point(|other| other < clicks);
            let equal = sorted.partition_point(|other| other <= clicks) - below;
            (below as f64 + equal as f64 / 2.0) / n
        };
        Self {
            percentile: clicks.iter().map(percentile).collect(),
            recommended: vec![false; clicks.len()],
            percentile_sum: 0.0,
            entries: 0,
        }
    }

    /// Counts an entry of a list: the product of this number.
    pub fn add(&mut self, number: u32) {
        let index = number as usize;
        if let (Some(seen), Some(percentile)) = (self.recommended.get_mut(index), self.percentile.get(index))
        {
            *seen = true;
            self.entries += 1;
            self.percentile_sum += percentile;
        }
    }

    /// Coverage: the share of training products that were recommended at all.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        let seen = self.recommended.iter().filter(|seen| **seen).count();
        seen as f64 / self.recommended.len().max(1) as f64
    }

    /// Popularity bias: the mean popularity percentile of what was recommended; `None` when nothing was.
    #[must_use]
    pub fn popularity(&self) -> Option<f64> {
        (self.entries > 0).then(|| self.percentile_sum / self.entries as f64)
    }
}

/// How long a ranking takes, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the rankings took at most this.
    pub p50: f64,
    /// 90 % of them.
    pub p90: f64,
    /// 99 % of them.
    pub p99: f64,
    /// All of them.
    pub max: f64,
}

impl Latency {
    /// Percentiles by nearest rank: the smallest value that so many are at or below.
    #[must_use]
    pub fn of(mut nanoseconds: Vec<u64>) -> Self {
        nanoseconds.sort_unstable();
        let at = |percent: usize| {
            let rank = (nanoseconds.len() * percent).div_ceil(100).max(1);
            nanoseconds.get(rank - 1).copied().unwrap_or_default() as f64 / 1_000.0
        };
        Self { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}
