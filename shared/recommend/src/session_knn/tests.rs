//! What ranking promises.

mod naive;

use super::{Limits, PastSession, Scoring, Scratch, SessionIndex};
use crate::Scored;
use beckon_domain::{DurationMs, ProductId, Timestamp};
use proptest::prelude::*;

pub(super) fn ids(text: &str) -> Vec<ProductId> {
    text.split_whitespace().map(|id| ProductId::new(id).unwrap()).collect()
}

pub(super) fn past(sessions: &[&str]) -> Vec<PastSession> {
    let session = |(at, products): (i64, &&str)| PastSession {
        products: ids(products),
        ended_at: Timestamp::from_ms(at * 60_000),
    };
    (0..).zip(sessions).map(session).collect()
}

/// Scores that nothing but neighbours make, whatever the time.
fn plain() -> Scoring {
    Scoring { age_half_life: None, onward_share: 0.0, ..Scoring::default() }
}

fn index(sessions: &[&str], scoring: Scoring) -> SessionIndex {
    SessionIndex::build(past(sessions), &Limits::default(), scoring)
}

fn ranked(index: &SessionIndex, session: &str, count: usize) -> Vec<String> {
    let ranked = index.rank(&ids(session), Timestamp::EPOCH, count);
    ranked.iter().map(|scored| scored.product.to_string()).collect()
}

#[test]
fn the_example_of_the_documentation_is_as_written() {
    let ranked = index(&["tent mat stove"], plain()).rank(&ids("rope tent"), Timestamp::EPOCH, 20);
    let lines: Vec<_> =
        ranked.iter().map(|scored| format!("{} {:.4}", scored.product, scored.score)).collect();
    assert_eq!(lines, ["mat 0.0475", "stove 0.0317", "tent 0.0059"]);
}

#[test]
fn what_is_near_the_newest_product_leads() {
    let index = index(&["lamp bulb", "lamp cord", "tent mat stove"], plain());
    assert_eq!(ranked(&index, "lamp tent", 2), ["mat", "stove"]);
    let equal = self::index(&["tent b", "tent a"], plain());
    assert_eq!(ranked(&equal, "tent", 2), ["a", "b"], "equal ones by their ids");
}

#[test]
fn newer_sessions_count_more_where_they_have_times() {
    let sessions = ["tent mat", "tent stove"];
    let now = Timestamp::from_ms(60_000);
    let scoring = Scoring { age_half_life: Some(DurationMs::from_minutes(32)), ..plain() };
    let scores = index(&sessions, scoring).rank(&ids("tent"), now, 2);
    assert_eq!(scores[0].product.as_str(), "stove");
    assert!(scores[0].score > scores[1].score);
    let scores = index(&sessions, plain()).rank(&ids("tent"), now, 2);
    assert_eq!(scores[0].score, scores[1].score, "without times all weigh the same");
}

#[test]
fn people_come_back_where_others_did_even_to_what_the_index_does_not_know() {
    let sessions: Vec<&str> = std::iter::repeat_n("tent mat tent mat", 100).collect();
    let back = index(&sessions, plain());
    assert_eq!(ranked(&back, "new-1 new-2", 20), ["new-1"], "the one before the last, never the last");
    let forward = index(&["tent mat", "mat stove"], plain());
    assert!(ranked(&forward, "new-1 new-2", 20).is_empty());
    assert!(ranked(&index(&[], plain()), "new-1 new-2", 20).is_empty());
}

#[test]
fn what_goes_with_the_best_fills_a_list_that_few_sessions_make() {
    let sessions = ["tent mat", "mat pump", "lamp bulb"];
    assert_eq!(ranked(&index(&sessions, plain()), "tent", 20), ["mat", "tent"]);
    let onward = Scoring { onward_share: 0.3, ..plain() };
    assert_eq!(ranked(&index(&sessions, onward), "tent", 20), ["mat", "tent", "pump"]);
}

