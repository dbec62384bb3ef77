//! Sizes and units by DynamoDB's published rules.
//!
//! From the Amazon DynamoDB developer guide: "DynamoDB item sizes and formats" (CapacityUnitCalculations), "DynamoDB
//! read and write operations" (read-write-operations), and for the index "Using Global Secondary Indexes in DynamoDB",
//! "Provisioned throughput considerations" (GSI). The guide calls the size of a number approximate; what is counted
//! here is one byte for each two digits that count, and one more.

use beckon_domain::{ProfileKey, Timestamp};

/// Bytes of one write unit.
pub const WRITE_UNIT_BYTES: u32 = 1_024;
/// Bytes of one read unit.
pub const READ_UNIT_BYTES: u32 = 4_096;

/// Bytes of a number: zeros at its end do not count.
#[must_use]
pub fn number(value: u64) -> u32 {
    let mut rest = value;
    while rest > 0 && rest.is_multiple_of(10) {
        rest /= 10;
    }
    let digits = if rest == 0 { 0 } else { rest.ilog10() + 1 };
    digits.div_ceil(2) + 1
}

/// The number that an instant is written as.
fn time(at: Timestamp) -> u32 {
    number(at.as_ms().unsigned_abs())
}

/// An item that is put together attribute by attribute. The length of a name counts as well as the value's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ItemSize(u32);

impl ItemSize {
    /// Bytes so far.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.0
    }

    /// A text or a binary of this many bytes.
    #[must_use]
    pub fn bytes_attribute(self, name: &str, bytes: usize) -> Self {
        let bytes = name.len().saturating_add(bytes);
        Self(self.0.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)))
    }

    /// A text.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.bytes_attribute(name, value.len())
    }

    /// A number.
    #[must_use]
    pub fn number(self, name: &str, value: u64) -> Self {
        self.bytes_attribute(name, number(value) as usize)
    }

    /// An instant, in milliseconds.
    #[must_use]
    pub fn time(self, name: &str, at: Timestamp) -> Self {
        self.bytes_attribute(name, time(at) as usize)
    }

    /// Yes or no.
    #[must_use]
    pub fn flag(self, name: &str) -> Self {
        self.bytes_attribute(name, 1)
    }
}

/// A profile's item as the DynamoDB adapter writes it.
#[must_use]
pub fn profile_item(
    key: &ProfileKey,
    packed_bytes: usize,
    version: u64,
    expires_at: Timestamp,
    due_at: Option<Timestamp>,
) -> u32 {
    let item = ItemSize::default()
        .text("pk", key.as_str())
        .bytes_attribute("s", packed_bytes)
        .number("v", version)
        .number("x", expires_at.as_ms().unsigned_abs() / 1_000);
    // The part of the index has one digit.
    due_at.map_or(item, |at| item.bytes_attribute("d", 1).time("t", at)).bytes()
}

/// An entry of the due index: its own keys and the table's.
#[must_use]
pub fn due_entry(key: &ProfileKey, due_at: Timestamp) -> u32 {
    ItemSize::default().text("pk", key.as_str()).bytes_attribute("d", 1).time("t", due_at).bytes()
}

/// Units of a write: one for each kilobyte begun of the larger of what was there and what is there now, at least one.
#[must_use]
pub fn write_units(before: Option<u32>, after: Option<u32>) -> u64 {
    let bytes = before.unwrap_or_default().max(after.unwrap_or_default());
    u64::from(bytes.div_ceil(WRITE_UNIT_BYTES).max(1))
}

/// Half units of a read: half a unit for each four kilobytes begun, twice that when it is strong. Something that is not
/// there costs the least read.
#[must_use]
pub fn read_half_units(bytes: u32, strong: bool) -> u64 {
    u64::from(bytes.div_ceil(READ_UNIT_BYTES).max(1)) * if strong { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_costs_its_digits_in_pairs_and_one_byte_more() {
        let sizes = [(0, 1), (1, 2), (12, 2), (123, 3), (100, 2), (1_010, 3), (1_763_800_000_000, 4)];
        for (value, bytes) in sizes {
            assert_eq!(number(value), bytes, "{value}");
        }
        assert_eq!(number(u64::MAX), 11);
    }

    #[test]
    fn units_are_rounded_up_and_the_larger_size_counts() {
        assert_eq!((write_units(None, Some(1)), write_units(None, Some(1_024))), (1, 1));
        assert_eq!((write_units(None, Some(1_025)), write_units(Some(3_000), Some(10))), (2, 3));
        assert_eq!(write_units(None, None), 1, "a condition that fails where nothing is costs one");
        assert_eq!((read_half_units(4_096, false), read_half_units(4_097, false)), (1, 2));
        assert_eq!((read_half_units(0, true), read_half_units(4_097, true)), (2, 4));
    }
}
