//! One type per id, so that two of them cannot be swapped at a call site.
//!
//! Text ids are parsed once, at the edge: not empty, at most a stated number of bytes, no control characters. Short ones
//! (23 bytes) are kept where they are, without memory of their own: nearly every id is short, and a profile has dozens.

pub use crate::blocked::is_blocked_person_id;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty or only white space.
    #[error("must not be empty")]
    Empty,
    /// The text is longer than the id allows.
    #[error("must be at most {bytes_max} bytes long, but has {bytes}")]
    TooLong {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        bytes_max: usize,
    },
    /// The text has a control character, which would let it forge log lines and headers.
    #[error("must not contain control characters")]
    Control,
    /// The text stands for nobody: many people would share it ([`crate::blocked`]).
    #[error("is a placeholder that many people would share; send a real id or none")]
    Placeholder,
}

fn check(text: &str, bytes_max: usize) -> Result<(), IdError> {
    // Nearly every id is plain ASCII that begins with no space: then one look at its bytes says all.
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte);
    let begins = text.as_bytes().first().is_some_and(|byte| *byte != b' ');
    if begins && text.len() <= bytes_max && text.as_bytes().iter().all(is_plain) {
        return Ok(());
    }
    if text.trim().is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > bytes_max {
        return Err(IdError::TooLong { bytes: text.len(), bytes_max });
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::Control);
    }
    Ok(())
}

