//! The memory that ranking writes into, kept from one call to the next.

/// Room for the sums of one ranking. It may be used with any index; one index at a time costs least.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// Similarity of each session; zero for those not touched.
    pub(super) similarity: Vec<f32>,
    /// By which product of the current session (0 is the newest) each session was found.
    pub(super) found_by: Vec<u32>,
    /// Sessions that were touched.
    pub(super) touched: Vec<u32>,
    /// What they are worth, and which they are.
    pub(super) neighbours: Vec<(f32, u32)>,
    /// Of each place of one session, how far the product in common is away.
    pub(super) distances: Vec<usize>,
    /// Score of each product.
    pub(super) scores: Scores,
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
    pub(super) fn fit(&mut self, session_count: usize, product_count: usize) {
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
