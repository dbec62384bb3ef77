//! What ranking promises.

use super::{Limits, PastSession, Scoring, SessionIndex};
use beckon_domain::{ProductId, Timestamp};

fn ids(text: &str) -> Vec<ProductId> {
    text.split_whitespace().map(|id| ProductId::new(id).unwrap()).collect()
}

fn index(sessions: &[&str]) -> SessionIndex {
    let sessions = sessions.iter().enumerate().map(|(at, products)| PastSession {
        products: ids(products),
        ended_at: Timestamp::from_ms(at as i64 * 60_000),
    });
    SessionIndex::build(sessions, &Limits::default(), Scoring::default())
}

#[test]
fn what_followed_the_newest_product_comes_first() {
    let index = index(&["tent mat stove", "tent mat", "lamp stove", "lamp rope"]);
    let ranked = index.rank(&ids("lamp tent"), Timestamp::EPOCH, 3);
    let products: Vec<&str> = ranked.iter().map(|scored| scored.product.as_str()).collect();
    assert_eq!(products, ["tent", "mat", "lamp"]);
}
