//! A synthetic shop: seeded visitors who browse, fill carts, buy, leave and come back.
//!
//! Pure: it knows no clock and sends nothing. The caller asks for each turn, posts what it asks for, and tells what pages
//! were shown. The same seed, start, catalog and answers give the same requests, however often the caller asks in between.

mod attention;
mod body;
mod catalog;
#[cfg(test)]
mod tests;
mod visitor;

pub use attention::Showing;
pub use body::DECISIONS;

use crate::dice::Dice;
use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::Product;
use catalog::Catalog;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use visitor::Visitor;

/// A product of the shop, as its visitors see it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopProduct {
    /// The product's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// Price of one unit in major units, when known.
    pub price: Option<f64>,
    /// ISO 4217 code of the price.
    pub currency: String,
    /// The product's page.
    pub url: Option<String>,
    /// Ids of products that go with it.
    pub accessories: Vec<String>,
}

impl From<&Product> for ShopProduct {
    fn from(product: &Product) -> Self {
        let price = product.price.map(|p| p.minor as f64 / f64::from(10_u32.pow(p.currency.exponent())));
        Self {
            id: product.id.as_str().to_owned(),
            name: product.name.clone(),
            category: product.category.as_str().to_owned(),
            price,
            currency: product.price.map_or_else(String::new, |p| p.currency.as_str().to_owned()),
            url: product.url.clone(),
            accessories: product.accessories.iter().map(|id| id.as_str().to_owned()).collect(),
        }
    }
}

/// One request that a page or the shop's server makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// When, in the shop's time.
    pub at: Timestamp,
    /// Whether it carries the secret key (the shop's server) or the publishable one (a browser).
    pub secret: bool,
    /// Path to post to.
    pub path: &'static str,
    /// JSON body, without a key.
    pub body: serde_json::Value,
}

/// What one visitor does at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Who: a number to answer to.
    pub visitor: usize,
    /// The requests, in order.
    pub actions: Vec<Action>,
}

/// The shop: its visitors and what each of them does next.
#[derive(Debug)]
pub struct Shop {
    catalog: Catalog,
    visitors: Vec<Visitor>,
    /// When each visitor acts next; the visitor's number settles ties.
    agenda: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

/// Every visitor has arrived once by then.
const ARRIVALS_MS: u64 = 120_000;
/// Every tenth visitor, and the first, arrives by then: a newcomer should see something at once.
const EARLY_MS: u64 = 4_000;

impl Shop {
    /// A shop whose visitors arrive within two minutes of `start`. Without products nobody comes.
    #[must_use]
    pub fn new(seed: u64, visitor_count: usize, products: Vec<ShopProduct>, start: Timestamp) -> Self {
        let catalog = Catalog::new(products);
        let visitor_count = if catalog.is_empty() { 0 } else { visitor_count };
        // A second run with the same seed must not repeat the message ids of the first: they would count as
        // duplicates.
        let mut dice = Dice::new(seed, start.as_ms().unsigned_abs());
        let run = format!("{:08x}", dice.next() >> 32);
        let visitors: Vec<Visitor> =
            (1..=visitor_count).map(|number| Visitor::new(seed, &run, number, &catalog)).collect();
        let agenda = (0..visitors.len())
            .map(|index| {
                let by = if index.is_multiple_of(10) { EARLY_MS } else { ARRIVALS_MS };
                Reverse((start + DurationMs::from_ms(dice.between(0, by)), index))
            })
            .collect();
        Self { catalog, visitors, agenda }
    }

    /// What happens next, if it happens up to and including `now`.
    pub fn next(&mut self, now: Timestamp) -> Option<Turn> {
        while let Some(&Reverse((at, index))) = self.agenda.peek() {
            if at > now {
                return None;
            }
            self.agenda.pop();
            let Some(visitor) = self.visitors.get_mut(index) else { continue };
            let mut actions = Vec::new();
            let next = visitor.step(at, &self.catalog, &mut actions);
            // Time is held at its end (the year 2999): a visitor who cannot move on goes home.
            if next > at {
                self.agenda.push(Reverse((next, index)));
            }
            return Some(Turn { visitor: index, actions });
        }
        None
    }

    /// Everything that happens up to and including `now` and was not told before, in time order, to visitors whose pages
    /// show nothing.
    pub fn until(&mut self, now: Timestamp) -> Vec<Action> {
        std::iter::from_fn(|| self.next(now)).flat_map(|turn| turn.actions).collect()
    }

    /// Tells a visitor what the page of the latest turn shows.
    pub fn shown(&mut self, visitor: usize, showing: Vec<Showing>) {
        if let Some(visitor) = self.visitors.get_mut(visitor) {
            visitor.shown(showing);
        }
    }

    /// Everything that is to come happens so much later.
    pub fn wait(&mut self, by: DurationMs) {
        self.agenda = self.agenda.drain().map(|Reverse((at, index))| Reverse((at + by, index))).collect();
    }

    /// When the next thing happens.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.agenda.peek().map(|&Reverse((at, _))| at)
    }
}
