//! What a pool of codes is called, what its codes are worth, and how long they hold.

use super::{CodeError, checked, code_text};
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// The name of a pool of codes, as rules and commands write it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct PoolName(SmolStr);

code_text!(PoolName);

impl PoolName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 40;

    /// Parses a name.
    ///
    /// # Errors
    /// When it is empty, too long, or has anything but small letters, digits, `-` and `_`: a name is part of keys, of
    /// addresses and of the dimension of a metric.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        checked(text, 1..=Self::CHARS_MAX, is_allowed, "small letters, digits, `-` and `_`")?;
        Ok(Self(SmolStr::new(text)))
    }
}

/// What generated codes begin with. May be empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct CodePrefix(SmolStr);

code_text!(CodePrefix);

impl CodePrefix {
    /// The longest prefix, in characters.
    pub const CHARS_MAX: usize = 16;

    /// Parses a prefix; small letters become capitals.
    ///
    /// # Errors
    /// When it is too long, or has anything but letters, digits and `-`.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        checked(text, 0..=Self::CHARS_MAX, is_allowed, "letters, digits and `-`")?;
        Ok(Self(SmolStr::new(text.to_ascii_uppercase())))
    }
}

/// What each code of a pool is worth.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Worth {
    /// So many per cent of a cart, 1 to 100.
    Percent(u8),
    /// Something else, in words (`5 EUR off`, `free shipping`).
    Label(SmolStr),
}

impl Worth {
    /// The longest label, in characters.
    pub const LABEL_CHARS_MAX: usize = 80;

    /// So many per cent.
    ///
    /// # Errors
    /// When it is not from 1 to 100: then nothing would be off, or more than everything.
    pub fn percent(percent: u64) -> Result<Self, CodeError> {
        let percent = u8::try_from(percent).ok().filter(|percent| (1..=100).contains(percent));
        percent.map(Self::Percent).ok_or(CodeError::Character { allowed: "a number from 1 to 100" })
    }

    /// Something in words.
    ///
    /// # Errors
    /// When there are none or too many, or control characters among them.
    pub fn label(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        let is_allowed = |byte: u8| !byte.is_ascii_control();
        checked(text, 1..=Self::LABEL_CHARS_MAX, is_allowed, "characters that can be seen")?;
        Ok(Self::Label(SmolStr::new(text)))
    }
}

impl fmt::Display for Worth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent} %"),
            Self::Label(label) => f.write_str(label),
        }
    }
}

/// How long a code holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Expiry {
    /// For as long as the shop takes it: nobody told Beckon.
    Never,
    /// Until then, whoever has it.
    At(Timestamp),
    /// For so long from when somebody is given it.
    For(DurationMs),
}

impl Expiry {
    /// When the code ends for somebody who is given it at `held_at`: what a mail says, and what a till is told.
    #[must_use]
    pub fn ends_at(self, held_at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At(at) => Some(at),
            Self::For(duration) => Some(held_at + duration),
        }
    }

    /// Whether nobody can be given the code any more.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        matches!(self, Self::At(at) if at <= now)
    }
}
