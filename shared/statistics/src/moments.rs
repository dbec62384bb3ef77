//! Sums over users, and the spread that follows from them.

use crate::error::StatisticsError;

/// Part of a square that rounding may have taken from a sum of squares.
const ROUNDING: f64 = 1e-9;

/// A value of each user, summed: how many users, the sum, and the sum of squares.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Moments {
    count: u64,
    sum: f64,
    sum_of_squares: f64,
}

impl Moments {
    /// Sums that were made elsewhere; the unit is the caller's.
    ///
    /// # Errors
    /// When no `count` values have these sums.
    pub fn new(count: u64, sum: f64, sum_of_squares: f64) -> Result<Self, StatisticsError> {
        let is_finite = sum.is_finite() && sum_of_squares.is_finite();
        let least = sum * sum / count.max(1) as f64;
        let are_sums = is_finite
            && sum_of_squares >= least * (1.0 - ROUNDING)
            && (count > 0 || (sum == 0.0 && sum_of_squares == 0.0));
        let moments = Self { count, sum, sum_of_squares };
        are_sums.then_some(moments).ok_or(StatisticsError::NotSums { count, sum, squares: sum_of_squares })
    }

    /// Of these values.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }

    /// One more user.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.sum_of_squares += value * value;
    }

    /// The same among so many users: the others have 0. Never fewer than were added.
    #[must_use]
    pub fn among(self, users: u64) -> Self {
        Self { count: self.count.max(users), ..self }
    }

    /// The sums of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            sum_of_squares: self.sum_of_squares + other.sum_of_squares,
        }
    }

    /// Users.
    #[must_use]
    pub fn count(self) -> u64 {
        self.count
    }

    /// What all have together.
    #[must_use]
    pub fn sum(self) -> f64 {
        self.sum
    }

    /// The sum of squares.
    #[must_use]
    pub fn sum_of_squares(self) -> f64 {
        self.sum_of_squares
    }

    /// What a user has on average; 0 without users.
    #[must_use]
    pub fn mean(self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    /// How many users of equal weight these are worth: the square of the sum, divided by the sum of squares (L. Kish,
    /// Survey Sampling, 1965). Users who have 0 are worth nothing, and where a few have most of the sum it is little
    /// more than those few. It has a meaning for values that are not below 0.
    #[must_use]
    pub fn effective_count(self) -> f64 {
        if self.sum_of_squares > 0.0 { self.sum * self.sum / self.sum_of_squares } else { 0.0 }
    }

    /// How much users differ: the sample's variance, divided by one less than the users. Infinite below two.
    #[must_use]
    pub fn variance(self) -> f64 {
        if self.count < 2 {
            return f64::INFINITY;
        }
        let n = self.count as f64;
        ((self.sum_of_squares - self.sum * self.sum / n) / (n - 1.0)).max(0.0)
    }

    /// The variance of the mean. Infinite below two users.
    #[must_use]
    pub fn variance_of_mean(self) -> f64 {
        if self.count < 2 { f64::INFINITY } else { self.variance() / self.count as f64 }
    }
}

/// Two values of each user, summed, for a ratio of sums such as revenue per order or orders per session. The unit is
/// still the user, because users were divided, and one user's orders are not independent of each other.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct CrossMoments {
    numerator: Moments,
    denominator: Moments,
    sum_of_products: f64,
}

impl CrossMoments {
    /// Sums that were made elsewhere.
    ///
    /// # Errors
    /// When both are not of the same users, or no values have these sums.
    pub fn new(
        numerator: Moments,
        denominator: Moments,
        sum_of_products: f64,
    ) -> Result<Self, StatisticsError> {
        let (count, squares) =
            (numerator.count, numerator.sum_of_squares * denominator.sum_of_squares * (1.0 + ROUNDING));
        if count != denominator.count {
            return Err(StatisticsError::OtherUsers { sums: count, users: denominator.count });
        }
        if !sum_of_products.is_finite() || sum_of_products * sum_of_products > squares {
            return Err(StatisticsError::NotSums { count, sum: sum_of_products, squares });
        }
        Ok(Self { numerator, denominator, sum_of_products })
    }

    /// One more user.
    pub fn add(&mut self, numerator: f64, denominator: f64) {
        self.numerator.add(numerator);
        self.denominator.add(denominator);
        self.sum_of_products += numerator * denominator;
    }

    /// The sums of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            numerator: self.numerator.and(other.numerator),
            denominator: self.denominator.and(other.denominator),
            sum_of_products: self.sum_of_products + other.sum_of_products,
        }
    }

    /// The sums above the line.
    #[must_use]
    pub fn numerator(self) -> Moments {
        self.numerator
    }

    /// The sums below the line.
    #[must_use]
    pub fn denominator(self) -> Moments {
        self.denominator
    }

    /// Sum over sum; 0 where nothing is below the line.
    #[must_use]
    pub fn ratio(self) -> f64 {
        if self.denominator.sum == 0.0 { 0.0 } else { self.numerator.sum / self.denominator.sum }
    }

    /// The variance of the ratio by the delta method: that of `(x − ratio · y) / mean(y)`, averaged over users (A.
    /// Deng, U. Knoblich, J. Lu, Applying the delta method in metric analytics, KDD 2018). Infinite below two users
    /// or where nothing is below the line.
    #[must_use]
    pub fn variance_of_ratio(self) -> f64 {
        let (x, y, n) = (self.numerator, self.denominator, self.numerator.count as f64);
        if x.count < 2 || y.sum == 0.0 {
            return f64::INFINITY;
        }
        let ratio = self.ratio();
        let covariance = (self.sum_of_products - x.sum * y.sum / n) / (n - 1.0);
        let spread = x.variance() - 2.0 * ratio * covariance + ratio * ratio * y.variance();
        spread.max(0.0) / (n * y.mean() * y.mean())
    }
}
