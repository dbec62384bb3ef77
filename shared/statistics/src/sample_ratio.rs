//! Whether users were divided as they were to be. Where they were not, something loses users of one variant, and what
//! it loses are rarely average users: no comparison is to be believed.
//!
//! Sources: K. Pearson's chi-square test; R. Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled Experiments
//! (2020), chapter 21, for what to do about it; M. Lindon and A. Malek, Anytime-valid inference for multinomial count
//! data, NeurIPS 2022, for the p-value that may be looked at again and again.

use crate::normal;
use serde::Serialize;

/// A division that is less likely than this is no accident.
pub const SAMPLE_RATIO_P_MIN: f64 = 0.001;
/// Expected users of the smallest variant from which on the chi-square test is a good one (W. G. Cochran's rule).
pub const EXPECTED_MIN: f64 = 5.0;
/// What the weights are worth before anybody came, in users: 16.5 / 5,000 of a user's information, so that the
/// always-valid test is most powerful at 5,000 users and a level of 0.001.
const PRIOR_USERS: f64 = 303.0;

/// Whether users were divided as they were to be.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleRatio {
    /// Pearson's chi-square.
    pub chi_square: f64,
    /// How likely a division at least as odd is, at one look. 1 where there is nothing to test.
    pub p_value: f64,
    /// Always valid: in a sound experiment it is ever below 0.001, at whatever look, in one of 1,000 at most.
    pub always_valid_p_value: f64,
    /// The p-value is below [`SAMPLE_RATIO_P_MIN`]: do not believe the comparison. Whoever looks at a sound
    /// experiment often is warned a little more often than once in 1,000 (the `README.md` has how often); the next
    /// field guards against that.
    pub warning: bool,
    /// The always-valid p-value is below it too: it is not for looking often that the warning came.
    pub is_certain: bool,
}

/// Tests `counts`, users of each variant, against `weights`, which need not add up to 1. A variant without a weight is
/// to have no users; a weight that is missing, negative or no number is 0.
#[must_use]
pub fn sample_ratio(counts: &[u64], weights: &[f64]) -> SampleRatio {
    let weight = |at: usize| weights.get(at).copied().filter(|w| w.is_finite() && *w > 0.0).unwrap_or(0.0);
    let total: f64 = (0..counts.len()).map(weight).sum();
    let all: f64 = counts.iter().map(|count| *count as f64).sum();
    // Of each variant that is to have users: how many it has, and its part of all.
    let mut parts = Vec::new();
    let mut is_impossible = false;
    for (at, count) in counts.iter().enumerate() {
        match weight(at) {
            0.0 => is_impossible |= *count > 0 && total > 0.0,
            weight => parts.push((*count as f64, weight / total)),
        }
    }
    if is_impossible {
        let (chi_square, warning) = (f64::INFINITY, true);
        return SampleRatio {
            chi_square,
            p_value: 0.0,
            always_valid_p_value: 0.0,
            warning,
            is_certain: warning,
        };
    }
    if parts.len() < 2 || all == 0.0 {
        return SampleRatio {
            chi_square: 0.0,
            p_value: 1.0,
            always_valid_p_value: 1.0,
            warning: false,
            is_certain: false,
        };
    }
    let off = |(count, part): &(f64, f64)| (count - all * part) * (count - all * part) / (all * part);
    let chi_square = parts.iter().map(off).sum();
    let p_value = normal::chi_square_tail(chi_square, parts.len() - 1);
    let always_valid_p_value = libm::exp(-log_evidence(&parts, all)).min(1.0);
    let least = parts.iter().map(|(_, part)| all * part).fold(f64::INFINITY, f64::min);
    let warning = p_value < SAMPLE_RATIO_P_MIN && least >= EXPECTED_MIN;
    let is_certain = warning && always_valid_p_value < SAMPLE_RATIO_P_MIN;
    SampleRatio { chi_square, p_value, always_valid_p_value, warning, is_certain }
}

/// The logarithm of how much likelier the counts are when the division is drawn from a Dirichlet distribution around
/// the weights than when it is the weights. In a sound experiment its exponential is a martingale that begins at 1.
fn log_evidence(parts: &[(f64, f64)], all: f64) -> f64 {
    let of_variant = |(count, part): &(f64, f64)| {
        let prior = PRIOR_USERS * part;
        libm::lgamma(prior + count) - libm::lgamma(prior) - count * libm::log(*part)
    };
    let of_variants: f64 = parts.iter().map(of_variant).sum();
    of_variants + libm::lgamma(PRIOR_USERS) - libm::lgamma(PRIOR_USERS + all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_one_on_average_where_all_is_sound_so_looking_often_finds_nothing() {
        // Every division of so many users among three variants, with its probability.
        let parts = [0.5, 0.3, 0.2];
        for all in [1_u32, 2, 7, 30] {
            let log_factorial = |n: u32| libm::lgamma(f64::from(n) + 1.0);
            let (mut probability, mut mean) = (0.0, 0.0);
            for a in 0..=all {
                for b in 0..=all - a {
                    let counts = [a, b, all - a - b];
                    let log: f64 = counts
                        .iter()
                        .zip(parts)
                        .map(|(n, part)| f64::from(*n) * libm::log(part) - log_factorial(*n))
                        .sum();
                    let chance = libm::exp(log + log_factorial(all));
                    let pairs: Vec<_> = counts.iter().map(|n| f64::from(*n)).zip(parts).collect();
                    probability += chance;
                    mean += chance * libm::exp(log_evidence(&pairs, f64::from(all)));
                }
            }
            assert!((probability - 1.0).abs() < 1e-12 && (mean - 1.0).abs() < 1e-12, "{all}: {mean}");
        }
    }
}
