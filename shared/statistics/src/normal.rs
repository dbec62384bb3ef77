//! Distributions of `statrs`, where they are not defined too.

/// The value below which a standard normal variable is with this probability.
pub(crate) fn quantile(probability: f64) -> f64 {
    let probability = probability.clamp(0.0, 1.0);
    -std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * probability)
}

/// The probability that a chi-square variable with `freedom` degrees is at least `value`.
pub(crate) fn chi_square_tail(value: f64, freedom: usize) -> f64 {
    if freedom == 0 || value <= 0.0 {
        return 1.0;
    }
    if !value.is_finite() {
        return 0.0;
    }
    statrs::function::gamma::checked_gamma_ur(freedom as f64 / 2.0, value / 2.0).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_tails_are_those_of_the_table() {
        // testdata/boundary.py says how the table was made.
        let mut count = 0;
        for line in include_str!("../testdata/distributions.csv").lines().skip(1) {
            let row: Vec<&str> = line.split(',').collect();
            let (argument, expected): (f64, f64) = (row[1].parse().unwrap(), row[3].parse().unwrap());
            let found = match row[0] {
                "normal_quantile" => quantile(argument),
                _ => chi_square_tail(argument, row[2].parse().unwrap()),
            };
            assert!((found - expected).abs() <= 1e-10 * expected.abs() + 1e-15, "{line}: {found}");
            count += 1;
        }
        assert_eq!(count, 38);
        assert_eq!((chi_square_tail(3.0, 0), chi_square_tail(f64::INFINITY, 1)), (1.0, 0.0));
    }
}
