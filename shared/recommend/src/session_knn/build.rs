//! Sessions become an index.

use super::returns::Returns;
use super::scratch::Spare;
use super::weights::{Weights, minutes};
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
        let returns = Returns::of(&arranged);
        Self::arrange(products, arranged, ended_minutes, returns, limits.postings_max).with_scoring(scoring)
    }

    /// What is searched in, from what is stored.
    pub(super) fn arrange(
        products: Vec<ProductId>,
        sessions: Lists,
        ended_minutes: Vec<u32>,
        returns: Returns,
        postings_max: usize,
    ) -> Self {
        let postings = postings(&sessions, products.len(), postings_max);
        let scoring = Scoring::default();
        let weights = Weights::of(&scoring, &sessions, &postings);
        let spare = Spare::default();
        Self { products, sessions, ended_minutes, postings, postings_max, returns, scoring, weights, spare }
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
fn postings(sessions: &Lists, product_count: usize, postings_max: usize) -> Lists {
    let mut starts = vec![0_u32; product_count + 1];
    newest_first(sessions, product_count, postings_max, |product, _| starts[product + 1] += 1);
    for product in 0..product_count {
        starts[product + 1] += starts[product];
    }
    let mut next = starts.clone();
    let mut numbers = vec![0; starts.last().map_or(0, |count| *count as usize)];
    newest_first(sessions, product_count, postings_max, |product, session| {
        numbers[next[product] as usize] = session;
        next[product] += 1;
    });
    Lists { starts, numbers }
}

/// Visits each product of each session once, newest session first, and each product so many times at most.
fn newest_first(
    sessions: &Lists,
    product_count: usize,
    visits_max: usize,
    mut visit: impl FnMut(usize, u32),
) {
    let mut seen = vec![(u32::MAX, 0_u32); product_count];
    for session in (0..number(sessions.len())).rev() {
        for &product in sessions.get(session) {
            let (last, visits) = &mut seen[product as usize];
            if *last != session && (*visits as usize) < visits_max {
                *last = session;
                *visits += 1;
                visit(product as usize, session);
            }
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
