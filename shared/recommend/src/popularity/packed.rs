//! The stored form of trends and lists: a version byte, then postcard's compact form, as profiles are stored.
//!
//! The layout is a contract between releases: see [`beckon_domain::packed`]. `testdata` holds a fixture of each.

use super::{BestSellers, Trend};
use beckon_domain::packed::{PackError, pack_state, unpack_state};

/// The version of a trend that this release writes.
pub const TREND_VERSION: u8 = 1;
/// The version of a list that this release writes.
pub const BEST_SELLERS_VERSION: u8 = 1;

/// Packs a trend.
///
/// # Errors
/// When it cannot be encoded, which no valid one causes.
pub fn pack_trend(trend: &Trend) -> Result<Vec<u8>, PackError> {
    pack_state(TREND_VERSION, trend)
}

/// Unpacks a trend.
///
/// # Errors
/// When the bytes are empty, of another version, or corrupt.
pub fn unpack_trend(bytes: &[u8]) -> Result<Trend, PackError> {
    unpack_state(TREND_VERSION, bytes)
}

/// Packs a list.
///
/// # Errors
/// When it cannot be encoded, which no valid one causes.
pub fn pack_best_sellers(list: &BestSellers) -> Result<Vec<u8>, PackError> {
    pack_state(BEST_SELLERS_VERSION, list)
}

/// Unpacks a list.
///
/// # Errors
/// When the bytes are empty, of another version, or corrupt.
pub fn unpack_best_sellers(bytes: &[u8]) -> Result<BestSellers, PackError> {
    unpack_state(BEST_SELLERS_VERSION, bytes)
}
