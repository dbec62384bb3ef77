//! What an index may hold, and how it ranks.

use beckon_domain::DurationMs;

/// What an index may hold. What is over a limit is dropped, the oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Sessions at most, the newest.
    pub sessions_max: usize,
    /// Products at most: sessions are taken newest first until another one would exceed it.
    pub products_max: usize,
    /// Places of all sessions together at most: what the memory of an index grows with.
    pub places_max: usize,
    /// Places of one session at most, its last ones.
    pub session_length_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions_max: 1_000_000,
            products_max: 500_000,
            places_max: 6_000_000,
            session_length_max: 100,
        }
    }
}

/// How an index ranks: STAN's weights (Garg, Gupta, Malhotra, Vig, Shroff: "Sequence and Time Aware Neighborhood for
/// Session-based Recommendations", SIGIR 2019). A decay is what is left of a weight after one step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scoring {
    /// Past sessions that are compared at most, those first that hold the newest products of the current one.
    pub candidates_max: usize,
    /// The most similar of them, which recommend.
    pub neighbours_max: usize,
    /// Products of the current session that are looked at, its last ones.
    pub session_length_max: usize,
    /// Decay of a product's weight by each place that it is away from the end of the current session.
    pub position_decay: f32,
    /// Decay of what a past session recommends by each place that it is away from the product in common.
    pub distance_decay: f32,
    /// After how much time a past session weighs half; `None` where sessions have no times.
    pub age_half_life: Option<DurationMs>,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            candidates_max: 5_000,
            neighbours_max: 500,
            session_length_max: 20,
            position_decay: 0.135,
            distance_decay: 0.287,
            age_half_life: None,
        }
    }
}
