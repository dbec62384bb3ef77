//! What others know, as a decision asks it: everything was read before, so that nothing waits.

use beckon_domain::catalog::{CatalogEntry, CatalogSnapshot, FactsSource};
use beckon_domain::id::SlotId;
use beckon_domain::{Category, Currency, ProductId, Timestamp};
use beckon_recommend::blend::{Layer, blend, by_worth};
use beckon_recommend::neighbours::{self, Neighbours};
use beckon_recommend::policy::{BLEND_CANDIDATE_COUNT, BLEND_FRESH_WEIGHT, BLEND_INDEX_WEIGHT};
use beckon_recommend::{Scored, SessionIndex, Worth};
use beckon_rules::{Candidate, Learned, Live, LiveLists, ProductFacts, StrategyLayer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How much neighbours of what is in the cart count beside what was bought together with it.
const BESIDE_THE_CART_WEIGHT: f64 = 0.2;

/// What was learned of one product.
#[derive(Clone, Debug, Default)]
pub struct ItemLists {
    /// What people look at who look at it.
    pub neighbours: Neighbours,
    /// What people buy together with it.
    pub bought_together: Neighbours,
}

/// Lists for one page.
#[derive(Clone, Debug, Default)]
pub struct PageLists {
    /// Best sellers of its category.
    pub category: Arc<[ProductId]>,
    /// Best sellers of the store.
    pub store: Arc<[ProductId]>,
    /// What rises in its category, then in the store.
    pub trending: Vec<ProductId>,
}

/// What others know, for one request.
#[derive(Default)]
pub struct Knowledge {
    /// The time.
    pub now: Timestamp,
    /// The currency of the ruleset's prices.
    pub currency: Currency,
    /// Lists of the page.
    pub lists: PageLists,
    /// What was learned of products that this request may start from.
    pub items: BTreeMap<ProductId, Arc<ItemLists>>,
    /// Recent sessions.
    pub sessions: Option<Arc<SessionIndex>>,
    /// What strategies are worth.
    pub worth: Option<Arc<Worth>>,
    /// The catalog.
    pub catalog: Option<Arc<CatalogSnapshot>>,
    /// Whether any of it comes from a feed.
    pub has_feed: bool,
}

impl Knowledge {
    /// A product of the catalog. What only events told of is one only where no feed was ever imported: anybody can send
    /// an event.
    pub fn entry(&self, id: &str) -> Option<CatalogEntry<'_>> {
        let entry = self.catalog.as_ref()?.product(id)?;
        (entry.source() == FactsSource::Feed || !self.has_feed).then_some(entry)
    }

    /// What people look at next who went this way, the newest last.
    fn onward(&self, way: &[ProductId]) -> Vec<Scored> {
        let lookup = |id: &ProductId| self.items.get(id).map(|lists| &lists.neighbours);
        let fresh = neighbours::rank(way, lookup, self.now, BLEND_CANDIDATE_COUNT);
        let Some(index) = &self.sessions else { return fresh };
        let indexed = index.rank(way, self.now, BLEND_CANDIDATE_COUNT);
        let layers = [
            Layer { ranked: &fresh, weight: BLEND_FRESH_WEIGHT },
            Layer { ranked: &indexed, weight: BLEND_INDEX_WEIGHT },
        ];
        blend(&layers, BLEND_CANDIDATE_COUNT)
    }

    /// What is bought together with these products, each of which counts alike.
    fn together(&self, with: &[ProductId]) -> Vec<Scored> {
        let lists: Vec<Vec<Scored>> = with
            .iter()
            .filter_map(|id| self.items.get(id))
            .map(|lists| shares(&lists.bought_together, self.now))
            .collect();
        let layers: Vec<Layer<'_>> = lists.iter().map(|ranked| Layer { ranked, weight: 1.0 }).collect();
        blend(&layers, BLEND_CANDIDATE_COUNT)
    }

    /// A product that was learned, with what was learned beside it where the catalog does not know it.
    fn candidate(&self, product: ProductId) -> Candidate {
        if self.entry(product.as_str()).is_some() {
            return Candidate::new(product);
        }
        let lists = self.items.values().flat_map(|lists| [&lists.neighbours, &lists.bought_together]);
        let told = lists.flat_map(Neighbours::iter).find(|neighbour| *neighbour.product() == product);
        Candidate {
            category: told.and_then(|neighbour| neighbour.category().cloned()),
            price: told.and_then(|neighbour| neighbour.price_band()).map(|band| band.bounds(self.currency)),
            product,
        }
    }
}

