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
    /// The touched ones with what they are worth, to choose the best.
    pub(super) neighbours: Vec<(f32, u32)>,
    /// Score of each product; zero for those not touched.
    pub(super) scores: Vec<f64>,
    /// Products that were touched.
    pub(super) scored: Vec<u32>,
}

impl Scratch {
    pub(super) fn fit(&mut self, session_count: usize, product_count: usize) {
        if self.similarity.len() < session_count {
            self.similarity.resize(session_count, 0.0);
            self.found_by.resize(session_count, 0);
        }
        if self.scores.len() < product_count {
            self.scores.resize(product_count, 0.0);
        }
    }
}
