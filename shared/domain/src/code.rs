//! Discount codes: what is handed out ([`DiscountCode`]), what events say was typed ([`CouponCode`]), and the pools that
//! codes come from ([`PoolName`], [`Worth`], [`Expiry`]).
//!
//! A generated code is a prefix, eleven characters of Crockford's base32 (55 random bits) and a check character, which a
//! till can verify without asking anybody: the recipe is at [`DiscountCode::is_checked`].

mod check;
mod pool;

pub use pool::{CodePrefix, Expiry, PoolName, Worth};

use crate::event::TraitValue;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use std::fmt;

/// Bits of chance in a generated code.
pub const RANDOM_BITS: u32 = 55;
/// Random characters of a generated code: five bits each.
const RANDOM_CHARS: usize = 11;
/// Characters of a generated code after its prefix: the random ones and the check character.
const CHECKED_CHARS: usize = RANDOM_CHARS + 1;

/// Why a text is no code, no prefix or no name of a pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too few characters to be safe from guessing, or to be anything.
    #[error("must have at least {chars_min} characters, but has {chars}")]
    TooShort {
        /// Characters found.
        chars: usize,
        /// Characters needed.
        chars_min: usize,
    },
    /// Too many characters.
    #[error("must have at most {chars_max} characters, but has {chars}")]
    TooLong {
        /// Characters found.
        chars: usize,
        /// Characters allowed.
        chars_max: usize,
    },
    /// A character that is not taken.
    #[error("must be made of {allowed}")]
    Character {
        /// What is.
        allowed: &'static str,
    },
}

/// Checks the length of a text and each of its bytes. Codes are ASCII, so bytes are characters.
fn checked(
    text: &str,
    chars: std::ops::RangeInclusive<usize>,
    is_allowed: impl Fn(u8) -> bool,
    allowed: &'static str,
) -> Result<(), CodeError> {
    let count = text.chars().count();
    if count < *chars.start() {
        return Err(CodeError::TooShort { chars: count, chars_min: *chars.start() });
    }
    if count > *chars.end() {
        return Err(CodeError::TooLong { chars: count, chars_max: *chars.end() });
    }
    if text.bytes().all(is_allowed) { Ok(()) } else { Err(CodeError::Character { allowed }) }
}

