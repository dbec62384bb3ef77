//! How many codes a pool has left.

use beckon_domain::code::PoolName;

/// Free codes of a pool below which it is low, however small it is.
pub const LOW_COUNT: u64 = 100;
/// Per cent of a pool's codes that must be free, or it is low.
pub const LOW_PERCENT: u64 = 10;

/// How many codes of a pool are in which state. Exact at the instant of each list's reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PoolCounts {
    /// Codes that somebody can be given.
    pub free: u64,
    /// Codes that nobody has and whose time is over.
    pub expired: u64,
    /// Codes that somebody has.
    pub held: u64,
    /// Codes that were used.
    pub redeemed: u64,
}

impl PoolCounts {
    /// All codes of the pool.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.free + self.expired + self.held + self.redeemed
    }

    /// Whether new codes are needed soon: fewer than 100 are free, or than a tenth of all that the pool ever had.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        self.free < LOW_COUNT || self.free * 100 < self.total() * LOW_PERCENT
    }

    /// Logs them, of a pool that is used: the metric of free codes is made of such lines, and the alarm of those that
    /// somebody must see whatever the level.
    pub fn log(&self, pool: &PoolName) {
        let (pool, free_count) = (pool.as_str(), self.free);
        tracing::info!(pool, free_count, "codes counted");
        if self.is_low() {
            tracing::error!(pool, free_count, "a pool of codes is low");
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            free: self.free + other.free,
            expired: self.expired + other.expired,
            held: self.held + other.held,
            redeemed: self.redeemed + other.redeemed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_low_when_few_are_free_or_a_small_part_of_all() {
        let counts = |free, held| PoolCounts { free, held, ..PoolCounts::default() };
        for (free, held, is_low) in [
            (0, 0, true),
            (99, 0, true),
            (100, 0, false),
            (100, 900, false),
            (100, 901, true),
            (999, 9_000, true),
        ] {
            assert_eq!(counts(free, held).is_low(), is_low, "{free} free, {held} held");
        }
    }
}
