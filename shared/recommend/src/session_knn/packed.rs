//! The stored form of an index: a header with its version and counts, sections, and a checksum over all of it.
//!
//! The layout is a contract between releases: within a version nothing changes, and `testdata` holds a fixture. All
//! numbers are little endian; a varint has seven bits a byte, the lowest first.
//!
//! | part | what |
//! |---|---|
//! | header, 32 bytes | `BECKONSI`, version, bytes of the whole, products, sessions, places, postings of a product at most: 4 bytes each |
//! | returns | 32 × 4 shares, 2 bytes each |
//! | products | sorted; each as a varint of bytes in common with the one before, a varint of further bytes, and these |
//! | ends | of each session a varint of minutes since the one before |
//! | lengths | of each session a varint |
//! | places | product numbers, oldest first, in the fewest bytes that hold the largest |
//! | checksum | XXH3 of everything before, 8 bytes |
//!
//! What leads from products to sessions is not stored: to arrange it again is faster than to read it would be, and it
//! cannot contradict the sessions.

use super::returns::{PLACES, Returns, TIMES};
use super::{Lists, SessionIndex};
use crate::policy::SESSION_INDEX_BYTES_MAX;
use beckon_domain::ProductId;
use xxhash_rust::xxh3::xxh3_64;

/// The version that this release writes and reads.
pub const SNAPSHOT_VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"BECKONSI";
const HEADER_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 8;

/// Why bytes are not an index.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// More than an index may have.
    #[error("the session index has {bytes} bytes; {bytes_max} are the most that is loaded")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
        /// Bytes allowed.
        bytes_max: usize,
    },
    /// They end too early.
    #[error("the session index has {bytes} bytes and should have {expected}: it is truncated")]
    Truncated {
        /// Bytes found.
        bytes: usize,
        /// Bytes that it should have.
        expected: usize,
    },
    /// They begin otherwise.
    #[error("these bytes are no session index")]
    Foreign,
    /// Written by another release.
    #[error("the session index has version {found}; this release reads {SNAPSHOT_VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// The checksum does not hold: bytes were changed.
    #[error("the checksum of the session index does not hold: bytes were changed")]
    Checksum,
    /// The checksum holds and a section says what cannot be.
    #[error("the session index is corrupt: {0}")]
    Corrupt(&'static str),
}

