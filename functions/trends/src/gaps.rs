//! Products that no feed tells: what events call them fills the gap.
//!
//! It is written when it is new to this process, and never for a product of a feed: neither a name nor a price of
//! somebody's browser replaces the shop's. No link is taken, because others would be led there.

use crate::batch::Part;
use crate::process::Trends;
use beckon_domain::catalog::FactsSource;
use beckon_domain::policy::{EVENT_FACTS_REFRESH, TITLE_BYTES_MAX};
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use beckon_recommend::Signal;
use beckon_store::tables::{ProductStore, TrendKey};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Products that a process remembers; then it begins anew, which costs a write that changes nothing for each.
const SEEN_COUNT_MAX: usize = 20_000;
/// How long it is believed that a feed tells a product, or that somebody deleted it.
const OUTWEIGHED_FOR: beckon_domain::DurationMs = beckon_domain::DurationMs::from_hours(1);

/// What is known of a product's facts.
enum Seen {
    /// They are what an event told.
    Written(Box<ProductFacts>),
    /// A feed's word counts until this time; then it is asked again.
    Outweighed(Timestamp),
}

/// The products whose facts this process knows to be told. Clones share them.
#[derive(Clone, Default)]
pub struct SeenProducts(Arc<Mutex<BTreeMap<ProductId, Seen>>>);

impl SeenProducts {
    /// Whether these facts would tell anything new.
    fn is_new(&self, facts: &ProductFacts) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get(&facts.id) {
            None => true,
            Some(Seen::Outweighed(until)) => *until <= facts.updated_at,
            Some(Seen::Written(known)) => {
                let is_same = ProductFacts { updated_at: known.updated_at, ..facts.clone() } == **known;
                let is_older = facts.updated_at <= known.updated_at;
                let is_due = known.updated_at + EVENT_FACTS_REFRESH <= facts.updated_at;
                !is_older && (!is_same || is_due)
            }
        }
    }

    fn insert(&self, id: ProductId, what: Seen) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_COUNT_MAX && !seen.contains_key(&id) {
            seen.clear();
        }
        seen.insert(id, what);
    }
}

/// What the newest signal of each item that names it says, as facts.
pub(crate) fn called(parts: &[Part]) -> Vec<ProductFacts> {
    let items = parts.iter().filter(|part| matches!(part.key, TrendKey::Item(_)));
    let newest = items.filter_map(|part| {
        let named = part.delivered.iter().filter(|one| one.signal.called.is_some());
        named.map(|one| &one.signal).max_by_key(|signal| signal.at)
    });
    newest.filter_map(facts).collect()
}

fn facts(signal: &Signal) -> Option<ProductFacts> {
    let called = signal.called.as_deref().filter(|called| called.name.len() <= TITLE_BYTES_MAX)?;
    Some(ProductFacts {
        price: called.price,
        path: signal.category.clone().into_iter().collect(),
        brand: called.brand.clone(),
        ..ProductFacts::new(signal.product.clone(), called.name.as_str(), signal.at, FactsSource::Event)
    })
}

impl<T: ProductStore, F> Trends<T, F> {
    /// Writes what is new of products that no feed tells. What cannot be written now is written with the next signal that
    /// names the product: nothing of a batch waits for it.
    pub(crate) async fn fill_gaps(&self, all: Vec<ProductFacts>) {
        for facts in all.into_iter().filter(|facts| self.seen.is_new(facts)) {
            match self.tables.put_product(&facts).await {
                Ok(beckon_store::tables::Told::Taken) => {
                    self.seen.insert(facts.id.clone(), Seen::Written(Box::new(facts)));
                }
                Ok(beckon_store::tables::Told::Older) => {
                    self.seen.insert(facts.id, Seen::Outweighed(facts.updated_at + OUTWEIGHED_FOR));
                }
                Err(error) => {
                    tracing::warn!(error = ?error, "a product that no feed tells was not written");
                    return;
                }
            }
        }
    }
}
