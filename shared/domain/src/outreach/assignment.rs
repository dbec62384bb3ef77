//! Who gets mail and who is held out, so that what mail achieves can be measured.

use serde::{Deserialize, Serialize};

pub use crate::experiment::bucket::{BUCKET_COUNT, bucket};

/// The groups of a holdout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Gets the mail.
    Treated,
    /// Would have got it, and does not, for comparison.
    HeldOut,
}

impl Group {
    /// The stable code in the ledger.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Treated => "treated",
            Self::HeldOut => "held_out",
        }
    }

    /// Reads the code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Treated, Self::HeldOut].into_iter().find(|group| group.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_all_units_is_in_a_tenth_of_all_buckets() {
        let below = (0..100_000).filter(|n| bucket("holdout", &format!("c1_{n}")) < 1_000).count();
        // Of 100,000 units 10,000 are expected; four standard deviations are 380.
        assert!((9_620..=10_380).contains(&below), "{below}");
        let both = (0..100_000).map(|n| format!("c1_{n}"));
        let both = both.filter(|u| bucket("a", u) < 1_000 && bucket("b", u) < 1_000).count();
        assert!((880..=1_120).contains(&both), "seeds assign independently: {both}");
    }
}
