//! How dear a product is, in one byte: enough to show what costs about as much.

use crate::money::{Currency, Money};
use serde::{Deserialize, Serialize};

/// A band of prices, three to a decade: band 0 is below 1 (of the currency's major unit), then 1 to 2, 2 to 5, 5 to 10,
/// 10 to 20 and so on, each without its upper end; whatever costs a thousand million or more is in the last. Bands of
/// different currencies say nothing of each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct PriceBand(u8);

impl PriceBand {
    /// The highest band.
    pub const MAX: Self = Self(28);

    /// The band of a price.
    #[must_use]
    pub fn of(price: Money) -> Self {
        let minor = u128::try_from(price.minor).unwrap_or_default();
        let mut decade = 10_u128.pow(price.currency.exponent());
        let mut band = 0;
        loop {
            for step in [1, 2, 5] {
                if minor < decade * step || band == Self::MAX.0 {
                    return Self(band);
                }
                band += 1;
            }
            decade *= 10;
        }
    }

    /// The band of a number, as it is stored; `None` above [`Self::MAX`].
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        (number <= Self::MAX.0).then_some(Self(number))
    }

    /// Its number: each one is about twice as dear as the one before.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The least and the highest price of the band, both in it.
    #[must_use]
    pub fn bounds(self, currency: Currency) -> (Money, Money) {
        let least = |band: u8| match band.checked_sub(1) {
            None => 0,
            Some(place) => {
                let decade = 10_i64.saturating_pow(u32::from(place / 3) + currency.exponent());
                decade.saturating_mul([1, 2, 5][usize::from(place % 3)])
            }
        };
        let last = if self == Self::MAX { i64::MAX } else { least(self.0 + 1) - 1 };
        (Money { minor: least(self.0), currency }, Money { minor: last, currency })
    }

    /// How many bands lie between two prices; 0 for one and the same.
    #[must_use]
    pub const fn distance(self, other: Self) -> u8 {
        self.0.abs_diff(other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_begin_at_1_2_and_5_of_each_decade_of_the_major_unit() {
        let cases = [
            ("0 EUR", 0),
            ("0.99 EUR", 0),
            ("1 EUR", 1),
            ("1.99 EUR", 1),
            ("2 EUR", 2),
            ("5 EUR", 3),
            ("9.99 EUR", 3),
            ("10 EUR", 4),
            ("129.95 EUR", 7),
            ("129 JPY", 7),
            ("1000000000 EUR", 28),
        ];
        for (price, band) in cases {
            let price = Money::parse(price).unwrap();
            assert_eq!(PriceBand::of(price).number(), band, "{price}");
            let (least, last) = PriceBand::of(price).bounds(price.currency);
            assert!(least.minor <= price.minor && price.minor <= last.minor, "{price}");
            assert_eq!([least, last].map(|end| PriceBand::of(end).number()), [band, band], "{price}");
        }
        let most = Money { minor: i64::MAX, currency: crate::Currency::default() };
        assert_eq!(PriceBand::of(most), PriceBand::MAX);
        assert_eq!(PriceBand::from_number(28), Some(PriceBand::MAX));
        assert_eq!(PriceBand::from_number(29), None);
    }
}
