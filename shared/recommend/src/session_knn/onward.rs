//! Onward: what goes with the best products, so that a list is not short where few sessions are alike.

use super::rank::Current;
use super::{Scratch, SessionIndex};

/// Sessions of each of the best products that are asked, the newest.
const SESSIONS_MAX: usize = 20;
/// Places away from the product that count.
const DISTANCE_MAX: usize = 5;

impl SessionIndex {
    /// Shares out a part of what the neighbours said to what goes with the products that they said most of.
    pub(super) fn go_onward(&self, scratch: &mut Scratch, current: &[Current<'_>], said: f64) {
        if self.scoring.onward_share <= 0.0 {
            return;
        }
        let best = self.said_best(scratch, current);
        let sum: f64 = best.iter().map(|(score, _)| score).sum();
        for (score, product) in best {
            let sessions = self.postings.get(product);
            let asked = &sessions[..sessions.len().min(SESSIONS_MAX)];
            let share = self.scoring.onward_share * said * (score / sum) / asked.len() as f64 / 3.0;
            for &session in asked {
                let products = self.sessions.get(session);
                let Some(at) = products.iter().rposition(|known| *known == product) else { continue };
                let (first, last) =
                    (at.saturating_sub(DISTANCE_MAX), products.len().min(at + DISTANCE_MAX + 1));
                for (place, &beside) in (first..).zip(&products[first..last]) {
                    let distance = place.abs_diff(at);
                    if distance > 0 {
                        scratch.scores.add(beside, share / distance as f64);
                    }
                }
            }
        }
    }

    /// The best products so far that are not in the current session.
    fn said_best(&self, scratch: &Scratch, current: &[Current<'_>]) -> Vec<(f64, u32)> {
        let is_current = |product: u32| current.iter().any(|known| known.product == Some(product));
        let mut best: Vec<(f64, u32)> = Vec::with_capacity(self.scoring.onward_products + 1);
        for &product in &scratch.scores.touched {
            let score = scratch.scores.sums[product as usize];
            let place = best.partition_point(|known| (known.0, product) > (score, known.1));
            if place < self.scoring.onward_products && !is_current(product) {
                best.insert(place, (score, product));
                best.truncate(self.scoring.onward_products);
            }
        }
        best
    }
}
