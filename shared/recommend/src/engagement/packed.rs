//! The stored form: a version byte, then postcard's compact form, as trends are stored.

use super::row::SlotDayRow;
use beckon_domain::packed::{PackError, pack_state, unpack_state};

/// The version that this release writes.
pub const SLOT_DAY_VERSION: u8 = 1;

/// Packs the numbers of a slot's day.
///
/// # Errors
/// When they cannot be encoded, which no valid ones cause.
pub fn pack_slot_day(row: &SlotDayRow) -> Result<Vec<u8>, PackError> {
    pack_state(SLOT_DAY_VERSION, row)
}

/// Unpacks the numbers of a slot's day.
///
/// # Errors
/// When the bytes are empty, of another version, or corrupt.
pub fn unpack_slot_day(bytes: &[u8]) -> Result<SlotDayRow, PackError> {
    unpack_state(SLOT_DAY_VERSION, bytes)
}
