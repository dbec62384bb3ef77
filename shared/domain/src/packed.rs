//! The stored form of a profile: a version byte, then the state in postcard's compact form.
//!
//! The layout is a contract between releases: a field is never reordered or changed in place. A new layout gets a
//! new version byte, and the reader of version N keeps reading N − 1. `testdata/profile-v*.hex` holds a fixture of
//! each released version, tested below.

use crate::engagement::Touches;
use crate::erasure::Erasure;
use crate::experiment::Measured;
use crate::profile::Profile;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version this release writes.
pub const VERSION: u8 = 1;
/// The version of a profile that was erased: what the erasure says, the experiments and decisions since it was let back, then
/// the state as in [`VERSION`]. Nothing else is written so; an older release cannot read it, and keeps events of the person as failed instead of bringing them back.
pub const ERASED_VERSION: u8 = 2;
/// The version of a profile that was in experiments or saw decisions: those, then the state as in [`VERSION`]. Nothing else is
/// written so.
pub const MEASURED_VERSION: u8 = 3;

/// Why stored bytes are not a state.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// No bytes at all.
    #[error("the stored state is empty")]
    Empty,
    /// Written by a newer release.
    #[error("the stored state has version {found}; this release reads up to {readable}")]
    Version {
        /// Its version.
        found: u8,
        /// The highest that this release reads.
        readable: u8,
    },
    /// The bytes do not decode.
    #[error("the stored state cannot be decoded")]
    Corrupt(#[source] postcard::Error),
    /// More bytes than the state has: some were overwritten or it is something else.
    #[error("the stored state is followed by {0} bytes that do not belong to it")]
    Trailing(usize),
    /// The state does not encode.
    #[error("the state cannot be encoded")]
    Encode(#[source] postcard::Error),
}

/// Packs a profile.
///
/// # Errors
/// When the state cannot be encoded, which no valid state causes.
pub fn pack(profile: &Profile) -> Result<Vec<u8>, PackError> {
    match &profile.erasure {
        None if profile.measured.is_empty() && profile.touches.is_empty() => pack_state(VERSION, profile),
        None => pack_state(MEASURED_VERSION, &(&profile.measured, &profile.touches, profile)),
        Some(erasure) => pack_state(ERASED_VERSION, &(erasure, &profile.measured, &profile.touches, profile)),
    }
}

/// Unpacks a profile.
///
/// # Errors
/// When the bytes are empty, of a newer version, or corrupt.
pub fn unpack(bytes: &[u8]) -> Result<Profile, PackError> {
    if bytes.first() == Some(&ERASED_VERSION) {
        let (erasure, measured, touches, profile): (Erasure, Measured, Touches, Profile) =
            unpack_state(ERASED_VERSION, bytes)?;
        return Ok(Profile { erasure: Some(erasure), measured, touches, ..profile });
    }
    if bytes.first() == Some(&MEASURED_VERSION) {
        let (measured, touches, profile): (Measured, Touches, Profile) =
            unpack_state(MEASURED_VERSION, bytes)?;
        return Ok(Profile { measured, touches, ..profile });
    }
    unpack_state(VERSION, bytes).map_err(|error| match error {
        PackError::Version { found, .. } => PackError::Version { found, readable: MEASURED_VERSION },
        error => error,
    })
}

/// Packs a state of any kind behind its version.
///
/// # Errors
/// When it cannot be encoded.
pub fn pack_state<T: Serialize>(version: u8, state: &T) -> Result<Vec<u8>, PackError> {
    postcard::to_extend(state, vec![version]).map_err(PackError::Encode)
}

/// Unpacks a state of this version.
///
/// # Errors
/// When the bytes are empty, of another version, or corrupt.
pub fn unpack_state<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Result<T, PackError> {
    match bytes.split_first() {
        None => Err(PackError::Empty),
        Some((found, packed)) if *found == version => {
            match postcard::take_from_bytes(packed).map_err(PackError::Corrupt)? {
                (state, []) => Ok(state),
                (_, rest) => Err(PackError::Trailing(rest.len())),
            }
        }
        Some((&found, _)) => Err(PackError::Version { found, readable: version }),
    }
}

#[cfg(test)]
mod tests;
