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
    /// Sessions that one product leads to at most, the newest: what bounds the work of a ranking.
    pub postings_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions_max: 1_000_000,
            products_max: 500_000,
            places_max: 4_000_000,
            session_length_max: 50,
            postings_max: 1_000,
        }
    }
}

/// How an index ranks. The defaults were tuned on the held-out part of one data set and hold on four others: see the
/// README of this crate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scoring {
    /// Past sessions that are compared at most, those first that hold the newest products of the current one.
    pub candidates_max: usize,
    /// The most similar of them, which recommend.
    pub neighbours_max: usize,
    /// Places of the current session that are looked at, its last ones.
    pub session_length_max: usize,
    /// What is left of a product's weight with each place that it is away from the end of the current session.
    pub position_decay: f32,
    /// A product at distance d from the one in common weighs `1 / (1 + distance_slope * (d - 1))`.
    pub distance_slope: f32,
    /// What the product in common weighs itself.
    pub shared_weight: f32,
    /// What is left of the neighbours' word on products that are in the current session: how often people come back is
    /// counted, which says more.
    pub own_share: f64,
    /// How sure the count of who comes back is against the neighbours where few of them speak. 0: not at all.
    pub returns_floor: f64,
    /// How much what goes with the best products counts beside them. 0: not at all.
    pub onward_share: f64,
    /// How many of the best products are followed onward.
    pub onward_products: usize,
    /// After how much time a past session weighs half; `None` where sessions have no times.
    pub age_half_life: Option<DurationMs>,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            candidates_max: 1_000,
            neighbours_max: 200,
            session_length_max: 30,
            position_decay: 0.6,
            distance_slope: 0.5,
            shared_weight: 0.5,
            own_share: 0.25,
            returns_floor: 500.0,
            onward_share: 0.3,
            onward_products: 5,
            age_half_life: Some(DurationMs::from_days(30)),
        }
    }
}

impl Scoring {
    /// STAN alone, with its published kinds of weight where this crate can say them: to compare with.
    #[must_use]
    pub fn neighbours_alone() -> Self {
        Self { shared_weight: 3.0, own_share: 1.0, returns_floor: 0.0, onward_share: 0.0, ..Self::default() }
    }
}
