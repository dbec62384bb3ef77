//! A failed event: an input that was accepted and can never be applied, kept with its reason.
//!
//! [`discarded`] reads what Lambda's mapping keeps of batches that it gave up on.

pub mod discarded;

use serde::{Deserialize, Serialize};

/// Why an event could not be applied. The code is stable; counts and reports are kept by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedReason {
    /// The record is not UTF-8.
    NotUtf8,
    /// The line is not JSON, or not of the stream's schema.
    Undecodable,
    /// The line has a version this release does not know.
    UnknownVersion,
    /// The line's key is not its record's partition key.
    WrongKey,
    /// The record has no sequence number or shard.
    NoPosition,
    /// Applying it panicked: a bug of ours.
    Panicked,
    /// The stored profile it belongs to cannot be read.
    CorruptProfile,
    /// The stored trend of the item it tells of cannot be read.
    CorruptTrend,
    /// It was not applied when its record neared the age at which the mapping discards it.
    Expired,
    /// The same, of a visitor who turned out to be a customer: the customer was given it, and the visitor does not count
    /// it.
    Forwarded,
}

impl FailedReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::NotUtf8,
        Self::Undecodable,
        Self::UnknownVersion,
        Self::WrongKey,
        Self::NoPosition,
        Self::Panicked,
        Self::CorruptProfile,
        Self::CorruptTrend,
        Self::Expired,
        Self::Forwarded,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::Undecodable => "undecodable",
            Self::UnknownVersion => "unknown_version",
            Self::WrongKey => "wrong_key",
            Self::NoPosition => "no_position",
            Self::Panicked => "panicked",
            Self::CorruptProfile => "corrupt_profile",
            Self::CorruptTrend => "corrupt_trend",
            Self::Expired => "expired",
            Self::Forwarded => "forwarded",
        }
    }

    /// The reason with this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Why putting the same bytes into the stream again cannot help; `None` when it can, once the cause is gone.
    #[must_use]
    pub const fn hopeless(self) -> Option<&'static str> {
        match self {
            Self::NotUtf8 => Some("its record is not UTF-8 and would fail again"),
            Self::Undecodable => Some("its line is not an event and would fail again"),
            Self::WrongKey => Some("its line names another profile than its record and would fail again"),
            Self::Forwarded => Some("its customer was given it, and would be given it again"),
            Self::UnknownVersion
            | Self::NoPosition
            | Self::Panicked
            | Self::CorruptProfile
            | Self::CorruptTrend
            | Self::Expired => None,
        }
    }
}

/// One failed event as it is kept: enough to look at it, mend it and put it into the stream again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FailedEvent {
    /// Deterministic: stream epoch, shard, sequence number and line. Written twice, it is kept once.
    pub id: String,
    /// Why.
    pub reason: FailedReason,
    /// What exactly, for a developer. Never holds the payload.
    pub detail: String,
    /// Partition key of the record.
    pub partition_key: String,
    /// The line, base64: it may be anything.
    pub payload_base64: String,
    /// When it failed, milliseconds since 1970.
    pub failed_at: i64,
    /// Which stream it came from, and can be put into again.
    #[serde(default)]
    pub stream: StreamName,
}

/// One of the streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamName {
    /// The stream of events; what a document says that names none.
    #[default]
    Events,
    /// The stream of signals.
    Signals,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_known_by_its_code_and_written_as_it() {
        for reason in FailedReason::ALL {
            assert_eq!(FailedReason::of_code(reason.code()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
        assert_eq!(FailedReason::of_code("other"), None);
    }
}
