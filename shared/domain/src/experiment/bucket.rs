//! Where a unit falls: GrowthBook's hash, its bucket ranges and its namespaces, so that other tools of the field can follow
//! an assignment. Source: GrowthBook, "Build your own SDK", specification 0.7.1.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Which hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum HashVersion {
    /// The first, biased one; namespaces still use it.
    V1,
    /// Hashed twice: one experiment says nothing of another.
    #[default]
    V2,
}

/// Weights that add up to less or more than this are not used.
const WEIGHT_SUM: std::ops::RangeInclusive<f64> = 0.99..=1.01;

const OFFSET: u32 = 0x811c_9dc5;

/// FNV-1a of 32 bits.
#[must_use]
pub fn fnv1a(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Where a value falls, from 0 to below 1, in steps of 0.0001 (version 1: 0.001). Text is taken as UTF-8; units here are ASCII.
#[must_use]
pub fn hash(seed: &str, value: &str, version: HashVersion) -> f64 {
    match version {
        HashVersion::V1 => {
            let n = fnv1a(fnv1a(OFFSET, value.as_bytes()), seed.as_bytes());
            f64::from(n % 1_000) / 1_000.0
        }
        HashVersion::V2 => f64::from(bucket(seed, value)) / f64::from(BUCKET_COUNT),
    }
}

/// Buckets of [`bucket`].
pub const BUCKET_COUNT: u32 = 10_000;

/// The bucket of a unit, from 0 to 9,999: version 2 of the hash, in whole numbers.
#[must_use]
pub fn bucket(seed: &str, unit: &str) -> u32 {
    bucket_after(seeded(seed), unit)
}

/// The hash of a seed, for the units that come after it.
pub(super) fn seeded(seed: &str) -> u32 {
    fnv1a(OFFSET, seed.as_bytes())
}

/// The bucket of a unit after a seed that is hashed already.
pub(super) fn bucket_after(seeded: u32, unit: &str) -> u32 {
    let first = fnv1a(seeded, unit.as_bytes());
    let mut digits = [0; 10];
    fnv1a(OFFSET, decimal(first, &mut digits)) % BUCKET_COUNT
}

/// A number as decimal text, without memory of its own.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut begin = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        begin -= 1;
        if number == 0 {
            break;
        }
    }
    &digits[begin..]
}

/// Which values of the hash belong to a variant: from `start` to below `end`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct BucketRange {
    /// The first value.
    pub start: f64,
    /// The first value beyond.
    pub end: f64,
}

impl BucketRange {
    /// Whether a value of the hash is in it.
    #[must_use]
    pub fn contains(self, n: f64) -> bool {
        n >= self.start && n < self.end
    }
}

/// The ranges of `count` variants: each begins where the weights before it end, and takes `coverage` of its weight, so that
/// more coverage lets people in and throws nobody out. Coverage beyond 0 to 1 is cut; weights that are not as many as variants,
/// or do not add up to 1 (within 0.01), are equal instead.
#[must_use]
pub fn bucket_ranges(count: usize, coverage: f64, weights: &[f64]) -> Vec<BucketRange> {
    let coverage = coverage.clamp(0.0, 1.0);
    let is_usable = weights.len() == count && WEIGHT_SUM.contains(&weights.iter().sum::<f64>());
    let equal = 1.0 / count.max(1) as f64;
    let mut begin = 0.0;
    let range = |index: usize| {
        let weight = if is_usable { weights.get(index).copied().unwrap_or(equal) } else { equal };
        let start = begin;
        begin += weight;
        BucketRange { start, end: start + coverage * weight }
    };
    (0..count).map(range).collect()
}

/// The variant whose range a value of the hash is in.
#[must_use]
pub fn choose_variation(n: f64, ranges: &[BucketRange]) -> Option<usize> {
    ranges.iter().position(|range| range.contains(n))
}

/// A part of all units that experiments of one name share among themselves: those with parts that do not overlap exclude
/// each other.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Namespace {
    /// Its name.
    pub id: SmolStr,
    /// The experiment's part of it.
    pub range: BucketRange,
}

impl Namespace {
    /// Whether a unit is in the experiment's part.
    #[must_use]
    pub fn contains(&self, unit: &str) -> bool {
        // As `hash(&format!("__{id}"), unit, V1)`, without memory of its own.
        let n = [unit, "__", &self.id].iter().fold(OFFSET, |n, part| fnv1a(n, part.as_bytes()));
        self.range.contains(f64::from(n % 1_000) / 1_000.0)
    }
}

#[cfg(test)]
mod published;

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
    fn a_number_is_written_as_everywhere() {
        for number in [0, 7, 10, 999_999_999, u32::MAX] {
            assert_eq!(decimal(number, &mut [0; 10]), number.to_string().as_bytes());
        }
    }

    #[test]
    fn more_coverage_throws_nobody_out() {
        for percent in 0..100 {
            let [less, more] =
                [percent, percent + 1].map(|p| bucket_ranges(3, f64::from(p) / 100.0, &[0.2, 0.3, 0.5]));
            for n in (0..BUCKET_COUNT).step_by(97).map(|n| f64::from(n) / 10_000.0) {
                if let Some(variant) = choose_variation(n, &less) {
                    assert_eq!(choose_variation(n, &more), Some(variant));
                }
            }
        }
    }
}
