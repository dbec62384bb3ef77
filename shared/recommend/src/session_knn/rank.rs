//! A session becomes a ranking: similar sessions are found, and recommend.

use super::weights::minutes;
use super::{Scratch, SessionIndex, number_of};
use crate::Scored;
use beckon_domain::{ProductId, Timestamp};
use std::cmp::Ordering;

/// A product of the current session.
pub(super) struct Current<'a> {
    pub id: &'a ProductId,
    /// Its number, if the index knows it.
    pub product: Option<u32>,
    /// Of its last place.
    weight: f32,
    /// How often it is in the part of the session that is looked at.
    times: usize,
}

impl SessionIndex {
    /// What people looked at next whose sessions were like this one, best first; fewer than `count` where few are like
    /// it. Products of the session itself may be among them: people come back to what they saw.
    #[must_use]
    pub fn rank(&self, session: &[ProductId], now: Timestamp, count: usize) -> Vec<Scored> {
        self.spare.with(|scratch| self.rank_in(scratch, session, now, count))
    }

    pub(super) fn rank_in(
        &self,
        scratch: &mut Scratch,
        session: &[ProductId],
        now: Timestamp,
        count: usize,
    ) -> Vec<Scored> {
        scratch.fit(self.session_count(), self.product_count());
        let current = self.current(session);
        self.compare(scratch, &current);
        self.choose(scratch, minutes(now));
        self.recommend(scratch, &current);
        let said = scratch.scores.total;
        for product in current.iter().filter_map(|product| product.product) {
            scratch.scores.sums[product as usize] *= self.scoring.own_share;
        }
        self.go_onward(scratch, &current, said);
        self.best(scratch, &current, said, count)
    }

    /// The last products of the session, newest first, each once.
    fn current<'a>(&self, session: &'a [ProductId]) -> Vec<Current<'a>> {
        let mut current: Vec<Current<'a>> = Vec::new();
        for (id, &weight) in session.iter().rev().zip(&self.weights.positions) {
            match current.iter_mut().find(|known| known.id == id) {
                Some(known) => known.times += 1,
                None => {
                    let product = number_of(&self.products, id);
                    current.push(Current { id, product, weight, times: 1 });
                }
            }
        }
        current
    }

    /// Adds up what each past session has in common with the current one.
    fn compare(&self, scratch: &mut Scratch, current: &[Current<'_>]) {
        for (found_by, known) in (0_u32..).zip(current) {
            let Some(product) = known.product else { continue };
            let weight = known.weight * self.weights.rarities[product as usize];
            // A sum of zero means that a session was not touched.
            if weight <= 0.0 {
                break;
            }
            for &session in self.postings.get(product) {
                let similarity = &mut scratch.similarity[session as usize];
                if *similarity == 0.0 {
                    if scratch.touched.len() >= self.scoring.candidates_max {
                        continue;
                    }
                    scratch.touched.push(session);
                    scratch.found_by[session as usize] = found_by;
                }
                *similarity += weight;
            }
        }
    }

    /// Chooses the sessions that recommend; the sums of all are cleared.
    fn choose(&self, scratch: &mut Scratch, now_minutes: u32) {
        scratch.neighbours.clear();
        for session in scratch.touched.drain(..) {
            let at = session as usize;
            let similarity = std::mem::take(&mut scratch.similarity[at]);
            let own = self.weights.session(self.sessions.length(at), self.ended_minutes[at], now_minutes);
            scratch.neighbours.push((similarity * own, session));
        }
        if scratch.neighbours.len() > self.scoring.neighbours_max {
            scratch.neighbours.select_nth_unstable_by(self.scoring.neighbours_max, better);
            scratch.neighbours.truncate(self.scoring.neighbours_max);
        }
        // Sums of floating-point numbers depend on the order, which must be the same on every machine.
        scratch.neighbours.sort_unstable_by(better);
    }

    /// Lets the chosen sessions recommend their products.
    fn recommend(&self, scratch: &mut Scratch, current: &[Current<'_>]) {
        let Scratch { neighbours, found_by, distances, scores, .. } = scratch;
        for &(worth, session) in neighbours.iter() {
            let products = self.sessions.get(session);
            let Some(shared) = current[found_by[session as usize] as usize].product else { continue };
            measure(distances, products, shared);
            for (&product, &distance) in products.iter().zip(distances.iter()) {
                scores.add(product, f64::from(worth * self.weights.distances[distance]));
            }
        }
    }

    /// The best products, with those of the session that people come back to; the sums of all are cleared.
    fn best(&self, scratch: &mut Scratch, current: &[Current<'_>], said: f64, count: usize) -> Vec<Scored> {
        let scores = &mut scratch.scores;
        let unit = said + self.scoring.returns_floor;
        let mut ranked: Vec<(f64, &ProductId)> = Vec::with_capacity(scores.touched.len() + current.len());
        for (place, known) in current.iter().enumerate() {
            let returns = self.returns.share(place, known.times) * unit;
            match known.product {
                Some(product) if returns > 0.0 => scores.add(product, returns),
                None if returns > 0.0 => ranked.push((returns, known.id)),
                _ => {}
            }
        }
        for product in scores.touched.drain(..) {
            let score = std::mem::take(&mut scores.sums[product as usize]);
            if score > 0.0 {
                ranked.push((score, &self.products[product as usize]));
            }
        }
        let order = |a: &(f64, &ProductId), b: &(f64, &ProductId)| b.0.total_cmp(&a.0).then(a.1.cmp(b.1));
        if ranked.len() > count {
            ranked.select_nth_unstable_by(count, order);
            ranked.truncate(count);
        }
        ranked.sort_unstable_by(order);
        ranked.into_iter().map(|(score, product)| Scored { product: product.clone(), score }).collect()
    }
}

/// How far each place of a session is away from the nearest one that holds the product.
fn measure(distances: &mut Vec<usize>, products: &[u32], shared: u32) {
    distances.clear();
    let far = products.len();
    let mut distance = far;
    distances.extend(products.iter().map(|product| {
        distance = if *product == shared { 0 } else { (distance + 1).min(far) };
        distance
    }));
    let mut distance = far;
    for known in distances.iter_mut().rev() {
        distance = (distance + 1).min(*known);
        *known = distance;
    }
}

/// The worthier session first, of equal ones the newer.
fn better(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(b.1.cmp(&a.1))
}