fn shares(list: &Neighbours, now: Timestamp) -> Vec<Scored> {
    let scored = |neighbour: &neighbours::Neighbour| Scored {
        product: neighbour.product().clone(),
        score: list.weight(neighbour, now) as f64,
    };
    list.iter().map(scored).collect()
}

impl Live for Knowledge {
    fn best_sellers(&self) -> LiveLists<'_> {
        LiveLists { category: &self.lists.category, store: &self.lists.store }
    }

    fn learned(&self, question: Learned, from: &[&ProductId]) -> Vec<Candidate> {
        let from: Vec<ProductId> = from.iter().map(|id| (*id).clone()).collect();
        let ranked: Vec<ProductId> = match question {
            Learned::Trending => self.lists.trending.clone(),
            Learned::ForYou => products(self.onward(&from)),
            // What is similar to a product is not the product.
            Learned::Similar => {
                products(self.onward(&from)).into_iter().filter(|id| !from.contains(id)).collect()
            }
            Learned::AlsoBought => products(self.together(&from)),
            Learned::CartComplement => {
                let (together, beside) = (self.together(&from), self.onward(&from));
                let layers = [
                    Layer { ranked: &together, weight: 1.0 },
                    Layer { ranked: &beside, weight: BESIDE_THE_CART_WEIGHT },
                ];
                products(blend(&layers, BLEND_CANDIDATE_COUNT))
            }
        };
        ranked.into_iter().map(|product| self.candidate(product)).collect()
    }

    fn blended(&self, slot: &SlotId, layers: &[StrategyLayer]) -> Option<Vec<ProductId>> {
        let worth = self.worth.as_ref()?;
        let factor = |layer: &StrategyLayer| worth.factor(slot, layer.source.code());
        let weighed: Option<Vec<(&[ProductId], f64)>> =
            layers.iter().map(|layer| Some((layer.products.as_slice(), factor(layer)?))).collect();
        Some(by_worth(&weighed?))
    }

    fn product(&self, id: &str) -> Option<ProductFacts<'_>> {
        let entry = self.entry(id)?;
        Some(ProductFacts {
            category: entry.category(),
            brand: entry.brand(),
            price: entry.price_at(self.now),
            group: entry.group(),
            is_out_of_stock: !entry.is_in_stock(),
        })
    }

    fn is_in_category(&self, id: &str, category: &Category) -> bool {
        self.entry(id).is_some_and(|entry| entry.is_in_category(category))
    }

    fn attribute(&self, id: &str, name: &str) -> Option<&str> {
        self.entry(id)?.attribute(name)
    }

    fn has_catalog(&self) -> bool {
        self.catalog.as_ref().is_some_and(|catalog| !catalog.is_empty())
    }

    fn products(&self, category: Option<&Category>, count: usize) -> Vec<ProductId> {
        let Some(catalog) = &self.catalog else { return Vec::new() };
        let can_be_had =
            |entry: &CatalogEntry<'_>| entry.is_in_stock() && entry.source() == FactsSource::Feed;
        let id = |entry: CatalogEntry<'_>| entry.id().clone();
        match category {
            Some(category) => catalog.of_category(category).filter(can_be_had).take(count).map(id).collect(),
            None => catalog.iter().filter(can_be_had).take(count).map(id).collect(),
        }
    }
}

fn products(ranked: Vec<Scored>) -> Vec<ProductId> {
    ranked.into_iter().map(|one| one.product).collect()
}
