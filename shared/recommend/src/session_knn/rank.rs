//! A session becomes a ranking: similar sessions are found, and recommend.

use super::{Scratch, SessionIndex, number_of};
use crate::Scored;
use beckon_domain::{ProductId, Timestamp};
use std::cmp::Ordering;

/// One product of the current session.
struct Current {
    product: u32,
    weight: f32,
}

impl SessionIndex {
    /// What people looked at next whose sessions were like this one, best first; fewer than `count` where few are like
    /// it. Products of the session itself may be among them: people come back to what they saw.
    #[must_use]
    pub fn rank(&self, session: &[ProductId], now: Timestamp, count: usize) -> Vec<Scored> {
        self.rank_in(&mut Scratch::default(), session, now, count)
    }

    /// [`SessionIndex::rank`] in memory that is used again.
    pub fn rank_in(
        &self,
        scratch: &mut Scratch,
        session: &[ProductId],
        now: Timestamp,
        count: usize,
    ) -> Vec<Scored> {
        scratch.fit(self.session_count(), self.product_count());
        let current = self.current(session);
        self.compare(scratch, &current);
        self.choose(scratch, now);
        self.recommend(scratch, &current);
        self.best(scratch, count)
    }

    /// The last products of the session, newest first, each once.
    fn current(&self, session: &[ProductId]) -> Vec<Current> {
        let mut current: Vec<Current> = Vec::new();
        let mut weight = 1.0;
        for product in session.iter().rev().take(self.scoring.session_length_max) {
            if let Some(product) = number_of(&self.products, product)
                && current.iter().all(|known| known.product != product)
            {
                current.push(Current { product, weight });
            }
            weight *= self.scoring.position_decay;
        }
        current
    }

    /// Adds up what each past session has in common with the current one.
    fn compare(&self, scratch: &mut Scratch, current: &[Current]) {
        for (found_by, Current { product, weight }) in (0_u32..).zip(current) {
            for &session in self.postings.get(*product) {
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
    fn choose(&self, scratch: &mut Scratch, now: Timestamp) {
        scratch.neighbours.clear();
        for session in scratch.touched.drain(..) {
            let similarity = std::mem::take(&mut scratch.similarity[session as usize]);
            let length = self.sessions.get(session).len() as f32;
            let worth = similarity / f32::sqrt(length) * self.freshness(session, now);
            scratch.neighbours.push((worth, session));
        }
        if scratch.neighbours.len() > self.scoring.neighbours_max {
            scratch.neighbours.select_nth_unstable_by(self.scoring.neighbours_max, better);
            scratch.neighbours.truncate(self.scoring.neighbours_max);
        }
        scratch.neighbours.sort_unstable_by(better);
    }

    fn freshness(&self, _session: u32, _now: Timestamp) -> f32 {
        1.0
    }

    fn recommend(&self, scratch: &mut Scratch, current: &[Current]) {
        for &(worth, session) in &scratch.neighbours {
            let products = self.sessions.get(session);
            let shared = current[scratch.found_by[session as usize] as usize].product;
            let at = products.iter().rposition(|product| *product == shared).unwrap_or_default();
            for (place, &product) in products.iter().enumerate() {
                let mut weight = worth;
                for _ in 0..place.abs_diff(at) {
                    weight *= self.scoring.distance_decay;
                }
                let score = &mut scratch.scores[product as usize];
                if *score == 0.0 {
                    scratch.scored.push(product);
                }
                *score += f64::from(weight);
            }
        }
    }

    /// The best products; the sums of all are cleared.
    fn best(&self, scratch: &mut Scratch, count: usize) -> Vec<Scored> {
        let mut ranked: Vec<(f64, u32)> = Vec::with_capacity(scratch.scored.len());
        for product in scratch.scored.drain(..) {
            ranked.push((std::mem::take(&mut scratch.scores[product as usize]), product));
        }
        let order = |a: &(f64, u32), b: &(f64, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if ranked.len() > count {
            ranked.select_nth_unstable_by(count, order);
            ranked.truncate(count);
        }
        ranked.sort_unstable_by(order);
        let scored =
            |(score, product): (f64, u32)| Scored { product: self.products[product as usize].clone(), score };
        ranked.into_iter().map(scored).collect()
    }
}

/// The worthier session first, of equal ones the newer.
fn better(a: &(f32, u32), b: &(f32, u32)) -> Ordering {
    b.0.total_cmp(&a.0).then(b.1.cmp(&a.1))
}
