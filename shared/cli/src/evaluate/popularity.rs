//! The baseline that knows nobody: what was looked at most, for every session the same.

use super::items::Items;
use super::ranker::{Ranker, TrainingSet};
use beckon_domain::ProductId;
use beckon_recommend::Scored;

/// The products that were looked at most; scores are clicks.
#[derive(Debug)]
pub struct Popularity {
    ranking: Vec<Scored>,
}

impl Popularity {
    /// The longest list that can be asked for.
    const RANKING_MAX: usize = 1_000;

    /// Counts clicks.
    #[must_use]
    pub fn build(training: &TrainingSet) -> Self {
        let items = Items::of(training);
        let scored = (0..).zip(items.clicks(training).into_iter().map(f64::from)).collect();
        Self { ranking: items.ranking(scored, Self::RANKING_MAX) }
    }
}

impl Ranker for Popularity {
    fn name(&self) -> &'static str {
        "popularity"
    }

    fn rank(&self, _session: &[ProductId], count: usize) -> Vec<Scored> {
        self.ranking.iter().take(count).cloned().collect()
    }
}
