//! The same ranking said plainly: maps for arrays, ids for numbers, every session looked at, nothing kept from call to call.

use crate::session_knn::{PastSession, Scoring};
use beckon_domain::ProductId;
use std::collections::{BTreeMap, BTreeSet};

type Sums = BTreeMap<ProductId, f64>;

/// Ranks as [`crate::session_knn::SessionIndex::rank`] should, for sessions oldest first whose age does not count.
pub fn rank(past: &[PastSession], scoring: &Scoring, session: &[ProductId]) -> Vec<(ProductId, f64)> {
    let past: Vec<&[ProductId]> = past
        .iter()
        .map(|session| session.products.as_slice())
        .filter(|products| products.len() > 1)
        .collect();
    let current = newest_first(&session[session.len().saturating_sub(scoring.session_length_max)..]);
    let mut sums = Sums::new();
    for (worth, shared, products) in neighbours(&past, scoring, &current) {
        for (place, product) in products.iter().enumerate() {
            let places = (0..products.len()).filter(|at| products[*at] == shared);
            let weight = match places.map(|at| at.abs_diff(place)).min().unwrap_or_default() {
                0 => scoring.shared_weight,
                distance => 1.0 / (1.0 + scoring.distance_slope * (distance - 1) as f32),
            };
            *sums.entry(product.clone()).or_default() += f64::from(worth * weight);
        }
    }
    let said: f64 = sums.values().sum();
    for (id, ..) in &current {
        sums.entry(id.clone()).and_modify(|sum| *sum *= scoring.own_share);
    }
    onward(&past, scoring, &current, &mut sums, said);
    for (place, (id, times, _)) in current.iter().enumerate() {
        let share = returns(&past, place, *times);
        if share > 0.0 {
            *sums.entry(id.clone()).or_default() += share * (said + scoring.returns_floor);
        }
    }
    let mut ranked: Vec<_> = sums.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranked
}

/// Each product once, newest first, with how often it was seen and its last place from the end.
fn newest_first(session: &[ProductId]) -> Vec<(ProductId, usize, usize)> {
    let mut seen: Vec<(ProductId, usize, usize)> = Vec::new();
    for (from_end, id) in session.iter().rev().enumerate() {
        match seen.iter_mut().find(|(known, ..)| known == id) {
            Some((_, times, _)) => *times += 1,
            None => seen.push((id.clone(), 1, from_end)),
        }
    }
    seen
}

/// The chosen sessions: what each is worth, the newest product in common, its products.
fn neighbours<'a>(
    past: &[&'a [ProductId]],
    scoring: &Scoring,
    current: &[(ProductId, usize, usize)],
) -> Vec<(f32, ProductId, &'a [ProductId])> {
    let mut found: Vec<(usize, usize, f32)> = Vec::new();
    for (at, products) in past.iter().enumerate() {
        let shared = |known: &&(ProductId, usize, usize)| products.contains(&known.0);
        let Some(by) = current.iter().position(|known| shared(&known)) else { continue };
        let weight = |(id, _, from_end): &(ProductId, usize, usize)| {
            (0..*from_end).fold(1.0, |left, _| left * scoring.position_decay) * rarity(past, id)
        };
        let sum: f32 = current.iter().filter(shared).map(weight).sum();
        found.push((by, at, sum * (1.0 / (products.len() as f32).sqrt().sqrt())));
    }
    found.sort_by_key(|(by, at, _)| (*by, usize::MAX - at));
    found.truncate(scoring.candidates_max);
    found.sort_by(|a, b| b.2.total_cmp(&a.2).then(b.1.cmp(&a.1)));
    found.truncate(scoring.neighbours_max);
    found.into_iter().map(|(by, at, worth)| (worth, current[by].0.clone(), past[at])).collect()
}

fn holding<'a>(past: &[&'a [ProductId]], id: &ProductId) -> Vec<&'a [ProductId]> {
    past.iter().rev().copied().filter(|products| products.contains(id)).collect()
}

/// The logarithm to base 2, straight between powers.
fn rarity(past: &[&[ProductId]], id: &ProductId) -> f32 {
    let mut ratio = f64::from((past.len() + 1) as f32 / (holding(past, id).len() + 1) as f32);
    let mut whole = 0.0;
    while ratio >= 2.0 {
        ratio /= 2.0;
        whole += 1.0;
    }
    f32::max((whole + ratio - 1.0) as f32, 1.0 / 16.0)
}

fn onward(
    past: &[&[ProductId]],
    scoring: &Scoring,
    current: &[(ProductId, usize, usize)],
    sums: &mut Sums,
    said: f64,
) {
    let mut best: Vec<(ProductId, f64)> = sums.clone().into_iter().collect();
    best.retain(|(id, _)| current.iter().all(|known| known.0 != *id));
    best.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    best.truncate(scoring.onward_products);
    let of_best: f64 = best.iter().map(|(_, score)| score).sum();
    for (id, score) in &best {
        let asked: Vec<_> = holding(past, id).into_iter().take(20).collect();
        for products in &asked {
            let at = products.iter().rposition(|known| known == id).unwrap_or_default();
            for (place, beside) in products.iter().enumerate() {
                let distance = place.abs_diff(at);
                if (1..=5).contains(&distance) {
                    let share = scoring.onward_share * said * score / of_best / asked.len() as f64 / 3.0;
                    *sums.entry(beside.clone()).or_default() += share / distance as f64;
                }
            }
        }
    }
}

/// The share of cases in which people came back to a product so many places back that was seen so many times.
fn returns(past: &[&[ProductId]], place: usize, times: usize) -> f64 {
    let mut cases: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for products in past {
        for next in 1..products.len() {
            if let Some((id, times, _)) = newest_first(&products[..next]).get(place) {
                let case = cases.entry((*times).min(4)).or_default();
                *case = (case.0 + f64::from(u8::from(*id == products[next])), case.1 + 1.0);
            }
        }
    }
    let all = cases.values().fold((0.0, 0.0), |sum, case| (sum.0 + case.0, sum.1 + case.1));
    let (back, asked) = cases.get(&times.min(4)).copied().unwrap_or_default();
    (back + 20.0 * all.0 / (all.1 + 20.0)) / (asked + 20.0)
}

/// How many different products there are.
pub fn product_count(past: &[PastSession]) -> usize {
    let long = past.iter().filter(|session| session.products.len() > 1);
    long.flat_map(|session| &session.products).collect::<BTreeSet<_>>().len()
}
