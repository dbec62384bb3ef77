//! Sessions become an index.

use super::{Limits, Lists, Scoring, SessionIndex, number_of};
use beckon_domain::{ProductId, Timestamp};
use std::collections::BTreeMap;

/// A session that is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastSession {
    /// What it was about, oldest first; a product may be there more than once.
    pub products: Vec<ProductId>,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl SessionIndex {
    /// Arranges sessions, in any order; of those that ended together the later ones are taken as newer. A session of one
    /// product tells nothing of what comes next and is left out, as is what exceeds the limits.
    #[must_use]
    pub fn build(sessions: impl IntoIterator<Item = PastSession>, limits: &Limits, scoring: Scoring) -> Self {
        let mut newest: Vec<PastSession> =
            sessions.into_iter().filter(|session| session.products.len() > 1).collect();
        newest.sort_by_key(|session| session.ended_at);
        let kept = keep(&mut newest, limits);
        let products: Vec<ProductId> = kept.into_keys().collect();
        let mut arranged = Lists::default();
        let mut ended_minutes = Vec::with_capacity(newest.len());
        for session in &newest {
            arranged.numbers.extend(session.products.iter().filter_map(|id| number_of(&products, id)));
            arranged.starts.push(number(arranged.numbers.len()));
            ended_minutes.push(minutes(session.ended_at));
        }
        let postings = postings(&arranged, products.len());
        Self { scoring, products, sessions: arranged, ended_minutes, postings }
    }
}

/// Cuts sessions to what the limits allow, and says which products are left.
fn keep(sessions: &mut Vec<PastSession>, limits: &Limits) -> BTreeMap<ProductId, ()> {
    let mut products = BTreeMap::new();
    let mut places = 0;
    let mut first = sessions.len();
    for session in sessions.iter_mut().rev().take(limits.sessions_max) {
        let over = session.products.len().saturating_sub(limits.session_length_max.max(1));
        session.products.drain(..over);
        let fresh: BTreeMap<&ProductId, ()> = session
            .products
            .iter()
            .filter(|product| !products.contains_key(*product))
            .map(|product| (product, ()))
            .collect();
        places += session.products.len();
        if places > limits.places_max || products.len() + fresh.len() > limits.products_max {
            break;
        }
        let fresh: Vec<ProductId> = fresh.into_keys().cloned().collect();
        products.extend(fresh.into_iter().map(|product| (product, ())));
        first -= 1;
    }
    sessions.drain(..first);
    products
}

/// Turns sessions of products into products of sessions, newest first, each session once.
pub(super) fn postings(sessions: &Lists, product_count: usize) -> Lists {
    let mut seen = vec![u32::MAX; product_count];
    let mut counts = vec![0_u32; product_count + 1];
    let each = |visit: &mut dyn FnMut(u32, u32), seen: &mut [u32]| {
        seen.fill(u32::MAX);
        for session in (0..number(sessions.len())).rev() {
            for &product in sessions.get(session) {
                if seen[product as usize] != session {
                    seen[product as usize] = session;
                    visit(product, session);
                }
            }
        }
    };
    each(&mut |product, _| counts[product as usize + 1] += 1, &mut seen);
    for at in 0..product_count {
        counts[at + 1] += counts[at];
    }
    let starts = counts.clone();
    let mut numbers = vec![0; starts.last().map_or(0, |count| *count as usize)];
    each(
        &mut |product, session| {
            let next = &mut counts[product as usize];
            numbers[*next as usize] = session;
            *next += 1;
        },
        &mut seen,
    );
    Lists { starts, numbers }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn minutes(at: Timestamp) -> u32 {
    u32::try_from(at.as_ms().max(0) / 60_000).unwrap_or(u32::MAX)
}
