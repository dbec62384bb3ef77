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

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
    }

    #[test]
    fn hits_and_reciprocal_ranks_are_those_worked_by_hand() {
        let mut ranks = Ranks::default();
        // First, third, not in the list, second.
        [Some(1), Some(3), None, Some(2)].into_iter().for_each(|rank| ranks.add(rank));
        let hit_rate = ranks.hit_rate();
        near(hit_rate.mean, 0.75);
        near(hit_rate.se, (0.75_f64 * 0.25 / 4.0).sqrt());
        let mrr = ranks.mean_reciprocal_rank();
        near(mrr.mean, (1.0 + 1.0 / 3.0 + 0.5) / 4.0);
        // 11/24 is the mean: deviations 13/24, -3/24, -11/24, 1/24; their squares sum to 300/576.
        near(mrr.se, (300.0_f64 / 576.0 / 3.0).sqrt() / 2.0);
    }

    #[test]
    fn of_nothing_and_of_one_pair_no_error_is_known() {
        assert_eq!(Ranks::default().hit_rate(), Estimate::default());
        assert_eq!(Ranks::default().mean_reciprocal_rank(), Estimate::default());
        let mut one = Ranks::default();
        one.add(Some(4));
        assert_eq!(one.mean_reciprocal_rank(), Estimate { mean: 0.25, se: 0.0 });
    }

    #[test]
    fn coverage_and_popularity_are_those_worked_by_hand() {
        // Percentiles: one product below half of 4 (0.125), two equal ones in the middle (0.5), one on top (0.875).
        let mut spread = Spread::new(&[1, 5, 5, 9]);
        assert_eq!((spread.coverage(), spread.popularity()), (0.0, None));
        [3, 3, 0].into_iter().for_each(|number| spread.add(number));
        near(spread.coverage(), 0.5);
        near(spread.popularity().unwrap(), (0.875 + 0.875 + 0.125) / 3.0);
        // A shop of equals has no bias, whatever is shown.
        let mut equals = Spread::new(&[7, 7]);
        equals.add(1);
        near(equals.popularity().unwrap(), 0.5);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let latency = Latency::of((1..=200).rev().map(|us| us * 1_000).collect());
        assert_eq!(latency, Latency { p50: 100.0, p90: 180.0, p99: 198.0, max: 200.0 });
        assert_eq!(Latency::of(vec![5_000]), Latency { p50: 5.0, p90: 5.0, p99: 5.0, max: 5.0 });
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }
}
