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
mod tests;
