//! The exponential and the natural logarithm from additions, multiplications and bits alone.
//!
//! What a model says decides which segments a profile is in, and that is stored: it must be the same to the last bit on
//! every machine, which the platform's own functions do not promise. Both are accurate to about 13 digits.

/// 1 / ln 2.
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// The upper 32 bits of ln 2, so that a multiple of it by a small whole number is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
/// What is left of ln 2.
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Beyond these e^x leaves the range of normal numbers.
const EXP_MIN: f64 = -708.0;
const EXP_MAX: f64 = 709.0;
/// Coefficients of the series of e^r, 1/n!, even and odd ones apart: two short sums are faster than a long one.
const EXP_EVEN: [f64; 6] = [1.0, 1.0 / 2.0, 1.0 / 24.0, 1.0 / 720.0, 1.0 / 40_320.0, 1.0 / 3_628_800.0];
const EXP_ODD: [f64; 6] = [1.0, 1.0 / 6.0, 1.0 / 120.0, 1.0 / 5_040.0, 1.0 / 362_880.0, 1.0 / 39_916_800.0];

/// A sum of powers of `x`, in pairs that do not wait for each other (Estrin's way).
#[inline]
fn polynomial(c: &[f64; 6], x: f64) -> f64 {
    let square = x * x;
    (c[0] + c[1] * x) + square * ((c[2] + c[3] * x) + square * (c[4] + c[5] * x))
}

/// e^x; at the ends of the range of numbers it stays there, and what is no number stays none.
#[must_use]
#[inline]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(EXP_MIN, EXP_MAX);
    // x = k ln 2 + r with |r| at most half of ln 2. The cast cuts off, so a half is added away from zero; of what is no
    // number it makes zero.
    let scaled = x * LOG2_E;
    let k = (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i64;
    let k_float = k as f64;
    let r = (x - k_float * LN_2_HIGH) - k_float * LN_2_LOW;
    let square = r * r;
    let of_r = polynomial(&EXP_EVEN, square) + r * polynomial(&EXP_ODD, square);
    let power = f64::from_bits(u64::try_from(k + 1_023).unwrap_or_default() << 52);
    of_r * power
}

/// ln x of a positive normal number; of anything else that of the least such number.
#[must_use]
pub fn ln(x: f64) -> f64 {
    let x = if x >= f64::MIN_POSITIVE { x } else { f64::MIN_POSITIVE };
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) as i64) - 1_023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1_023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    // ln m = 2 artanh s with s = (m - 1) / (m + 1), which is at most 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let (mut sum, mut power, mut odd) = (0.0, s, 1.0);
    while odd < 22.0 {
        sum += power / odd;
        power *= square;
        odd += 2.0;
    }
    let exponent = exponent as f64;
    exponent * LN_2_HIGH + (exponent * LN_2_LOW + 2.0 * sum)
}

/// ln (1 + x) of a number that is not negative: what counts grow by.
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    ln(1.0 + if x > 0.0 { x } else { 0.0 })
}

/// The logistic function 1 / (1 + e^−x).
#[must_use]
#[inline]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// The log-odds of a probability, kept away from 0 and 1.
#[must_use]
pub fn logit(probability: f64) -> f64 {
    let p = clip(probability);
    ln(p / (1.0 - p))
}

/// A probability kept away from 0 and 1 by what a model may not be surer of.
#[must_use]
pub fn clip(probability: f64) -> f64 {
    const LEAST: f64 = 1e-12;
    probability.clamp(LEAST, 1.0 - LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_agree_with_the_platform_to_twelve_digits(x in -700.0..700.0_f64, y in 1e-300..1e300_f64) {
            prop_assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "e^{x}: {} and {}", exp(x), x.exp());
            prop_assert!((ln(y) - y.ln()).abs() <= 1e-12 * y.ln().abs().max(1.0), "ln {y}: {}", ln(y));
        }

        #[test]
        fn the_logit_undoes_the_logistic_function(x in -20.0..20.0_f64) {
            prop_assert!((logit(sigmoid(x)) - x).abs() < 1e-6);
        }
    }

    /// To the bit, so that a machine that computes otherwise is noticed.
    #[test]
    fn known_values_to_the_last_bit() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(exp(1.0).to_bits(), 0x4005_BF0A_8B14_5763);
        assert_eq!(ln(10.0).to_bits(), 0x4002_6BB1_BBB5_5516);
        assert_eq!(sigmoid(-1.5).to_bits(), 0x3FC7_59B8_355A_1BAF);
    }

    #[test]
    fn the_ends_of_the_range_are_numbers() {
        assert!(exp(1e9).is_finite() && exp(-1e9) > 0.0);
        assert!(ln(0.0).is_finite() && ln(-1.0).is_finite());
        assert!(sigmoid(1e9) <= 1.0 && sigmoid(-1e9) > 0.0);
    }
}
