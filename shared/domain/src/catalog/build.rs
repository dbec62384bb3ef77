//! A snapshot built from the facts of all products.

use super::facts::{ProductFacts, Sale};
use super::snapshot::{CatalogSnapshot, NONE, Record};
use crate::id::{Brand, Category, ProductId};
use crate::policy::{SNAPSHOT_BYTES_MAX, SNAPSHOT_WHOLE_COUNT_MAX};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a product whose lists and numbers alone are counted: record, id, memberships, with room for the ends of its
/// texts.
const FIXED_BYTES: usize = size_of::<Record>() + size_of::<ProductId>() + 56;

/// What a snapshot may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Room {
    bytes: usize,
    whole_count: usize,
}

/// Collects products, and makes a snapshot of them.
#[derive(Debug)]
pub struct SnapshotBuilder {
    products: BTreeMap<ProductId, ProductFacts>,
    room: Room,
}

impl Default for SnapshotBuilder {
    fn default() -> Self {
        Self::with_room(SNAPSHOT_BYTES_MAX, SNAPSHOT_WHOLE_COUNT_MAX)
    }
}

impl SnapshotBuilder {
    /// A builder whose snapshot takes at most so many bytes, and has at most so many products whole.
    #[must_use]
    pub fn with_room(bytes: usize, whole_count: usize) -> Self {
        Self { products: BTreeMap::new(), room: Room { bytes, whole_count } }
    }

    /// Adds a product. Of one that is added twice the newer facts count.
    pub fn add(&mut self, facts: ProductFacts) {
        match self.products.get(&facts.id) {
            Some(known) if known.updated_at > facts.updated_at => {}
            _ => {
                self.products.insert(facts.id.clone(), facts);
            }
        }
    }

    /// How many products were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.products.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// The snapshot. The same products give the same bytes, in whatever order they were added.
    #[must_use]
    pub fn build(self, made_at: Timestamp) -> CatalogSnapshot {
        let (kept, whole) = chosen(&self.products, self.room);
        let added = self.products.len();
        let products: Vec<ProductFacts> =
            self.products.into_values().filter(|facts| kept.contains(&facts.id)).collect();
        let mut snapshot = CatalogSnapshot {
            made_at,
            omitted: number(added - products.len()),
            whole: number(whole.len()),
            ..CatalogSnapshot::default()
        };
        snapshot.categories = distinct(products.iter().flat_map(|facts| &facts.path));
        snapshot.brands = distinct(products.iter().filter_map(|facts| facts.brand.as_ref()));
        let mut shared = Shared::default();
        for facts in products {
            let is_whole = whole.contains(&facts.id);
            let record = shared.record(&mut snapshot, &facts, is_whole);
            snapshot.ids.push(facts.id);
            snapshot.records.push(record);
        }
        snapshot.members.sort_unstable();
        snapshot.members.dedup();
        snapshot.shrink();
        snapshot
    }
}

impl CatalogSnapshot {
    fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.records.shrink_to_fit();
        self.texts.shrink();
        self.members.shrink_to_fit();
        self.attributes.shrink_to_fit();
        self.paths.shrink_to_fit();
        self.sales.shrink_to_fit();
    }
}

/// Which products there is room for, and which of them whole: what is in stock before what is not, then the newest.
fn chosen(
    products: &BTreeMap<ProductId, ProductFacts>,
    room: Room,
) -> (BTreeSet<ProductId>, BTreeSet<ProductId>) {
    let mut order: Vec<&ProductFacts> = products.values().collect();
    order.sort_by_key(|facts| (!facts.availability.is_in_stock(), std::cmp::Reverse(facts.updated_at)));
    let (mut kept, mut whole) = (BTreeSet::new(), BTreeSet::new());
    let mut left = room.bytes;
    for facts in &order {
        let Some(rest) = left.checked_sub(lean_bytes(facts)) else { break };
        left = rest;
        kept.insert(facts.id.clone());
    }
    for facts in order.iter().take(room.whole_count.min(kept.len())) {
        let Some(rest) = left.checked_sub(display_bytes(facts)) else { break };
        left = rest;
        whole.insert(facts.id.clone());
    }
    (kept, whole)
}

