//! The fresh layer: neighbours as the stream makes them, through the fold of profiles, the signals and the fold of trends
//! that run live; and the same signals folded at once, to see what streaming costs.

use super::ranker::{Ranker, TrainingSession, TrainingSet};
use crate::dice::Dice;
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{Event, EventKind, Item as Product};
use beckon_domain::fold::{Item, fold_into};
use beckon_domain::id::{AnonymousId, EventId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::reaction::NoRules;
use beckon_domain::{DurationMs, Pepper, Policy, ProductId, Profile, ProfileKey, SourceId, Timestamp};
use beckon_recommend::neighbours::rank;
use beckon_recommend::popularity::{Delivered, fold};
use beckon_recommend::{Neighbours, Scored, Signal, Trend};
use std::collections::{BTreeMap, HashMap};

/// Signals of one batch: about what a busy shop gathers in a minute.
const BATCH: usize = 2_000;
/// Of a thousand signals, those that come twice.
const REPEATED_PER_MILLE: u64 = 50;

/// Neighbours of every product, asked at the end of what they were learned from.
#[derive(Debug)]
pub struct Fresh {
    name: &'static str,
    neighbours: HashMap<ProductId, Neighbours>,
    now: Timestamp,
}

impl Fresh {
    /// As it is live: in batches, whose signals are out of order, and of which one in twenty comes again.
    #[must_use]
    pub fn streamed(training: &TrainingSet) -> Self {
        let mut trends = Trends::default();
        let mut dice = Dice::new(1, 0xF5E5);
        let mut batch: Vec<Signal> = Vec::with_capacity(BATCH + 64);
        for (number, session) in training.sessions.iter().enumerate() {
            batch.extend(signals(number, session));
            if batch.len() >= BATCH {
                trends.fold(&mut batch, Some(&mut dice));
            }
        }
        trends.fold(&mut batch, Some(&mut dice));
        trends.done("fresh", training)
    }

    /// All signals in one batch, each once, in the order of the file.
    #[must_use]
    pub fn at_once(training: &TrainingSet) -> Self {
        let mut trends = Trends::default();
        let mut all: Vec<Signal> =
            training.sessions.iter().enumerate().flat_map(|(n, s)| signals(n, s)).collect();
        trends.fold(&mut all, None);
        trends.done("fresh-at-once", training)
    }
}

impl Ranker for Fresh {
    fn name(&self) -> &'static str {
        self.name
    }

    fn rank(&self, session: &[ProductId], count: usize) -> Vec<Scored> {
        rank(session, |product| self.neighbours.get(product), self.now, count)
    }
}

/// The trends of all products.
#[derive(Default)]
struct Trends {
    by_product: HashMap<ProductId, Trend>,
    delivered: u64,
}

impl Trends {
    /// Folds a batch, and empties it.
    fn fold(&mut self, batch: &mut Vec<Signal>, disorder: Option<&mut Dice>) {
        if let Some(dice) = disorder {
            disturb(batch, dice);
        }
        let mut parts: BTreeMap<ProductId, Vec<Delivered>> = BTreeMap::new();
        for signal in batch.drain(..) {
            self.delivered += 1;
            let Some(position) = position(self.delivered) else { continue };
            let one = Delivered { position, arrived_at: signal.at, signal };
            parts.entry(one.signal.product.clone()).or_default().push(one);
        }
        for (product, delivered) in parts {
            if let Some(trend) = fold(self.by_product.get(&product), &delivered) {
                self.by_product.insert(product, trend);
            }
        }
    }

    fn done(self, name: &'static str, training: &TrainingSet) -> Fresh {
        let neighbours =
            self.by_product.into_iter().map(|(product, trend)| (product, trend.into_neighbours()));
        Fresh {
            name,
            neighbours: neighbours.collect(),
            now: training.sessions.last().map_or(Timestamp::EPOCH, |session| session.at),
        }
    }
}

/// What a producer that tries again and shards that are read beside each other make of a batch.
fn disturb(batch: &mut Vec<Signal>, dice: &mut Dice) {
    let again: Vec<Signal> = batch.iter().filter(|_| dice.chance(REPEATED_PER_MILLE)).cloned().collect();
    batch.extend(again);
    for last in (1..batch.len()).rev() {
        batch.swap(last, dice.index(last + 1));
    }
}

fn position(number: u64) -> Option<Position> {
    let sequence = SequenceNumber::parse(&number.to_string())?;
    Some(Position { shard: ShardKey::new("1", "evaluation"), sequence, offset: 0 })
}

/// The signals of a session: the views of one visitor, a second apart.
fn signals(number: usize, session: &TrainingSession) -> Vec<Signal> {
    let Some((key, items)) = visit(number, session) else { return Vec::new() };
    let mut profile = Profile::default();
    let settled = fold_into(&mut profile, &key, &items, &Policy::default(), &NoRules);
    let applied = settled.applied.iter().filter_map(|one| Some((items.get(one.index)?, &one.told)));
    applied.flat_map(|(item, told)| Signal::of(&item.event, told)).collect()
}

fn visit(number: usize, session: &TrainingSession) -> Option<(ProfileKey, Vec<Item>)> {
    let pepper = Pepper::new("1", b"sessions of files").ok()?;
    let key = pepper.anonymous(&AnonymousId::new(&format!("session-{number}")).ok()?);
    let source = SourceId::new("file").ok()?;
    let count = session.products.len();
    let item = |(index, product): (usize, &ProductId)| {
        let at = session.at - DurationMs::from_secs((count - index) as u64);
        let event = Event {
            id: EventId::new(&format!("{number}-{index}")).ok()?,
            source: source.clone(),
            occurred_at: at,
            received_at: at,
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind: EventKind::ProductViewed(viewed(product)),
        };
        Some(Item { position: position(index as u64 + 1)?, internal: false, event })
    };
    let items = session.products.iter().enumerate().filter_map(item).collect();
    Some((key, items))
}

fn viewed(product: &ProductId) -> Product {
    Product { product: product.clone(), category: None, brand: None, name: None, price: None, quantity: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training() -> TrainingSet {
        let mut dice = Dice::new(7, 0xF5E5);
        let products = |dice: &mut Dice| {
            (0..2 + dice.below(6)).map(|_| ProductId::new(&format!("p{}", dice.below(40))).unwrap()).collect()
        };
        let sessions = (0..1_500).map(|n| TrainingSession {
            products: products(&mut dice),
            at: Timestamp::EPOCH + DurationMs::from_days(400) + DurationMs::from_secs(n),
        });
        TrainingSet { sessions: sessions.collect(), has_times: false }
    }

    #[test]
    fn while_lists_have_places_a_stream_that_repeats_and_shuffles_ends_where_one_batch_does() {
        let training = training();
        let (streamed, at_once) = (Fresh::streamed(&training), Fresh::at_once(&training));
        assert_eq!(streamed.neighbours.len(), 40);
        assert_eq!(streamed.neighbours, at_once.neighbours);
        let session = &training.sessions[0].products;
        assert_eq!(streamed.rank(session, 20), at_once.rank(session, 20));
    }
}
