//! Asks a layer about every pair, and counts.

use super::items::Items;
use super::metrics::{Latency, Ranks, Spread};
use super::pairs::TestSet;
use super::ranker::Ranker;
use super::report::LayerReport;
use crate::error::CliError;
use beckon_domain::ProductId;
use beckon_recommend::Scored;
use indicatif::ProgressBar;
use std::time::{Duration, Instant};

/// Pairs after which the progress bar moves: to draw it must cost nothing.
const PAIRS_PER_TICK: u64 = 256;

/// What every layer is measured with.
#[derive(Clone, Copy)]
pub(super) struct Measure<'a> {
    pub items: &'a Items,
    pub clicks: &'a [u32],
    pub test: &'a TestSet,
    pub count: usize,
}

impl Measure<'_> {
    /// Asks about every pair, in order, on this thread.
    pub fn run(
        &self,
        layer: &dyn Ranker,
        built: Duration,
        bar: &ProgressBar,
    ) -> Result<LayerReport, CliError> {
        let (mut ranks, mut spread) = (Ranks::default(), Spread::new(self.clicks));
        let mut nanoseconds = Vec::with_capacity(self.test.len());
        let mut short_lists = 0_u64;
        for (number, pair) in (1_u64..).zip(self.test.pairs()) {
            let began = Instant::now();
            let ranking = layer.rank(pair.prefix, self.count);
            nanoseconds.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
            let numbers = self.check(&ranking, pair.prefix).map_err(|what| {
                let name = layer.name();
                CliError::failed(format!("{name}, pair {number}: {what}; this is a bug of the layer"))
            })?;
            numbers.into_iter().for_each(|number| spread.add(number));
            ranks.add(ranking.iter().position(|entry| entry.product == *pair.target).map(|place| place + 1));
            short_lists += u64::from(ranking.len() < self.count);
            if number % PAIRS_PER_TICK == 0 {
                bar.inc(PAIRS_PER_TICK);
            }
        }
        Ok(LayerReport {
            name: layer.name().to_owned(),
            count: self.count,
            hit_rate: ranks.hit_rate(),
            mean_reciprocal_rank: ranks.mean_reciprocal_rank(),
            coverage: spread.coverage(),
            popularity: spread.popularity(),
            short_lists: short_lists as f64 / self.test.len().max(1) as f64,
            latency_us: Latency::of(nanoseconds),
            build_ms: built.as_secs_f64() * 1_000.0,
        })
    }

    /// What a ranking promises: a layer that answers twice as much would look twice as good. The numbers of its entries
    /// that training had; a product that nobody had seen may come from the session alone.
    fn check(&self, ranking: &[Scored], session: &[ProductId]) -> Result<Vec<u32>, String> {
        if ranking.len() > self.count {
            return Err(format!("{} products were ranked, {} asked for", ranking.len(), self.count));
        }
        if ranking.iter().any(|entry| !entry.score.is_finite())
            || ranking.windows(2).any(|two| matches!(two, [a, b] if a.score < b.score))
        {
            return Err("scores rise or are no numbers".to_owned());
        }
        let mut distinct: Vec<&ProductId> = ranking.iter().map(|entry| &entry.product).collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < ranking.len() {
            return Err("a product was ranked twice".to_owned());
        }
        let known = |product: &ProductId| match self.items.number(product) {
            None if !session.contains(product) => {
                Some(Err(format!("`{product}` was recommended, but never seen")))
            }
            number => number.map(Ok),
        };
        distinct.into_iter().filter_map(known).collect()
    }
}
