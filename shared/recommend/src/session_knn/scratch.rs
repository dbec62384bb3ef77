//! The memory that ranking writes into, kept from one call to the next.

use std::sync::{Mutex, PoisonError};

/// Room for the sums of one ranking.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// Similarity of each session; zero for those not touched.
    pub similarity: Vec<f32>,
    /// By which product of the current session (0 is the newest) each session was found.
    pub found_by: Vec<u32>,
    /// Sessions that were touched.
    pub touched: Vec<u32>,
    /// What they are worth, and which they are.
    pub neighbours: Vec<(f32, u32)>,
    /// Of each place of one session, how far the product in common is away.
    pub distances: Vec<usize>,
    /// Score of each product.
    pub scores: Scores,
}

/// Sums by product.
#[derive(Clone, Debug, Default)]
pub(super) struct Scores {
    /// Zero for those not touched.
    pub sums: Vec<f64>,
    /// Products that were touched.
    pub touched: Vec<u32>,
    /// All sums together.
    pub total: f64,
}

impl Scores {
    pub fn add(&mut self, product: u32, score: f64) {
        let sum = &mut self.sums[product as usize];
        if *sum == 0.0 {
            self.touched.push(product);
        }
        *sum += score;
        self.total += score;
    }
}

impl Scratch {
    pub fn fit(&mut self, session_count: usize, product_count: usize) {
        if self.similarity.len() < session_count {
            self.similarity.resize(session_count, 0.0);
            self.found_by.resize(session_count, 0);
        }
        if self.scores.sums.len() < product_count {
            self.scores.sums.resize(product_count, 0.0);
        }
        self.scores.total = 0.0;
    }
}

/// Scratches of an index that are not in use: as many as there were rankings at the same time. They are no part of what
/// the index is.
#[derive(Debug, Default)]
pub(super) struct Spare(Mutex<Vec<Scratch>>);

impl Spare {
    /// Lends a scratch.
    pub fn with<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // One that panics is lost, with whatever was left in it.
        let mut scratch = taken.unwrap_or_default();
        let result = work(&mut scratch);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        result
    }
}

impl Clone for Spare {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Spare {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
