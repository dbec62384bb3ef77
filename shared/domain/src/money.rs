//! Money: whole minor units with an ISO 4217 currency. No floating point is ever stored or compared.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a value is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three letters.
    #[error("expected a three-letter ISO 4217 currency such as EUR")]
    Currency,
    /// Not a number, negative, or larger than can be kept.
    #[error("expected an amount from 0 to 1,000,000,000")]
    Amount,
}

/// An ISO 4217 currency code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses a code in any case (Segment's own examples mix `usd` and `USD`).
    ///
    /// # Errors
    /// When it is not three ASCII letters.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| MoneyError::Currency)?;
        if !bytes.iter().all(u8::is_ascii_alphabetic) {
            return Err(MoneyError::Currency);
        }
        Ok(Self(bytes.map(|b| b.to_ascii_uppercase())))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the decimal point (ISO 4217, minor unit).
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl Default for Currency {
    /// `XXX`: ISO 4217 for "no currency".
    fn default() -> Self {
        Self(*b"XXX")
    }
}

impl std::str::FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::new(code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in minor units (cents) of a currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency they are of.
    pub currency: Currency,
}

impl Money {
    /// The largest amount, in major units.
    pub const MAJOR_MAX: f64 = 1e9;

    /// From a JSON number in major units (`12.34`), rounded half away from zero to the currency's minor unit.
    ///
    /// # Errors
    /// When the number is not finite, negative or above 10⁹.
    pub fn from_major(amount: f64, currency: Currency) -> Result<Self, MoneyError> {
        if !amount.is_finite() || !(0.0..=Self::MAJOR_MAX).contains(&amount) {
            return Err(MoneyError::Amount);
        }
        let minor = (amount * f64::from(10_u32.pow(currency.exponent()))).round() as i64;
        Ok(Self { minor, currency })
    }

    /// Parses `12.34 EUR`.
    ///
    /// # Errors
    /// When the amount or the currency cannot be read.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (amount, currency) = text.trim().split_once(' ').ok_or(MoneyError::Amount)?;
        let amount: f64 = amount.parse().map_err(|_| MoneyError::Amount)?;
        Self::from_major(amount, Currency::new(currency.trim())?)
    }

    /// The amount `quantity` times, held at the largest value instead of overflowing.
    #[must_use]
    pub const fn times(self, quantity: u32) -> Self {
        Self { minor: self.minor.saturating_mul(quantity as i64), currency: self.currency }
    }
}

impl fmt::Display for Money {
    /// Writes `12.34 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_i64.pow(self.currency.exponent());
        let digits = self.currency.exponent() as usize;
        let (major, rest) = (self.minor / unit, (self.minor % unit).abs());
        if digits == 0 {
            write!(f, "{major} {}", self.currency)
        } else {
            write!(f, "{major}.{rest:0digits$} {}", self.currency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_their_cents_and_know_their_currency() {
        assert_eq!(Money::parse("12.345 eur").unwrap().to_string(), "12.35 EUR");
        assert_eq!(Money::parse("1200 JPY").unwrap().minor, 1200);
        assert_eq!(Money::parse("1.234 KWD").unwrap().to_string(), "1.234 KWD");
        assert_eq!(Money::parse("0.1 USD").unwrap().minor, 10);
    }

    #[test]
    fn what_is_not_money_is_refused() {
        let eur = Currency::new("EUR").unwrap();
        for amount in [f64::NAN, f64::INFINITY, -0.01, 1e12] {
            assert_eq!(Money::from_major(amount, eur), Err(MoneyError::Amount), "{amount}");
        }
        assert_eq!(Currency::new("EURO"), Err(MoneyError::Currency));
        assert_eq!(Currency::new("E1R"), Err(MoneyError::Currency));
    }
}
