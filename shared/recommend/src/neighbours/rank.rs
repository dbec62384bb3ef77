//! A ranking for a session, from the lists of its products, in memory.

use super::list::{Neighbour, Neighbours};
use crate::policy::{
    NEIGHBOUR_HALF_LIFE, OWN_SHARE, PAIR_POINTS, RANK_LIST_COUNT_MAX, RANK_OWN_COUNT_MAX, RANK_PRIOR_PAIRS,
    RANK_STEP,
};
use crate::scored::Scored;
use beckon_domain::decay::POINT;
use beckon_domain::{ProductId, Timestamp};

/// A product that may be recommended.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Which product.
    pub product: &'a ProductId,
    /// How strongly.
    pub score: f64,
    /// What is known of it; `None` for a product of the session itself that no list names.
    pub neighbour: Option<&'a Neighbour>,
    hash: u64,
}

/// The `count` products that a session (newest last) is most likely to go on with, best first; of equal ones the first
/// id. Products of the session itself are among them: people return to what they looked at. A page that shows one of them
/// leaves it out with [`rank_where`].
///
/// The session's distinct products are walked newest first: the p-th gives each of its neighbours
/// 0.7^p × (its share of the list) × t / (t + 3), where t are the pairs that the list counted, decayed until `now`; and
/// itself 0.7^p × 0.3. A share is what normalises by popularity: of how often a neighbour is seen elsewhere nothing need
/// be known.
#[must_use]
pub fn rank<'a>(
    session: &'a [ProductId],
    lookup: impl Fn(&ProductId) -> Option<&'a Neighbours>,
    now: Timestamp,
    count: usize,
) -> Vec<Scored> {
    rank_where(session, lookup, now, count, |_| true)
}

/// The same of those candidates that are to be kept.
#[must_use]
pub fn rank_where<'a>(
    session: &'a [ProductId],
    lookup: impl Fn(&ProductId) -> Option<&'a Neighbours>,
    now: Timestamp,
    count: usize,
    keep: impl Fn(&Candidate<'a>) -> bool,
) -> Vec<Scored> {
    let mut found = gathered(session, lookup, now);
    found.retain(|candidate| keep(candidate));
    let best_first = |a: &Candidate<'_>, b: &Candidate<'_>| {
        b.score.total_cmp(&a.score).then_with(|| a.product.cmp(b.product))
    };
    if count == 0 {
        return Vec::new();
    }
    if count < found.len() {
        found.select_nth_unstable_by(count - 1, best_first);
        found.truncate(count);
    }
    found.sort_unstable_by(best_first);
    found.iter().map(|c| Scored { product: c.product.clone(), score: c.score }).collect()
}

/// All candidates with their scores, in no order.
fn gathered<'a>(
    session: &'a [ProductId],
    lookup: impl Fn(&ProductId) -> Option<&'a Neighbours>,
    now: Timestamp,
) -> Vec<Candidate<'a>> {
    let mut sums = Sums::default();
    let (mut step, mut places) = (1.0, 0);
    for (index, product) in session.iter().enumerate().rev() {
        if session[index + 1..].contains(product) {
            continue;
        }
        sums.add(product, None, step * OWN_SHARE);
        if places < RANK_LIST_COUNT_MAX
            && let Some(list) = lookup(product)
        {
            add_list(&mut sums, list, step, now);
        }
        step *= RANK_STEP;
        places += 1;
        if places == RANK_OWN_COUNT_MAX {
            break;
        }
    }
    sums.candidates
}

fn add_list<'a>(sums: &mut Sums<'a>, list: &'a Neighbours, step: f64, now: Timestamp) {
    let pairs =
        list.total.score(list.horizon, now, NEIGHBOUR_HALF_LIFE) as f64 / (PAIR_POINTS * POINT) as f64;
    let total = list.total.ratio();
    if total <= 0.0 {
        return;
    }
    let factor = step * pairs / (pairs + RANK_PRIOR_PAIRS) / total;
    for neighbour in &list.entries {
        sums.add(&neighbour.product, Some(neighbour), factor * neighbour.weights.ratio());
    }
}

/// Slots of the table at first: a power of two, a quarter of them used by two full lists.
const SLOT_COUNT: usize = 512;

/// Sums by product, in a table of our own: open addressing over a hash of the id, compared in full where hashes are
/// equal, so that nothing depends on the hash but the time.
struct Sums<'a> {
    candidates: Vec<Candidate<'a>>,
    /// One more than a place in `candidates`; 0 is free.
    slots: Vec<u16>,
}

impl Default for Sums<'_> {
    fn default() -> Self {
        Self { candidates: Vec::with_capacity(SLOT_COUNT / 2), slots: vec![0; SLOT_COUNT] }
    }
}

impl<'a> Sums<'a> {
    fn add(&mut self, product: &'a ProductId, neighbour: Option<&'a Neighbour>, score: f64) {
        let hash = xxhash_rust::xxh3::xxh3_64(product.as_str().as_bytes());
        let slot = self.slot(hash, product);
        if let Some(known) = self.candidates.get_mut(usize::from(self.slots[slot]).wrapping_sub(1)) {
            known.score += score;
            known.neighbour = known.neighbour.or(neighbour);
            return;
        }
        let Ok(place) = u16::try_from(self.candidates.len() + 1) else { return };
        self.slots[slot] = place;
        self.candidates.push(Candidate { product, score, neighbour, hash });
        if self.candidates.len() * 2 > self.slots.len() {
            self.grow();
        }
    }

    /// The slot of a product: its own, or the free one that it may have.
    fn slot(&self, hash: u64, product: &ProductId) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let place = usize::from(self.slots[slot]);
            match self.candidates.get(place.wrapping_sub(1)) {
                Some(known) if known.hash != hash || known.product != product => slot = (slot + 1) & mask,
                _ => return slot,
            }
        }
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        let mask = self.slots.len() - 1;
        for (place, candidate) in (1..).zip(&self.candidates) {
            let mut slot = candidate.hash as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = place;
        }
    }
}