/// Bytes of what filters need, as if nothing were shared.
fn lean_bytes(facts: &ProductFacts) -> usize {
    let attributes = facts.attributes.iter().map(|(name, value)| name.len() + value.len() + 16);
    let path = facts.path.len() * 12;
    let group = facts.group.as_ref().map_or(0, |group| group.as_str().len());
    let sale = facts.sale.map_or(0, |_| size_of::<Sale>());
    // Ids of more than 23 bytes lie outside.
    let id = Some(facts.id.as_str().len()).filter(|bytes| *bytes > 23).map_or(0, |bytes| bytes + 16);
    FIXED_BYTES + attributes.sum::<usize>() + path + group + sale + id
}

fn display_bytes(facts: &ProductFacts) -> usize {
    let links = [&facts.link, &facts.image_link].into_iter().flatten();
    facts.title.len() + links.map(String::len).sum::<usize>()
}

fn distinct<'a, T: Ord + Clone + 'a>(all: impl Iterator<Item = &'a T>) -> Vec<T> {
    all.collect::<BTreeSet<&T>>().into_iter().cloned().collect()
}

/// What products share while a snapshot is built.
#[derive(Default)]
struct Shared {
    texts: BTreeMap<String, u32>,
    paths: BTreeMap<Vec<u32>, u32>,
}

impl Shared {
    fn record(&mut self, snapshot: &mut CatalogSnapshot, facts: &ProductFacts, is_whole: bool) -> Record {
        let product = number(snapshot.ids.len());
        let path = self.path(snapshot, &facts.path, product);
        let brand = facts.brand.as_ref().and_then(|brand| position::<Brand>(&snapshot.brands, brand));
        let attributes = number(snapshot.attributes.len());
        for (name, value) in &facts.attributes {
            let pair = (self.text(snapshot, name), self.text(snapshot, value));
            snapshot.attributes.push(pair);
        }
        let mut display = NONE;
        if is_whole {
            display = snapshot.texts.push(&facts.title);
            snapshot.texts.push(facts.link.as_deref().unwrap_or_default());
            snapshot.texts.push(facts.image_link.as_deref().unwrap_or_default());
        }
        Record {
            price: facts.price,
            sale: facts.sale.map_or(NONE, |sale| {
                snapshot.sales.push(sale);
                number(snapshot.sales.len() - 1)
            }),
            display,
            path,
            brand: brand.unwrap_or(NONE),
            group: facts.group.as_ref().map_or(NONE, |group| self.text(snapshot, group.as_str())),
            attributes,
            attribute_count: u8::try_from(facts.attributes.len()).unwrap_or(u8::MAX),
            availability: facts.availability,
            source: facts.source,
        }
    }

    fn path(&mut self, snapshot: &mut CatalogSnapshot, path: &[Category], product: u32) -> u32 {
        let levels: Vec<u32> =
            path.iter().filter_map(|level| position::<Category>(&snapshot.categories, level)).collect();
        snapshot.members.extend(levels.iter().map(|level| (*level, product)));
        if levels.is_empty() {
            return NONE;
        }
        *self.paths.entry(levels).or_insert_with_key(|levels| {
            snapshot.paths.push(levels.clone());
            number(snapshot.paths.len() - 1)
        })
    }

    /// The number of a text that several products may have.
    fn text(&mut self, snapshot: &mut CatalogSnapshot, text: &str) -> u32 {
        if let Some(number) = self.texts.get(text) {
            return *number;
        }
        let number = snapshot.texts.push(text);
        self.texts.insert(text.to_owned(), number);
        number
    }
}

fn position<T: Ord>(sorted: &[T], wanted: &T) -> Option<u32> {
    sorted.binary_search(wanted).ok().map(number)
}

/// Numbers never come near 2^32: a snapshot is bounded.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
