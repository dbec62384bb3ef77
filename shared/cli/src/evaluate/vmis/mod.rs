//! VMIS-kNN, to compare with: the session-based nearest neighbours of Kersbergen, Sprangers and Schelter, "Serenade -
//! Low-Latency Session-Based Recommendation in e-Commerce at Scale" (SIGMOD 2022), written anew from its description.
//!
//! One thing differs: the current item may be recommended. On shops where people come back to what they have seen, to
//! forbid it costs a third of the hits, and it is for a slot to decide.

use super::items::Items;
use super::ranker::{Ranker, TrainingSet};
use beckon_domain::ProductId;
use beckon_recommend::Scored;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How VMIS-kNN looks for neighbours and weighs them.
#[derive(Clone, Copy, Debug)]
pub struct VmisParameters {
    /// Sessions compared with the current one: the newest that share an item with it (the paper's m).
    pub candidates: usize,
    /// Neighbours: the most similar of them (the paper's k).
    pub neighbours: usize,
    /// The newest items of the current session that count; at most 9, or old matches would weigh less than nothing.
    pub session_items: usize,
    /// Whether rare items are preferred: each counts ln(all clicks / its clicks).
    pub prefers_rare: bool,
}

impl Default for VmisParameters {
    /// The best on the last 7 % of the training sessions of RetailRocket.
    fn default() -> Self {
        Self { candidates: 1_000, neighbours: 500, session_items: 7, prefers_rare: true }
    }
}

/// Sessions longer than this share of all sessions are no neighbours: they are robots and shared screens.
const LENGTH_PERCENTILE: f64 = 0.995;
/// What a match loses for each step that it is further back in the current session.
const MATCH_DECAY: f64 = 0.1;

/// The index and what is needed to ask it.
#[derive(Debug)]
pub struct Vmis {
    parameters: VmisParameters,
    items: Items,
    /// The distinct items of each session; a session's number is its place in time.
    sessions: Vec<Vec<u32>>,
    /// The sessions that have an item, newest first.
    postings: Vec<Vec<u32>>,
    /// How much an item counts when it is recommended.
    rarity: Vec<f64>,
    scratch: RefCell<Scratch>,
}

/// Memory of one ranking, kept for the next.
#[derive(Debug, Default)]
struct Scratch {
    /// By session: its similarity, or less than nothing when it is no candidate.
    similarity: Vec<f64>,
    /// The candidates, oldest on top.
    candidates: BinaryHeap<Reverse<u32>>,
    /// By item: its score, and whether it has one.
    score: Vec<Option<f64>>,
    touched: Vec<u32>,
}

/// Of a session that is no candidate.
const NOT_A_CANDIDATE: f64 = -1.0;

impl Vmis {
    /// Builds the index with the parameters that were tuned.
    #[must_use]
    pub fn build(training: &TrainingSet) -> Self {
        Self::with(training, VmisParameters::default())
    }

    /// Builds the index.
    #[must_use]
    pub fn with(training: &TrainingSet, parameters: VmisParameters) -> Self {
        let items = Items::of(training);
        let length_max = length_max(training);
        let mut postings: Vec<Vec<u32>> = vec![Vec::new(); items.len()];
        let mut sessions = Vec::with_capacity(training.sessions.len());
        for (number, session) in (0_u32..).zip(&training.sessions) {
            let mut distinct: Vec<u32> = session.products.iter().filter_map(|p| items.number(p)).collect();
            distinct.sort_unstable();
            distinct.dedup();
            let in_postings = if session.products.len() <= length_max { distinct.as_slice() } else { &[] };
            for item in in_postings {
                if let Some(posting) = postings.get_mut(*item as usize) {
                    posting.push(number);
                }
            }
            sessions.push(distinct);
        }
        for posting in &mut postings {
            posting.reverse();
            posting.truncate(parameters.candidates);
            posting.shrink_to_fit();
        }
        let clicks = items.clicks(training);
        let total: f64 = clicks.iter().copied().map(f64::from).sum();
        let rarity = |clicks: &u32| match parameters.prefers_rare {
            false => 1.0,
            true => (total / f64::from((*clicks).max(1))).ln(),
        };
        let scratch = Scratch {
            similarity: vec![NOT_A_CANDIDATE; sessions.len()],
            score: vec![None; items.len()],
            ..Scratch::default()
        };
        let rarity = clicks.iter().map(rarity).collect();
        Self { parameters, items, sessions, postings, rarity, scratch: RefCell::new(scratch) }
    }

