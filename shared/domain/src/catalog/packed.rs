//! The stored form of facts and snapshots: a version byte, then postcard's compact form, as profiles are stored.
//!
//! The layout is a contract between releases: see [`crate::packed`]. `testdata` holds a fixture of each.

use super::facts::ProductFacts;
use super::snapshot::{CatalogSnapshot, NONE};
use crate::packed::{PackError, pack_state, unpack_state};

/// The version of facts that this release writes.
pub const FACTS_VERSION: u8 = 1;
/// The version of a snapshot that this release writes.
pub const SNAPSHOT_VERSION: u8 = 1;

/// Why bytes are not a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// They are empty, cut off, or of another version.
    #[error("the snapshot of the catalog cannot be read")]
    Unreadable(#[source] PackError),
    /// They can be read, and its parts do not belong together.
    #[error("the snapshot of the catalog contradicts itself: {0}")]
    Inconsistent(&'static str),
}

impl SnapshotError {
    /// Whether the same bytes may be read later: never.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

/// Packs facts.
///
/// # Errors
/// When they cannot be encoded, which no valid ones cause.
pub fn pack_facts(facts: &ProductFacts) -> Result<Vec<u8>, PackError> {
    pack_state(FACTS_VERSION, facts)
}

/// Unpacks facts.
///
/// # Errors
/// When the bytes are empty, of another version, or corrupt.
pub fn unpack_facts(bytes: &[u8]) -> Result<ProductFacts, PackError> {
    unpack_state(FACTS_VERSION, bytes)
}

/// Packs a snapshot.
///
/// # Errors
/// When it cannot be encoded, which no built one causes.
pub fn pack_snapshot(snapshot: &CatalogSnapshot) -> Result<Vec<u8>, PackError> {
    pack_state(SNAPSHOT_VERSION, snapshot)
}

/// Unpacks a snapshot.
///
/// # Errors
/// When the bytes are cut off, of another version, or no look-up in them would be safe.
pub fn unpack_snapshot(bytes: &[u8]) -> Result<CatalogSnapshot, SnapshotError> {
    let snapshot: CatalogSnapshot =
        unpack_state(SNAPSHOT_VERSION, bytes).map_err(SnapshotError::Unreadable)?;
    match contradiction(&snapshot) {
        None => Ok(snapshot),
        Some(what) => Err(SnapshotError::Inconsistent(what)),
    }
}

fn is_sorted<T: Ord>(all: &[T]) -> bool {
    all.windows(2).all(|pair| pair[0] < pair[1])
}

fn contradiction(snapshot: &CatalogSnapshot) -> Option<&'static str> {
    let below = |number: u32, count: usize| number == NONE || (number as usize) < count;
    let texts = snapshot.texts.len();
    let checks = [
        (snapshot.ids.len() == snapshot.records.len(), "as many ids as products"),
        (is_sorted(&snapshot.ids), "ids in order"),
        (is_sorted(&snapshot.categories), "categories in order"),
        (is_sorted(&snapshot.brands), "brands in order"),
        (is_sorted(&snapshot.members), "members in order"),
        (snapshot.texts.is_valid(), "texts"),
        (
            snapshot.paths.iter().flatten().all(|level| (*level as usize) < snapshot.categories.len()),
            "levels of paths",
        ),
        (
            snapshot.attributes.iter().all(|(n, v)| (*n as usize) < texts && (*v as usize) < texts),
            "attributes",
        ),
        (snapshot.members.iter().all(|(_, product)| (*product as usize) < snapshot.ids.len()), "members"),
    ];
    let of_records = snapshot.records.iter().all(|record| {
        let attributes = record.attributes as usize + usize::from(record.attribute_count);
        below(record.sale, snapshot.sales.len())
            && (record.display == NONE || record.display as usize + 2 < texts)
            && below(record.path, snapshot.paths.len())
            && below(record.brand, snapshot.brands.len())
            && below(record.group, texts)
            && attributes <= snapshot.attributes.len()
    });
    let failed = checks.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what);
    failed.or((!of_records).then_some("numbers of products"))
}
