//! Products as small numbers, so that what counts and ranks them can use plain arrays.

use super::ranker::TrainingSet;
use beckon_domain::ProductId;
use beckon_recommend::Scored;
use std::collections::HashMap;

/// The products of a training set, numbered from 0 in the order of their ids: a tie broken by the number is broken by
/// the id.
#[derive(Debug, Default)]
pub struct Items {
    products: Vec<ProductId>,
    number_of: HashMap<ProductId, u32>,
}

impl Items {
    /// Numbers every product of the sessions.
    #[must_use]
    pub fn of(training: &TrainingSet) -> Self {
        let mut products: Vec<ProductId> =
            training.sessions.iter().flat_map(|session| session.products.iter().cloned()).collect();
        products.sort_unstable();
        products.dedup();
        let number_of = products.iter().cloned().zip(0..).collect();
        Self { products, number_of }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.products.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// A product's number; `None` when no session had it.
    #[must_use]
    pub fn number(&self, product: &ProductId) -> Option<u32> {
        self.number_of.get(product).copied()
    }

    /// How often each was looked at, by number.
    #[must_use]
    pub fn clicks(&self, training: &TrainingSet) -> Vec<u32> {
        let mut clicks = vec![0_u32; self.len()];
        let all = training.sessions.iter().flat_map(|session| &session.products);
        for number in all.filter_map(|product| self.number(product)) {
            if let Some(count) = clicks.get_mut(number as usize) {
                *count = count.saturating_add(1);
            }
        }
        clicks
    }

    /// Numbers with scores as a ranking: the highest first, of equal ones the smaller number, at most `count`.
    #[must_use]
    pub fn ranking(&self, mut scored: Vec<(u32, f64)>, count: usize) -> Vec<Scored> {
        let better = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if count == 0 {
            return Vec::new();
        }
        if scored.len() > count {
            scored.select_nth_unstable_by(count - 1, better);
            scored.truncate(count);
        }
        scored.sort_unstable_by(better);
        let entry = |(number, score): (u32, f64)| {
            let product = self.products.get(number as usize)?;
            Some(Scored { product: product.clone(), score })
        };
        scored.into_iter().filter_map(entry).collect()
    }
}
