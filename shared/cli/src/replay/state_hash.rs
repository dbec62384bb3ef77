//! One number for everything that is known about everybody.

use crate::error::CliError;
use beckon_domain::conversion::Conversions;
use beckon_domain::mark::{Marks, Ring};
use beckon_domain::profile::Tallies;
use beckon_domain::settled::SettledHours;
use beckon_domain::{Profile, ProfileKey, Timestamp, packed};

/// FNV-1a, 64 bits: says whether two things are the same, protects against nobody.
#[derive(Clone, Copy)]
pub(crate) struct Fnv(u64);

impl Fnv {
    /// Nothing hashed yet.
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Takes bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The hash as a number.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The hash, 16 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// What a profile knows, without how it came to know it: marks, ring, the hours of settled events, every tally but `applied`, when an event was last
/// received, when a link was made and whether its merge record is still to be put, what the last batch made others hear
/// of, and which orders followed which mails, because that hangs on the minute in which the mailer ran.
fn logical(profile: &Profile) -> Profile {
    let mut logical = profile.clone();
    logical.marks = Marks::default();
    logical.ring = Ring::default();
    logical.settled = SettledHours::default();
    logical.last_received_at = Timestamp::EPOCH;
    logical.rules.outbox.clear();
    logical.conversions = Conversions::default();
    logical.tallies = Tallies { applied: profile.tallies.applied, ..Tallies::default() };
    if let Some(link) = &mut logical.link {
        (link.at, link.merge_pending) = (Timestamp::EPOCH, false);
    }
    logical
}

/// A hash over the logical state of all profiles, in the order of their keys. Two replays of the same behaviour have
/// the same, however it was batched and repeated; two releases need not.
///
/// # Errors
/// When a profile cannot be packed.
pub fn state_hash(profiles: &[(ProfileKey, Profile)]) -> Result<String, CliError> {
    let mut sorted: Vec<&(ProfileKey, Profile)> = profiles.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hash = Fnv::new();
    for (key, profile) in sorted {
        let state = packed::pack(&logical(profile));
        let state = state.map_err(|e| CliError::caused("a profile cannot be packed for the hash", &e))?;
        hash.update(key.as_str().as_bytes());
        hash.update(&(state.len() as u64).to_be_bytes());
        hash.update(&state);
    }
    Ok(hash.hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::id::{EventId, SourceId, UserId};
    use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
    use beckon_domain::{DurationMs, Pepper};

    fn hash(profile: &Profile) -> String {
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap());
        state_hash(&[(key, profile.clone())]).unwrap()
    }

    #[test]
    fn how_events_arrived_is_not_in_the_hash_and_what_they_did_is() {
        let at = Timestamp::EPOCH + DurationMs::from_days(1);
        let plain = Profile::default();
        let mut other = plain.clone();
        let sequence = SequenceNumber::parse("7").unwrap();
        other.marks.advance(&Position { shard: ShardKey::new("1", "s"), sequence, offset: 0 }, at);
        other.ring.insert(&SourceId::new("web").unwrap(), &EventId::new("m").unwrap(), at);
        other.last_received_at = at;
        other.tallies.duplicate = 3;
        assert_eq!(hash(&plain), hash(&other));
        other.tallies.applied = 1;
        assert_ne!(hash(&plain), hash(&other));
        let mut counted = plain.clone();
        counted.counts.adds = 1;
        assert_ne!(hash(&plain), hash(&counted));
    }

    #[test]
    fn it_is_fnv_1a() {
        let mut hash = Fnv::new();
        hash.update(b"foobar");
        assert_eq!(hash.hex(), "85944171f73967e8");
    }
}
