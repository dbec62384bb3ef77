//! What ranking promises.

use super::{Limits, PastSession, Scoring, SessionIndex};
use beckon_domain::{ProductId, Timestamp};

fn ids(text: &str) -> Vec<ProductId> {
    text.split_whitespace().map(|id| ProductId::new(id).unwrap()).collect()
}

fn past(sessions: &[&str]) -> Vec<PastSession> {
    let session = |(at, products): (i64, &&str)| PastSession {
        products: ids(products),
        ended_at: Timestamp::from_ms(at * 60_000),
    };
    (0..).zip(sessions).map(session).collect()
}

fn index(sessions: &[&str], scoring: Scoring) -> SessionIndex {
    SessionIndex::build(past(sessions), &Limits::default(), scoring)
}

#[test]
fn the_example_of_the_documentation_is_as_written() {
    let scoring = Scoring { age_half_life: None, onward_share: 0.0, ..Scoring::default() };
    let ranked = index(&["tent mat stove"], scoring).rank(&ids("rope tent"), Timestamp::EPOCH, 20);
    let lines: Vec<_> =
        ranked.iter().map(|scored| format!("{} {:.4}", scored.product, scored.score)).collect();
    assert_eq!(lines, ["mat 0.0475", "stove 0.0317", "tent 0.0059"]);
}