#[test]
fn the_oldest_are_dropped_where_a_limit_is_reached() {
    let sessions = ["a b", "c d", "e f g"];
    let kept = |limits: Limits| {
        let index = SessionIndex::build(past(&sessions), &limits, plain());
        (index.session_count(), index.product_count())
    };
    let all = Limits::default();
    assert_eq!(kept(all), (3, 7));
    assert_eq!(kept(Limits { sessions_max: 2, ..all }), (2, 5));
    assert_eq!(kept(Limits { products_max: 6, ..all }), (2, 5));
    assert_eq!(kept(Limits { places_max: 4, ..all }), (1, 3));
    assert_eq!(kept(Limits { session_length_max: 2, ..all }), (3, 6), "the last places of a session stay");
    let two = SessionIndex::build(past(&["a b", "a c"]), &Limits { postings_max: 1, ..all }, plain());
    assert_eq!(ranked(&two, "a", 20), ["c", "a"], "a product leads to its newest sessions");
}

#[test]
fn a_session_of_any_length_and_any_ids_is_ranked_by_its_end() {
    let index = index(&["tent mat", "Zelt-ü 椅子"], plain());
    let mut session = vec![ProductId::new(&"x".repeat(100)).unwrap(); 100_000];
    session.extend(ids("Zelt-ü"));
    let ranked = index.rank(&session, Timestamp::EPOCH, 1);
    assert_eq!(ranked[0].product.as_str(), "椅子");
    assert!(index.rank(&[], Timestamp::EPOCH, 20).is_empty());
    assert!(index.rank(&ids("tent"), Timestamp::EPOCH, 0).is_empty());
}

#[test]
fn the_work_is_bounded_however_popular_a_product_is() {
    let sessions: Vec<String> = (0..3_000).map(|at| format!("hit p{at}")).collect();
    let sessions: Vec<&str> = sessions.iter().map(String::as_str).collect();
    let index = index(&sessions, plain());
    let mut scratch = Scratch::default();
    let ranked = index.rank_in(&mut scratch, &ids("hit"), Timestamp::EPOCH, 20);
    assert_eq!(ranked[1].product.as_str(), "p2800", "of the 200 newest, the first by its id");
    assert_eq!(scratch.neighbours.len(), Scoring::default().neighbours_max);
}

/// Sessions of few products, so that they have much in common.
fn sessions() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(0_u8..12, 0..9), 0..25)
}

fn named(session: &[u8]) -> Vec<ProductId> {
    session.iter().map(|number| ProductId::new(&format!("p{number}")).unwrap()).collect()
}

proptest! {
    #[test]
    fn a_ranking_is_what_the_plain_words_say(
        sessions in sessions(),
        asked in prop::collection::vec(prop::collection::vec(0_u8..15, 0..8), 1..4),
        (candidates_max, neighbours_max) in (1_usize..20, 1_usize..20),
        onward in any::<bool>(),
    ) {
        let past: Vec<PastSession> = (0..)
            .zip(&sessions)
            .map(|(at, session)| PastSession { products: named(session), ended_at: Timestamp::from_ms(at) })
            .collect();
        let onward_share = if onward { 0.3 } else { 0.0 };
        let scoring = Scoring { candidates_max, neighbours_max, onward_share, ..plain() };
        let index = SessionIndex::build(past.clone(), &Limits::default(), scoring);
        prop_assert_eq!(index.product_count(), naive::product_count(&past));
        // One index for all: nothing of one ranking may be left for the next.
        for session in asked {
            let expected = naive::rank(&past, &scoring, &named(&session));
            let found = index.rank(&named(&session), Timestamp::EPOCH, 100);
            let by_id = |found: Vec<(ProductId, f64)>| found.into_iter().collect::<std::collections::BTreeMap<_, _>>();
            let scores = by_id(found.iter().map(|scored| (scored.product.clone(), scored.score)).collect());
            prop_assert_eq!(found.len(), scores.len(), "each product once");
            for (id, expected) in by_id(expected) {
                // Shares are stored in 2^-16, and worth is kept with 24 bits.
                let score = scores.get(&id).copied().unwrap_or_default();
                prop_assert!((score - expected).abs() <= 0.02 + expected * 1e-4, "{}: {} {}", id, score, expected);
            }
            let better = |a: &Scored, b: &Scored| a.score > b.score || a.score == b.score && a.product < b.product;
            prop_assert!(found.is_sorted_by(better));
            let first = index.rank(&named(&session), Timestamp::EPOCH, 3);
            prop_assert_eq!(&found[..found.len().min(3)], first.as_slice());
        }
    }
}
