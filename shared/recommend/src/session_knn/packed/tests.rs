//! What is stored is what is read, and nothing else is read.

use super::*;
use crate::session_knn::tests::{ids, past};
use crate::session_knn::{Limits, PastSession, Scoring};
use beckon_domain::Timestamp;
use proptest::prelude::*;

fn built(sessions: Vec<PastSession>) -> SessionIndex {
    SessionIndex::build(sessions, &Limits::default(), Scoring::default())
}

fn sample() -> SessionIndex {
    built(past(&["tent tent-2p mat tent", "mat stove", "Zelt-ü 椅子-1", "tent 椅子-1"]))
}

/// Sessions of few products with ids of any kind, some ending together.
fn sessions() -> impl Strategy<Value = Vec<PastSession>> {
    let product = prop_oneof![4 => "[a-c]{1,3}", 1 => "\\PC{1,20}"];
    let product = product.prop_filter_map("an id", |text| ProductId::new(&text).ok());
    let session = (prop::collection::vec(product, 0..8), 0_i64..100_000_000);
    let session =
        session.prop_map(|(products, ms)| PastSession { products, ended_at: Timestamp::from_ms(ms) });
    prop::collection::vec(session, 0..20)
}

#[test]
fn the_layout_of_version_1_has_not_changed() {
    let fixture = include_str!("../../../testdata/session-index-v1.hex").replace('\n', "");
    let bytes = data_encoding::HEXLOWER.decode(fixture.as_bytes()).unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(&sample().pack()), fixture);
    let index = SessionIndex::unpack(&bytes).unwrap();
    assert_eq!(index, sample());
    assert_eq!((index.session_count(), index.product_count()), (4, 6));
}

#[test]
fn an_error_says_what_is_wrong() {
    let bytes = sample().pack();
    let of = |bytes: &[u8]| SessionIndex::unpack(bytes).unwrap_err();
    let whole = bytes.len();
    assert_eq!(of(&bytes[..whole - 1]), SnapshotError::Truncated { bytes: whole - 1, expected: whole });
    assert!(matches!(of(&[]), SnapshotError::Truncated { bytes: 0, .. }));
    assert_eq!(of(b"{\"an\": \"object of something else\"}"), SnapshotError::Foreign);
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert_eq!(of(&newer), SnapshotError::Version { found: 2 });
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(of(&longer), SnapshotError::Checksum);
    let huge = vec![0; SESSION_INDEX_BYTES_MAX + 1];
    assert!(matches!(of(&huge), SnapshotError::TooLarge { bytes_max: SESSION_INDEX_BYTES_MAX, .. }));
    assert!(!of(&newer).is_transient());
}

#[test]
fn products_out_of_order_would_be_found_no_more_and_are_refused() {
    let mut index = sample();
    index.products.reverse();
    let corrupt = SnapshotError::Corrupt("the products are not sorted");
    assert_eq!(SessionIndex::unpack(&index.pack()), Err(corrupt));
}

#[test]
fn an_index_of_nothing_is_stored_like_any_other() {
    let empty = built(Vec::new());
    let read = SessionIndex::unpack(&empty.pack()).unwrap();
    assert!(read.is_empty());
    assert!(read.rank(&ids("tent"), Timestamp::EPOCH, 5).is_empty());
}

/// Bytes with a checksum that holds, as a careless writer would leave them.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len().saturating_sub(CHECKSUM_BYTES));
    let total = word(bytes.len() + CHECKSUM_BYTES);
    bytes[12..16].copy_from_slice(&total);
    let checksum = xxh3_64(&bytes).to_le_bytes();
    bytes.extend(checksum);
    bytes
}

proptest! {
    #[test]
    fn what_was_packed_is_unpacked(sessions in sessions()) {
        let index = built(sessions);
        let bytes = index.pack();
        prop_assert_eq!(&SessionIndex::unpack(&bytes).unwrap(), &index);
        prop_assert_eq!(bytes, index.pack());
    }

    #[test]
    fn whatever_was_cut_off_is_noticed(sessions in sessions(), kept in 0.0..1.0) {
        let bytes = built(sessions).pack();
        let kept = (bytes.len() as f64 * kept) as usize;
        let truncated = matches!(SessionIndex::unpack(&bytes[..kept]), Err(SnapshotError::Truncated { .. }));
        prop_assert!(truncated);
    }

    #[test]
    fn a_flipped_bit_is_noticed(sessions in sessions(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = built(sessions).pack();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(SessionIndex::unpack(&bytes).is_err());
    }

    #[test]
    fn sections_that_lie_are_refused_or_rank_without_a_panic(
        sessions in sessions(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in 0_usize..4,
    ) {
        let mut bytes = built(sessions).pack();
        let body = 16..bytes.len() - CHECKSUM_BYTES;
        for (at, byte) in changes {
            bytes[body.start + at.index(body.len())] = byte;
        }
        bytes.truncate(bytes.len() - cut);
        if let Ok(index) = SessionIndex::unpack(&sealed(bytes)) {
            let ranked = index.rank(&ids("a b c aa ab"), Timestamp::EPOCH, 5);
            prop_assert!(ranked.iter().all(|scored| scored.score.is_finite()));
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(SessionIndex::unpack(&bytes).is_err());
    }
}
