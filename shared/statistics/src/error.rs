//! What cannot be figures of an experiment.

/// Why figures were refused.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum StatisticsError {
    /// A level is the share of experiments without a difference in which one may be seen.
    #[error("the level {0} is not above 0 and at most 0.5")]
    Level(f64),
    /// Conversions are counted once for each user.
    #[error("{conversions} users converted of {users}")]
    MoreConversionsThanUsers {
        /// Who converted.
        conversions: u64,
        /// All.
        users: u64,
    },
    /// What is summed over users is summed over all of the variant's, those who have nothing of it included.
    #[error("sums of {sums} users do not go with {users} users")]
    OtherUsers {
        /// Users of the sums.
        sums: u64,
        /// Users of what they were to go with.
        users: u64,
    },
    /// A sum that is infinite or no number, or squares that no values with this sum have.
    #[error("a sum of {sum} and squares of {squares} are not those of {count} values")]
    NotSums {
        /// Values.
        count: u64,
        /// Their sum.
        sum: f64,
        /// The sum of their squares.
        squares: f64,
    },
}

impl StatisticsError {
    /// Whether trying again can help: never, the numbers are what they are.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        false
    }
}
