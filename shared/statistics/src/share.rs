//! Shares of two groups, and how sure one may be of their difference at one look that was set beforehand.
//!
//! Sources: R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of
//! eleven methods, Statistics in Medicine 17 (1998), 873–890, method 10; E. B. Wilson, Probable inference, the law of
//! succession, and statistical inference, JASA 22 (1927), 209–212.

use crate::comparison::Interval;
use crate::moments::Moments;
use crate::normal;

/// 5 of 100 such experiments have the true difference outside.
const ALPHA: f64 = 0.05;

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

    /// Wilson's score interval at 95 %: never outside 0 and 1, and of none of some it is no single point.
    #[must_use]
    pub fn wilson(self) -> Interval {
        let (low, high) = self.interval(normal::quantile(1.0 - ALPHA / 2.0));
        // Of none and of all the bounds are known, and rounding must not say otherwise.
        let low = if self.count == 0 { 0.0 } else { low.max(0.0) };
        Interval { low, high: if self.count >= self.of { 1.0 } else { high.min(1.0) } }
    }

    fn interval(self, z: f64) -> (f64, f64) {
        let (n, p, z2) = (self.of as f64, self.rate(), z * z);
        let middle = 2.0 * n * p + z2;
        let reach = z * (z2 + 4.0 * n * p * (1.0 - p)).sqrt();
        let below = 2.0 * (n + z2);
        ((middle - reach) / below, (middle + reach) / below)
    }

    /// The difference to another group's share, with Newcombe's hybrid score interval at 95 %.
    #[must_use]
    pub fn less(self, other: Self) -> Difference {
        self.less_at(other, ALPHA)
    }

    /// The same at another level.
    pub(crate) fn less_at(self, other: Self, alpha: f64) -> Difference {
        let z = normal::quantile(1.0 - alpha / 2.0);
        let (p1, p2) = (self.rate(), other.rate());
        let ((l1, u1), (l2, u2)) = (self.interval(z), other.interval(z));
        let root = |a: f64, b: f64| (a * a + b * b).sqrt();
        let value = p1 - p2;
        Difference::new(value, value - root(p1 - l1, u2 - p2), value + root(u1 - p1, p2 - l2))
    }
}

impl Moments {
    /// The difference of the means, with an interval at 95 % by the normal approximation.
    #[must_use]
    pub fn less(self, other: Self) -> Difference {
        let value = self.mean() - other.mean();
        let z = normal::quantile(1.0 - ALPHA / 2.0);
        let reach = z * (self.variance_of_mean() + other.variance_of_mean()).sqrt();
        Difference::new(value, value - reach, value + reach)
    }
}
