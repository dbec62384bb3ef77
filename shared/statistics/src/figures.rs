//! What was counted of one variant.

use crate::comparison::Metric;
use crate::error::StatisticsError;
use crate::moments::Moments;
use crate::share::Share;

/// Users that each variant must have before a verdict is given.
pub const USERS_MIN: u64 = 100;
/// Conversions that each variant must have before a verdict on their share is given, and users without one. Below, a
/// normal distribution describes a mean badly: at a rate of 0.5 % most samples of 100 users have no conversion at
/// all.
pub const CONVERSIONS_MIN: u64 = 25;
/// Payers of equal weight ([`Moments::effective_count`]) that each variant must have before a verdict on revenue is
/// given: more than conversions, because what people pay is skewed.
pub const PAYERS_MIN: f64 = 50.0;

/// What was counted of one variant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Figures {
    users: u64,
    conversions: u64,
    revenue: Moments,
}

impl Figures {
    /// So many users were assigned, so many of them converted, and this is what all of them paid, whether nothing or
    /// not.
    ///
    /// # Errors
    /// When more converted than there are, or the revenue is that of more or fewer users.
    pub fn new(users: u64, conversions: u64, revenue: Moments) -> Result<Self, StatisticsError> {
        if conversions > users {
            return Err(StatisticsError::MoreConversionsThanUsers { conversions, users });
        }
        if revenue.count() != users {
            return Err(StatisticsError::OtherUsers { sums: revenue.count(), users });
        }
        Ok(Self { users, conversions, revenue })
    }

    /// The same where nothing is paid.
    ///
    /// # Errors
    /// When more converted than there are.
    pub fn without_revenue(users: u64, conversions: u64) -> Result<Self, StatisticsError> {
        Self::new(users, conversions, Moments::default().among(users))
    }

    /// Users who were assigned.
    #[must_use]
    pub fn users(self) -> u64 {
        self.users
    }

    /// Users who converted.
    #[must_use]
    pub fn conversions(self) -> u64 {
        self.conversions
    }

    /// What all users paid.
    #[must_use]
    pub fn revenue(self) -> Moments {
        self.revenue
    }

    /// The share of users who converted, 0 to 1; 0 without users.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.users == 0 { 0.0 } else { self.share().rate() }
    }

    /// Whether there are enough of it for a verdict on this metric: [`USERS_MIN`] users; for the share who converted
    /// [`CONVERSIONS_MIN`] who did and as many who did not, for revenue [`PAYERS_MIN`] payers of equal weight.
    #[must_use]
    pub fn is_enough(self, metric: Metric) -> bool {
        let is_enough = match metric {
            Metric::Conversion => self.conversions.min(self.users - self.conversions) >= CONVERSIONS_MIN,
            Metric::Revenue => self.revenue.effective_count() >= PAYERS_MIN,
        };
        self.users >= USERS_MIN && is_enough
    }

    /// As a share, of one user at least.
    pub(crate) fn share(self) -> Share {
        Share { count: self.conversions, of: self.users.max(1) }
    }

    /// The variance of the rate. One conversion and one user without are added (A. Agresti and B. Caffo, The American
    /// Statistician 54 (2000), 280–288), so that a variant in which nobody converted yet is not taken for certain.
    pub(crate) fn variance_of_rate(self) -> f64 {
        if self.users == 0 {
            return f64::INFINITY;
        }
        let (all, converted) = (self.users as f64 + 2.0, self.conversions as f64 + 1.0);
        let rate = converted / all;
        rate * (1.0 - rate) / self.users as f64
    }
}