macro_rules! code_text {
    ($name:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
use code_text;

/// A code that one person may redeem once, in capitals. Whoever has it has the discount, so its `Debug` shows only its
/// beginning.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DiscountCode(SmolStr);

code_text!(DiscountCode);

impl DiscountCode {
    /// The fewest characters of a code.
    pub const CHARS_MIN: usize = 4;
    /// The most characters of a code.
    pub const CHARS_MAX: usize = 40;

    /// Parses a code: white space around it is cut, small letters become capitals.
    ///
    /// # Errors
    /// When it is too short or too long, or has anything but letters, digits, `-`, `_` and `.`.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        checked(text, Self::CHARS_MIN..=Self::CHARS_MAX, is_allowed, "letters, digits, `-`, `_` and `.`")?;
        Ok(Self(SmolStr::new(text.to_ascii_uppercase())))
    }

    /// A code of this prefix and the lowest [`RANDOM_BITS`] of `random`, which must come from a source that nobody can
    /// predict.
    #[must_use]
    pub fn generated(prefix: &CodePrefix, random: u64) -> Self {
        let values = (0..RANDOM_CHARS).map(|index| ((random >> (5 * index)) & 31) as u8);
        let values: Vec<u8> = values.collect();
        let checked = values.iter().copied().chain([check::of(&values)]);
        let text: String = prefix.as_str().chars().chain(checked.map(check::character)).collect();
        Self(SmolStr::new(text))
    }

    /// The code of this number that follows from a seed: 32 bytes that nobody can predict. Codes of one seed are as good as
    /// chosen by chance, and the same ones whenever they are made again.
    #[must_use]
    pub fn of_seed(prefix: &CodePrefix, seed: &[u8; 32], number: u64) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(seed).chain_update(number.to_be_bytes()).finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self::generated(prefix, u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Whether the last twelve characters are those of a generated code: a typing mistake is found without asking anybody.
    ///
    /// The recipe. Each character stands for a number: `0123456789ABCDEFGHJKMNPQRSTVWXYZ` are 0 to 31 (`O` is read as 0,
    /// `I` and `L` as 1). Begin with c = 0. For each of the first eleven: double c, and if that is 32 or more, XOR it with
    /// 37; then XOR it with the character's number. In the end double c once more in the same way: that is the number of
    /// the twelfth. One wrong character and any two that changed places are always found, because the weights of the
    /// characters are different powers of a generator of the field of 32 elements (polynomial x^5 + x^2 + 1).
    #[must_use]
    pub fn is_checked(&self) -> bool {
        let Some(start) = self.0.len().checked_sub(CHECKED_CHARS) else { return false };
        let values: Option<Vec<u8>> = self.0.bytes().skip(start).map(check::value).collect();
        let values = values.unwrap_or_default();
        values.split_last().is_some_and(|(last, random)| *last == check::of(random))
    }

    /// The generated code that somebody meant who wrote `O` for 0, or `I` or `L` for 1; `None` when there is nothing to
    /// mend, or mending it does not make it one.
    #[must_use]
    pub fn mended(&self) -> Option<Self> {
        let start = self.0.len().checked_sub(CHECKED_CHARS)?;
        let (prefix, random) = self.0.split_at_checked(start)?;
        let values: Option<Vec<u8>> = random.bytes().map(check::value).collect();
        let random: String = values?.into_iter().map(check::character).collect();
        let mended = Self(SmolStr::new(format!("{prefix}{random}")));
        (mended != *self && mended.is_checked()).then_some(mended)
    }

    /// A stable number from 0 to `shard_count − 1`, by which the codes of a pool are spread.
    #[must_use]
    pub fn shard(&self, shard_count: u32) -> u32 {
        (xxhash_rust::xxh3::xxh3_64(self.0.as_bytes()) % u64::from(shard_count.max(1))) as u32
    }
}

impl fmt::Debug for DiscountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiscountCode({}…)", self.0.get(..4).unwrap_or_default())
    }
}

/// What an event calls a coupon: Segment's `coupon`, `coupon_id` or `coupon_name`, in capitals. Any text of a shop: a
/// code of ours, a campaign that everybody may use, or several codes at once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct CouponCode(SmolStr);

code_text!(CouponCode);

impl CouponCode {
    /// The longest text, in characters: room for a few codes.
    pub const CHARS_MAX: usize = 160;

    /// Parses a text: white space around it is cut, small letters become capitals.
    ///
    /// # Errors
    /// When it is empty or too long, or has control characters.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        let is_allowed = |byte: u8| !byte.is_ascii_control();
        checked(text, 1..=Self::CHARS_MAX, is_allowed, "characters that can be seen")?;
        Ok(Self(SmolStr::new(text.to_ascii_uppercase())))
    }

    /// The coupon that a property names, if it can name one: shops number coupons too.
    #[must_use]
    pub fn of_value(value: &TraitValue) -> Option<Self> {
        match value {
            TraitValue::Text(text) => Self::new(text).ok(),
            TraitValue::Number(number) => {
                let is_whole = number.fract() == 0.0 && (0.0..=9e15).contains(number);
                is_whole.then(|| Self(SmolStr::new((*number as u64).to_string())))
            }
            TraitValue::Bool(_) => None,
        }
    }

    /// What of it may be a code of ours: shops that let people use several codes name them in one text, with commas,
    /// semicolons, bars or spaces between them.
    pub fn discount_codes(&self) -> impl Iterator<Item = DiscountCode> {
        let parts = self.0.split(|c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace());
        parts.filter_map(|part| DiscountCode::new(part).ok())
    }
}

#[cfg(test)]
mod tests;
