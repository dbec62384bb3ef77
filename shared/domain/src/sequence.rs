//! Kinesis sequence numbers.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A Kinesis sequence number: a decimal number of up to 128 digits (AWS documents no bound below that; its samples
/// have 56). Compared as a number, kept as text: it fits neither DynamoDB's 38 digits nor `u128`.
/// Every event of a record has it, so a clone shares the text. Stored with two digits in a byte: 29 bytes instead of 57, in every profile.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct SequenceNumber(Arc<str>);

/// What pads an odd number of digits.
const NO_DIGIT: u8 = 0xf;

impl From<SequenceNumber> for Vec<u8> {
    fn from(number: SequenceNumber) -> Self {
        let digit = |byte: Option<&u8>| byte.map_or(NO_DIGIT, |b| b.wrapping_sub(b'0'));
        number.0.as_bytes().chunks(2).map(|two| digit(two.first()) << 4 | digit(two.get(1))).collect()
    }
}

impl TryFrom<Vec<u8>> for SequenceNumber {
    type Error = NotASequenceNumber;

    fn try_from(bytes: Vec<u8>) -> Result<Self, Self::Error> {
        let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        // What is no digit stays none: `parse` refuses it, except for the padding at the end.
        let mut digits: String = nibbles.map(|nibble| char::from(b'0' + nibble)).collect();
        if digits.ends_with(char::from(b'0' + NO_DIGIT)) {
            digits.pop();
        }
        Self::parse(&digits).ok_or(NotASequenceNumber)
    }
}

/// Stored bytes that are no sequence number.
#[derive(Debug, thiserror::Error)]
#[error("not a sequence number")]
pub struct NotASequenceNumber;

impl SequenceNumber {
    /// Parses decimal digits; leading zeros do not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        valid.then(|| {
            let digits = text.trim_start_matches('0');
            Self(Arc::from(if digits.is_empty() { "0" } else { digits }))
        })
    }

    /// The digits, without leading zeros.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_compare_as_numbers_beyond_u128() {
        let n = |t: &str| SequenceNumber::parse(t).unwrap();
        assert!(n("9") < n("10"));
        assert_eq!(n("000"), n("0"));
        let long = "49545115243490985018280067714973144582180062593244200961";
        assert!(n(long) > n(&"9".repeat(55)));
        for bad in ["", "-1", "1a", &"1".repeat(129)] {
            assert_eq!(SequenceNumber::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_of_any_length_are_stored_in_half_their_digits() {
        for digits in ["0", "7", "10", "123", &"9".repeat(128), &"8".repeat(127)] {
            let number = SequenceNumber::parse(digits).unwrap();
            let bytes = Vec::<u8>::from(number.clone());
            assert_eq!(bytes.len(), digits.len().div_ceil(2));
            assert_eq!(SequenceNumber::try_from(bytes).unwrap(), number);
        }
        for bad in [vec![], vec![0xa1], vec![0xf1], vec![0x1f, 0x11], vec![0x11; 65]] {
            assert!(SequenceNumber::try_from(bad.clone()).is_err(), "{bad:?}");
        }
    }
}
