//! The stored form of a profile: a version byte, then the state in postcard's compact form.
//!
//! The layout is a contract between releases: a field is never reordered or changed in place. A new layout gets a
//! new version byte, and the reader of version N keeps reading N − 1. `testdata/profile-v*.hex` holds a fixture of
//! each released version, tested below.

use crate::profile::Profile;

/// The version this release writes.
pub const VERSION: u8 = 1;

/// Why stored bytes are not a profile.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// No bytes at all.
    #[error("the stored profile is empty")]
    Empty,
    /// Written by a newer release.
    #[error("the stored profile has version {0}; this release reads up to {VERSION}")]
    Version(u8),
    /// The bytes do not decode.
    #[error("the stored profile cannot be decoded")]
    Corrupt(#[source] postcard::Error),
    /// More bytes than a profile has: some were overwritten or it is something else.
    #[error("the stored profile is followed by {0} bytes that do not belong to it")]
    Trailing(usize),
    /// The state does not encode.
    #[error("the profile cannot be encoded")]
    Encode(#[source] postcard::Error),
}

/// Packs a profile.
///
/// # Errors
/// When the state cannot be encoded, which no valid state causes.
pub fn pack(profile: &Profile) -> Result<Vec<u8>, PackError> {
    postcard::to_extend(profile, vec![VERSION]).map_err(PackError::Encode)
}

/// Unpacks a profile.
///
/// # Errors
/// When the bytes are empty, of a newer version, or corrupt.
pub fn unpack(bytes: &[u8]) -> Result<Profile, PackError> {
    match bytes.split_first() {
        None => Err(PackError::Empty),
        Some((&VERSION, packed)) => match postcard::take_from_bytes(packed).map_err(PackError::Corrupt)? {
            (profile, []) => Ok(profile),
            (_, rest) => Err(PackError::Trailing(rest.len())),
        },
        Some((&version, _)) => Err(PackError::Version(version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TraitValue;
    use crate::id::{AnonymousId, EventId, EventName, ProductId, SourceId};
    use crate::key::Pepper;
    use crate::mark::{Position, SequenceNumber, ShardKey};
    use crate::profile::Link;
    use crate::time::{DurationMs, Timestamp};
    use crate::told::Told;

    /// A profile with something in every part. Changing it makes the fixtures useless: add a new one instead.
    fn full_profile() -> Profile {
        let at = Timestamp::from_ms(1_763_800_000_000);
        let key = Pepper::new("1", b"0123456789abcdef").unwrap().anonymous(&AnonymousId::new("v").unwrap());
        let mut profile = Profile { first_seen_at: at, last_seen_at: at, ..Profile::default() };
        profile.tallies.applied = 7;
        let sequence =
            SequenceNumber::parse("49545115243490985018280067714973144582180062593244200961").unwrap();
        profile.marks.advance(&Position { shard: ShardKey::new("1", "shard-0"), sequence, offset: 2 }, at);
        profile.ring.insert(&SourceId::new("web").unwrap(), &EventId::new("m1").unwrap(), at);
        profile.sessions.apply(at, true, DurationMs::from_minutes(30));
        profile.remember_event(&EventName::new("Product Viewed").unwrap(), at);
        let product = ProductId::new("p1").unwrap();
        profile.viewed.view(&product, None, at);
        let category = crate::Category::new("tents").unwrap();
        profile.affinity.add(&category, 3, at, DurationMs::from_days(7));
        profile.orders.revenue = crate::Money::parse("12.34 EUR").ok();
        profile.set_trait("plan", Told::new(TraitValue::Text("gold".into()), at));
        profile.set_trait("visits", Told::new(TraitValue::Number(2.5), at));
        profile.timezone = Some(Told::new("Europe/Berlin".into(), at));
        profile.link = Some(Link { to: key.clone(), at, merge_pending: true });
        profile.merged = vec![key];
        profile
    }

    #[test]
    fn what_is_packed_unpacks() {
        let profile = full_profile();
        assert_eq!(unpack(&pack(&profile).unwrap()).unwrap(), profile);
    }

    #[test]
    fn the_layout_of_version_1_has_not_changed() {
        let fixture = include_str!("../testdata/profile-v1.hex").trim();
        let bytes = data_encoding::HEXLOWER.decode(fixture.as_bytes()).unwrap();
        assert_eq!(unpack(&bytes).unwrap(), full_profile());
        assert_eq!(data_encoding::HEXLOWER.encode(&pack(&full_profile()).unwrap()), fixture);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_an_empty_profile() {
        assert!(matches!(unpack(&[]), Err(PackError::Empty)));
        assert!(matches!(unpack(&[9, 0]), Err(PackError::Version(9))));
        let mut cut = pack(&full_profile()).unwrap();
        cut.push(0);
        assert!(matches!(unpack(&cut), Err(PackError::Trailing(1))));
        cut.truncate(cut.len() / 2);
        assert!(matches!(unpack(&cut), Err(PackError::Corrupt(_))));
    }
}