impl SnapshotError {
    /// Whether the same bytes may be read another time: they may not.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

impl SessionIndex {
    /// The stored form. The same index gives the same bytes on every machine.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let counts =
            [self.products.len(), self.sessions.len(), self.sessions.numbers.len(), self.postings_max];
        let mut bytes = Vec::with_capacity(HEADER_BYTES + counts[0] * 8 + counts[1] * 3 + counts[2] * 3);
        bytes.extend(MAGIC);
        bytes.extend(SNAPSHOT_VERSION.to_le_bytes());
        bytes.extend([0; 4]);
        counts.iter().for_each(|count| bytes.extend(word(*count)));
        self.returns.0.as_flattened().iter().for_each(|share| bytes.extend(share.to_le_bytes()));
        let mut before: &[u8] = &[];
        for product in &self.products {
            let id = product.as_str().as_bytes();
            let common = before.iter().zip(id).take_while(|(a, b)| a == b).count();
            put_varint(&mut bytes, common);
            put_varint(&mut bytes, id.len() - common);
            bytes.extend(&id[common..]);
            before = id;
        }
        let mut before = 0;
        for &ended in &self.ended_minutes {
            put_varint(&mut bytes, (ended - before) as usize);
            before = ended;
        }
        (0..self.sessions.len()).for_each(|at| put_varint(&mut bytes, self.sessions.length(at)));
        let width = width(self.products.len());
        for product in &self.sessions.numbers {
            bytes.extend(&product.to_le_bytes()[..width]);
        }
        let total = word(bytes.len() + CHECKSUM_BYTES);
        bytes[12..16].copy_from_slice(&total);
        let checksum = xxh3_64(&bytes);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// The index of its stored form, ranking by the defaults.
    ///
    /// # Errors
    /// When the bytes are too many, truncated, of another version, changed or of something else.
    pub fn unpack(bytes: &[u8]) -> Result<Self, SnapshotError> {
        if bytes.len() > SESSION_INDEX_BYTES_MAX {
            return Err(SnapshotError::TooLarge { bytes: bytes.len(), bytes_max: SESSION_INDEX_BYTES_MAX });
        }
        let body = checked(bytes)?;
        let mut rest = Section(body);
        let [products, sessions, places, postings_max] = rest.words()?;
        // Each product takes three bytes or more, each session two, each place one: so no count makes room for nothing.
        if products > body.len() / 3 || sessions > body.len() / 2 || places > body.len() {
            return Err(SnapshotError::Corrupt("more is announced than there is"));
        }
        let returns = returns(&mut rest)?;
        let ids = product_ids(&mut rest, products)?;
        let ended_minutes = ends(&mut rest, sessions)?;
        let starts = starts(&mut rest, sessions, places)?;
        let numbers = numbers(&mut rest, places, products)?;
        if !rest.0.is_empty() {
            return Err(SnapshotError::Corrupt("there is more than was announced"));
        }
        let sessions = Lists { starts, numbers };
        Ok(Self::arrange(ids, sessions, ended_minutes, returns, postings_max))
    }
}

/// What is between version and checksum, if these and the length hold.
fn checked(bytes: &[u8]) -> Result<&[u8], SnapshotError> {
    let least = HEADER_BYTES + PLACES * TIMES * 2 + CHECKSUM_BYTES;
    let truncated = |expected| SnapshotError::Truncated { bytes: bytes.len(), expected };
    let magic = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(magic) {
        return Err(SnapshotError::Foreign);
    }
    let mut header = Section(&bytes[magic.len()..]);
    let [found, total] = header.words().map_err(|_| truncated(least))?;
    if u32::try_from(found) != Ok(SNAPSHOT_VERSION) {
        return Err(SnapshotError::Version { found: u32::try_from(found).unwrap_or(u32::MAX) });
    }
    if bytes.len() < total.max(least) {
        return Err(truncated(total.max(least)));
    }
    let (said, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    if xxh3_64(said).to_le_bytes() != checksum {
        return Err(SnapshotError::Checksum);
    }
    if bytes.len() != total {
        return Err(SnapshotError::Corrupt("its length is not as announced"));
    }
    Ok(&said[HEADER_BYTES - 16..])
}

fn returns(rest: &mut Section<'_>) -> Result<Returns, SnapshotError> {
    let mut returns = Returns::default();
    for share in returns.0.as_flattened_mut() {
        *share = u16::from_le_bytes(rest.array()?);
    }
    Ok(returns)
}

fn product_ids(rest: &mut Section<'_>, count: usize) -> Result<Vec<ProductId>, SnapshotError> {
    let mut ids: Vec<ProductId> = Vec::with_capacity(count);
    let mut id: Vec<u8> = Vec::with_capacity(ProductId::BYTES_MAX);
    for _ in 0..count {
        let common = rest.varint()?;
        if common > id.len() {
            return Err(SnapshotError::Corrupt("a product shares more with the one before than that has"));
        }
        id.truncate(common);
        let further = rest.varint()?;
        id.extend(rest.take(further)?);
        let text = std::str::from_utf8(&id).ok().and_then(|text| ProductId::new(text).ok());
        let product = text.ok_or(SnapshotError::Corrupt("a product's id is none"))?;
        if ids.last().is_some_and(|before| *before >= product) {
            return Err(SnapshotError::Corrupt("the products are not sorted"));
        }
        ids.push(product);
    }
    Ok(ids)
}

fn ends(rest: &mut Section<'_>, count: usize) -> Result<Vec<u32>, SnapshotError> {
    let mut ended = 0_u32;
    let mut ends = Vec::with_capacity(count);
    for _ in 0..count {
        let later = u32::try_from(rest.varint()?).ok().and_then(|since| ended.checked_add(since));
        ended = later.ok_or(SnapshotError::Corrupt("a session ends later than time"))?;
        ends.push(ended);
    }
    Ok(ends)
}

fn starts(rest: &mut Section<'_>, count: usize, places: usize) -> Result<Vec<u32>, SnapshotError> {
    let mut starts = Vec::with_capacity(count + 1);
    let mut start = 0_usize;
    starts.push(0);
    for _ in 0..count {
        start = start.saturating_add(rest.varint()?);
        let known = u32::try_from(start).ok().filter(|start| *start as usize <= places);
        starts.push(known.ok_or(SnapshotError::Corrupt("the sessions have more places than there are"))?);
    }
    if start == places { Ok(starts) } else { Err(SnapshotError::Corrupt("a place belongs to no session")) }
}

fn numbers(rest: &mut Section<'_>, places: usize, products: usize) -> Result<Vec<u32>, SnapshotError> {
    let width = width(products);
    let section = rest.take(places * width)?;
    let number = |place: &[u8]| place.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
    let numbers: Vec<u32> = section.chunks_exact(width).map(number).collect();
    match numbers.iter().all(|number| (*number as usize) < products) {
        true => Ok(numbers),
        false => Err(SnapshotError::Corrupt("a place holds a product that there is not")),
    }
}

/// The fewest bytes that hold every product's number.
const fn width(products: usize) -> usize {
    match products {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        0x1_0001..=0x100_0000 => 3,
        _ => 4,
    }
}

fn word(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes()
}

fn put_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Bytes that are still to be read.
struct Section<'a>(&'a [u8]);

impl<'a> Section<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], SnapshotError> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(SnapshotError::Corrupt("a section ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn words<const N: usize>(&mut self) -> Result<[usize; N], SnapshotError> {
        let mut words = [0; N];
        for word in &mut words {
            *word = u32::from_le_bytes(self.array()?) as usize;
        }
        Ok(words)
    }

    /// A number below 2^35.
    fn varint(&mut self) -> Result<usize, SnapshotError> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.array()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(SnapshotError::Corrupt("a number does not end"))
    }
}

#[cfg(test)]
mod tests;
