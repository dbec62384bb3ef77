//! Who gets mail and who is held out, so that what mail achieves can be measured.

use serde::{Deserialize, Serialize};

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

/// Buckets of [`bucket`].
pub const BUCKET_COUNT: u32 = 10_000;

/// The bucket of a unit, from 0 to 9,999: GrowthBook's hash, version 2 (FNV-1a of 32 bits over seed and unit, hashed
/// again as decimal text), so that other tools of the field can follow an assignment.
#[must_use]
pub fn bucket(seed: &str, unit: &str) -> u32 {
    let first = fnv1a(fnv1a(OFFSET, seed.as_bytes()), unit.as_bytes());
    fnv1a(OFFSET, first.to_string().as_bytes()) % BUCKET_COUNT
}

const OFFSET: u32 = 0x811c_9dc5;

fn fnv1a(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // FNV-1a test vectors of the algorithm's authors.
        assert_eq!(fnv1a(OFFSET, b""), 0x811c_9dc5);
        assert_eq!(fnv1a(OFFSET, b"a"), 0xe40c_292c);
        assert_eq!(fnv1a(OFFSET, b"foobar"), 0xbf9c_f968);
        // Cases that GrowthBook publishes for its SDKs (`hash`, version 2).
        for (seed, unit, expected) in
            [("seed", "a", 505), ("seed", "b", 2696), ("foo", "ab", 2575), ("foo", "def", 2019)]
        {
            assert_eq!(bucket(seed, unit), expected, "{seed} {unit}");
        }
    }

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
