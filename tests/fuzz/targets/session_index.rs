//! Any bytes as a session index: never a panic. What is read is what is written again, and ranks finite scores, each
//! product once.
//!
//! The checksum would refuse nearly all that is tried, so it is made to hold: a careless writer could do the same.
#![no_main]

use beckon_domain::{ProductId, Timestamp};
use beckon_recommend::SessionIndex;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

const LENGTH_AT: std::ops::Range<usize> = 12..16;
const CHECKSUM_BYTES: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let _ = SessionIndex::unpack(bytes);
    let Ok(index) = SessionIndex::unpack(&sealed(bytes)) else { return };
    assert_eq!(SessionIndex::unpack(&index.pack()).as_ref(), Ok(&index), "written again, it is another");
    let session: Vec<ProductId> =
        ["a", "b", "tent", "mat"].iter().filter_map(|id| ProductId::new(id).ok()).collect();
    let ranked = index.rank(&session, Timestamp::from_ms(60_000), 20);
    assert!(ranked.iter().all(|scored| scored.score.is_finite()), "a score that is no number");
    let products: BTreeSet<&ProductId> = ranked.iter().map(|scored| &scored.product).collect();
    assert_eq!(products.len(), ranked.len(), "a product twice");
});

/// The bytes with the length and the checksum that they should have.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes[..bytes.len().saturating_sub(CHECKSUM_BYTES)].to_vec();
    let length = u32::try_from(sealed.len() + CHECKSUM_BYTES).unwrap_or(u32::MAX);
    if let Some(field) = sealed.get_mut(LENGTH_AT) {
        field.copy_from_slice(&length.to_le_bytes());
    }
    let checksum = xxh3_64(&sealed).to_le_bytes();
    sealed.extend(checksum);
    sealed
}