/// Ids of people: no placeholder may make strangers one person.
fn check_person(text: &str, bytes_max: usize) -> Result<(), IdError> {
    check(text, bytes_max)?;
    if is_blocked_person_id(text) { Err(IdError::Placeholder) } else { Ok(()) }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $bytes_max:literal) => {
        text_id!($(#[$doc])* $name, $bytes_max, check);
    };
    ($(#[$doc:meta])* $name:ident, $bytes_max:literal, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(SmolStr);

        impl $name {
            /// The longest text accepted, in bytes.
            pub const BYTES_MAX: usize = $bytes_max;

            /// Parses a text.
            ///
            /// # Errors
            /// When it is empty, too long or has control characters; a person's id also when it stands for nobody.
            pub fn new(text: &str) -> Result<Self, IdError> {
                $check(text, Self::BYTES_MAX)?;
                Ok(Self(SmolStr::new(text)))
            }

            /// The id as text.
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

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

text_id!(
    /// The producer's unique id of an event (Segment's `messageId`): the deduplication key, within its source.
    EventId, 128
);
text_id!(
    /// The source an event came from: the id of the write key that sent it.
    SourceId, 64
);
impl SourceId {
    /// What the canary's own key names: nobody else's key can name it.
    pub const CANARY: &str = "beckon.canary";

    /// Whether an event is the canary's. Such an event changes its profile as any other does, and is counted nowhere else:
    /// no rule acts on it, nobody hears of it, and nothing is learned from it.
    #[must_use]
    pub fn is_canary(&self) -> bool {
        self.as_str() == Self::CANARY
    }
}
text_id!(
    /// The public name of a key that somebody made: what lists show, and the `kid` of a token.
    KeyId, 32
);
text_id!(
    /// A request to erase a person.
    ErasureId, 64
);
text_id!(
    /// A product, as the shop numbers it.
    ProductId, 100
);
text_id!(
    /// A product category, as the shop names it.
    Category, 100
);
text_id!(
    /// A brand, as the shop names it.
    Brand, 160
);
text_id!(
    /// Variants of one product (sizes, colours), as the shop numbers them.
    GroupId, 100
);
text_id!(
    /// A cart, as the shop numbers it.
    CartId, 100
);
text_id!(
    /// An order, as the shop numbers it.
    OrderId, 100
);
text_id!(
    /// An id that a browser or an app made for itself. Never stored: only its HMAC is ([`crate::ProfileKey`]).
    AnonymousId, 200, check_person
);
text_id!(
    /// A customer's id in the shop. Never stored: only its HMAC is ([`crate::ProfileKey`]).
    UserId, 200, check_person
);
text_id!(
    /// The name of an event (`Product Viewed`).
    EventName, 100
);
text_id!(
    /// A named place on a page that asks for a decision.
    SlotId, 64
);
text_id!(
    /// A rule of the ruleset.
    RuleId, 64
);
text_id!(
    /// Content that can fill a slot.
    OfferId, 64
);
text_id!(
    /// One decision about one slot, or a mail that was sent: what later events are attributed to.
    DecisionId, 128
);
text_id!(
    /// Where a product of a decision comes from, as its answer's `source` says: `for_you`, `pinned`.
    StrategyId, 40
);
text_id!(
    /// An experiment: a comparison of variants on a share of traffic.
    ExperimentId, 64
);
text_id!(
    /// A variant of an experiment.
    VariantId, 64
);
text_id!(
    /// What an experiment counts: a goal, such as an order.
    GoalId, 64
);

/// One abandonment of one cart. Deterministic: the same cart of the same profile gives the same id on every
/// replay, so that a reminder can be claimed by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EpisodeId([u8; 16]);

impl EpisodeId {
    /// Stands where that of an erased person was.
    pub const NOBODY: Self = Self([0; 16]);

    /// Derives the id from whose cart it is and the event that first filled it.
    #[must_use]
    pub fn derive(profile: &str, source: &SourceId, first_event: &EventId) -> Self {
        Self(digest(["episode", profile, source.as_str(), first_event.as_str()]))
    }

    /// Parses the 32 hexadecimal digits that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse_digest(text).map(Self)
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpisodeId({self})")
    }
}

/// Something that rules make others hear of: the same bytes whenever the event that caused it is folded again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId([u8; 16]);

impl EffectId {
    /// Derives the id from whose effect it is, the event that caused it, and what it is.
    #[must_use]
    pub fn derive(profile: &str, source: &SourceId, event: &EventId, what: &str) -> Self {
        Self(digest(["effect", profile, source.as_str(), event.as_str(), what]))
    }

    /// The id of a profile's exposure to a variant of a run.
    #[must_use]
    pub fn of_exposure(profile: &str, run: &str, variant: &VariantId) -> Self {
        Self(digest(["exposure", profile, run, variant.as_str()]))
    }

    /// The id of an order that the shop numbers: the same, whichever event tells of it, and of which half of a person.
    #[must_use]
    pub fn of_order(order: &OrderId) -> Self {
        Self(digest(["order", order.as_str()]))
    }

    /// Parses the 32 hexadecimal digits that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse_digest(text).map(Self)
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EffectId({self})")
    }
}

fn parse_digest(text: &str) -> Option<[u8; 16]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// 16 bytes that depend on every part and on where each ends.
fn digest<const N: usize>(parts: [&str; N]) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_would_harm_later() {
        assert_eq!(ProductId::new("  "), Err(IdError::Empty));
        assert_eq!(ProductId::new("a\nb"), Err(IdError::Control));
        assert_eq!(ProductId::new(&"x".repeat(101)), Err(IdError::TooLong { bytes: 101, bytes_max: 100 }));
        assert!(ProductId::new(&"x".repeat(100)).is_ok());
    }

    #[test]
    fn an_episode_id_is_stable_and_depends_on_every_part() {
        let id = |p: &str, s: &str, e: &str| {
            EpisodeId::derive(p, &SourceId::new(s).unwrap(), &EventId::new(e).unwrap())
        };
        assert_eq!(id("p", "s", "e"), id("p", "s", "e"));
        assert_ne!(id("p", "s", "e"), id("q", "s", "e"));
        assert_ne!(id("p", "sx", "e"), id("p", "s", "xe"));
        assert_eq!(EpisodeId::parse(&id("p", "s", "e").to_string()), Some(id("p", "s", "e")));
        assert_eq!(EpisodeId::parse("zz"), None);
    }
}