    /// The items of the current session that count, newest first, each at its newest place: (item, steps from the end).
    fn walk(&self, session: &[ProductId]) -> (Vec<(u32, usize)>, usize) {
        let length = session.len().min(self.parameters.session_items);
        let mut walk: Vec<(u32, usize)> = Vec::with_capacity(length);
        for (step, product) in session.iter().rev().take(length).enumerate() {
            if let Some(item) = self.items.number(product).filter(|item| walk.iter().all(|w| w.0 != *item)) {
                walk.push((item, step));
            }
        }
        (walk, length)
    }

    /// The most similar candidates with their similarity, best first; of equal ones the newer.
    fn neighbours(&self, walk: &[(u32, usize)], length: usize, scratch: &mut Scratch) -> Vec<(u32, f64)> {
        let (similarity, candidates) = (&mut scratch.similarity, &mut scratch.candidates);
        for (item, step) in walk {
            let weight = (length - step) as f64 / walk.len() as f64;
            for session in self.postings.get(*item as usize).map_or(&[][..], Vec::as_slice) {
                let Some(known) = similarity.get_mut(*session as usize) else { continue };
                if *known > NOT_A_CANDIDATE {
                    *known += weight;
                    continue;
                }
                if candidates.len() >= self.parameters.candidates {
                    match candidates.peek() {
                        // What follows is older still.
                        None => break,
                        Some(Reverse(oldest)) if session < oldest => break,
                        Some(Reverse(oldest)) => {
                            let oldest = *oldest as usize;
                            candidates.pop();
                            if let Some(known) = similarity.get_mut(oldest) {
                                *known = NOT_A_CANDIDATE;
                            }
                        }
                    }
                }
                if let Some(known) = similarity.get_mut(*session as usize) {
                    *known = weight;
                }
                candidates.push(Reverse(*session));
            }
        }
        let take = |Reverse(session): Reverse<u32>| {
            let known = similarity.get_mut(session as usize)?;
            Some((session, std::mem::replace(known, NOT_A_CANDIDATE)))
        };
        let mut found: Vec<(u32, f64)> = candidates.drain().filter_map(take).collect();
        let better = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0));
        let count = self.parameters.neighbours;
        if count > 0 && found.len() > count {
            found.select_nth_unstable_by(count - 1, better);
        }
        found.truncate(count);
        // Sums of floating point numbers depend on the order; this one does not depend on the selection.
        found.sort_unstable_by(better);
        found
    }

    fn score(&self, walk: &[(u32, usize)], neighbours: &[(u32, f64)], scratch: &mut Scratch) {
        for (session, similarity) in neighbours {
            let items = self.sessions.get(*session as usize).map_or(&[][..], Vec::as_slice);
            let newest = walk.iter().find(|(item, _)| items.binary_search(item).is_ok());
            let Some((_, step)) = newest else { continue };
            let weight = (1.0 - MATCH_DECAY * (*step as f64 + 1.0)) * similarity;
            for item in items {
                let Some(score) = scratch.score.get_mut(*item as usize) else { continue };
                if score.is_none() {
                    scratch.touched.push(*item);
                }
                *score = Some(score.unwrap_or_default() + weight);
            }
        }
    }
}

impl Ranker for Vmis {
    fn name(&self) -> &'static str {
        "vmis"
    }

    fn rank(&self, session: &[ProductId], count: usize) -> Vec<Scored> {
        let mut scratch = self.scratch.borrow_mut();
        let scratch = &mut *scratch;
        let (walk, length) = self.walk(session);
        let neighbours = self.neighbours(&walk, length, scratch);
        self.score(&walk, &neighbours, scratch);
        let weighed = |item: u32| {
            let score = scratch.score.get_mut(item as usize)?.take()?;
            Some((item, score * self.rarity.get(item as usize)?))
        };
        let scored = scratch.touched.drain(..).filter_map(weighed).collect();
        self.items.ranking(scored, count)
    }
}

/// The longest session that may be a neighbour, in clicks.
fn length_max(training: &TrainingSet) -> usize {
    let mut lengths: Vec<usize> = training.sessions.iter().map(|session| session.products.len()).collect();
    lengths.sort_unstable();
    let at = (lengths.len() as f64 * LENGTH_PERCENTILE) as usize;
    lengths.get(at.min(lengths.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
