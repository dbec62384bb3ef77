//! How sure one may be of a difference between two groups.
//!
//! Sources: R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
//! methods, Statistics in Medicine 17 (1998), 873–890, method 10; E. B. Wilson, Probable inference, the law of succession,
//! and statistical inference, JASA 22 (1927), 209–212.

/// The quantile of the normal distribution that leaves 2.5 % above it.
const Z: f64 = 1.959_963_984_540_054;

/// A difference, and the interval that holds the true one in 95 of 100 such experiments.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The first group's value less the second's.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The interval holds 0: there are too few to tell whether there is a difference.
    pub too_few: bool,
}

impl Difference {
    fn new(value: f64, low: f64, high: f64) -> Self {
        Self { value, low, high, too_few: low <= 0.0 && high >= 0.0 }
    }
}

/// So many of so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// Those who did.
    pub count: u64,
    /// All, 1 or more.
    pub of: u64,
}

impl Share {
    /// The share itself.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.count as f64 / self.of as f64
    }

    /// Wilson's score interval.
    fn interval(self) -> (f64, f64) {
        let (n, p, z2) = (self.of as f64, self.rate(), Z * Z);
        let middle = 2.0 * n * p + z2;
        let reach = Z * (z2 + 4.0 * n * p * (1.0 - p)).sqrt();
        let below = 2.0 * (n + z2);
        ((middle - reach) / below, (middle + reach) / below)
    }

    /// The difference to another group's share, with Newcombe's hybrid score interval.
    #[must_use]
    pub fn less(self, other: Self) -> Difference {
        let (p1, p2) = (self.rate(), other.rate());
        let ((l1, u1), (l2, u2)) = (self.interval(), other.interval());
        let root = |a: f64, b: f64| (a * a + b * b).sqrt();
        let value = p1 - p2;
        Difference::new(value, value - root(p1 - l1, u2 - p2), value + root(u1 - p1, p2 - l2))
    }
}

/// A sum over people, and what its spread follows from.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Sum {
    /// People, whether they added anything or not.
    pub people: u64,
    /// What they added.
    pub total: f64,
    /// The squares of what each added.
    pub squares: f64,
}

impl Sum {
    /// What a person adds on average.
    #[must_use]
    pub fn mean(self) -> f64 {
        if self.people == 0 { 0.0 } else { self.total / self.people as f64 }
    }

    /// The variance of the mean.
    fn variance_of_mean(self) -> f64 {
        let n = self.people as f64;
        if self.people < 2 {
            return f64::INFINITY;
        }
        ((self.squares - self.total * self.total / n) / (n - 1.0)).max(0.0) / n
    }

    /// The difference of the means, with an interval by the normal approximation.
    #[must_use]
    pub fn less(self, other: Self) -> Difference {
        let value = self.mean() - other.mean();
        let reach = Z * (self.variance_of_mean() + other.variance_of_mean()).sqrt();
        Difference::new(value, value - reach, value + reach)
    }
}

/// How likely a division at least as odd as this one is, if each were put into the first group with this probability:
/// Pearson's chi-square test with one degree of freedom. 1 where there is nothing to test.
#[must_use]
pub fn sample_ratio_p(first: u64, second: u64, share_of_first: f64) -> f64 {
    let all = (first + second) as f64;
    let expected = [all * share_of_first, all * (1.0 - share_of_first)];
    if expected.iter().any(|expected| *expected <= 0.0) {
        return 1.0;
    }
    let part = |seen: u64, expected: f64| (seen as f64 - expected).powi(2) / expected;
    let chi_square = part(first, expected[0]) + part(second, expected[1]);
    libm::erfc((chi_square / 2.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 0.000_05
    }

    #[test]
    fn requirement_45_the_interval_is_the_published_one() {
        // Newcombe (1998), table II, method 10.
        for (a, b, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            let share = |(count, of)| Share { count, of };
            let found = share(a).less(share(b));
            assert!(near(found.low, low) && near(found.high, high), "{a:?} {b:?}: {found:?}");
            assert_eq!(found.too_few, low <= 0.0);
        }
    }

    #[test]
    fn requirement_45_an_odd_division_is_noticed() {
        // Quantiles of the chi-square distribution with one degree of freedom: 3.841 at 5 %, 10.828 at 0.1 %.
        for (chi_square, p) in [(3.841_458_8, 0.05), (10.827_566, 0.001), (0.0, 1.0)] {
            let found = libm::erfc(f64::sqrt(chi_square / 2.0));
            assert!((found - p).abs() < 1e-7, "{chi_square}: {found}");
        }
        assert!(sample_ratio_p(1_000, 9_000, 0.1) > 0.99);
        assert!(sample_ratio_p(900, 9_100, 0.1) < 0.001, "chi-square is 11.1");
        assert!(sample_ratio_p(910, 9_090, 0.1) > 0.001, "chi-square is 9");
        assert!(near(sample_ratio_p(0, 5, 0.0), 1.0), "nobody is to be held out");
    }

    #[test]
    fn the_difference_of_sums_needs_people_in_both_groups() {
        let sum = |values: &[f64]| Sum {
            people: values.len() as u64,
            total: values.iter().sum(),
            squares: values.iter().map(|v| v * v).sum(),
        };
        let found = sum(&[1.0, 2.0, 3.0, 4.0]).less(sum(&[0.0, 0.0, 0.0, 1.0]));
        // Variances 5/3 and 1/4, each of four people.
        let reach = Z * (5.0 / 12.0 + 1.0 / 16.0_f64).sqrt();
        assert!(near(found.value, 2.25) && near(found.low, 2.25 - reach), "{found:?}");
        assert!(!found.too_few);
        assert!(sum(&[9.0]).less(sum(&[0.0, 0.0])).too_few);
    }
}
