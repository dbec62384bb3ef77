//! The catalog in memory: looked up by id in a binary search, never changed.

use super::facts::{Availability, FactsSource, Sale};
use super::texts::Texts;
use crate::id::{Brand, Category, ProductId};
use crate::money::Money;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// A number that stands for nothing.
pub(super) const NONE: u32 = u32::MAX;

/// What is kept of a product, beside its id. Texts and lists are numbers into what all products share.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub price: Option<Money>,
    /// Number of its sale.
    pub sale: u32,
    /// Number of its title; link and picture follow. `NONE` when it is not whole.
    pub display: u32,
    /// Number of its path.
    pub path: u32,
    pub brand: u32,
    pub group: u32,
    /// Where its attributes begin, and how many they are.
    pub attributes: u32,
    pub attribute_count: u8,
    pub availability: Availability,
    pub source: FactsSource,
}

/// All products that a shop sells, as they were told by an instant.
///
/// Up to [`crate::policy::SNAPSHOT_WHOLE_COUNT_MAX`] products are there with everything. Of more, the first ones (in stock
/// before not, then the newest) are whole, the others have what filters need, and what does not fit into
/// [`crate::policy::SNAPSHOT_BYTES_MAX`] is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CatalogSnapshot {
    pub(super) made_at: Timestamp,
    /// Sorted, each once.
    pub(super) ids: Vec<ProductId>,
    /// One for each id.
    pub(super) records: Vec<Record>,
    pub(super) texts: Texts,
    pub(super) sales: Vec<Sale>,
    /// Sorted, each once.
    pub(super) categories: Vec<Category>,
    pub(super) paths: Vec<Vec<u32>>,
    /// Products by category: numbers of both, sorted. A product is in every level of its path.
    pub(super) members: Vec<(u32, u32)>,
    /// Sorted, each once.
    pub(super) brands: Vec<Brand>,
    /// Name and value of an attribute, as numbers of texts.
    pub(super) attributes: Vec<(u32, u32)>,
    /// Products that were there and did not fit.
    pub(super) omitted: u32,
    /// Products that are whole.
    pub(super) whole: u32,
}

impl CatalogSnapshot {
    /// A product; `None` when the snapshot does not have it.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<CatalogEntry<'_>> {
        let index = self.ids.binary_search_by(|known| known.as_str().cmp(id)).ok()?;
        self.entry(index)
    }

    /// The products of a category, in the order of their ids. `Outdoor` has what is in `Outdoor > Tents` too.
    pub fn of_category(&self, category: &Category) -> impl Iterator<Item = CatalogEntry<'_>> {
        let number = self.categories.binary_search(category).ok().and_then(|n| u32::try_from(n).ok());
        let (from, to) = number.map_or((0, 0), |number| {
            let from = self.members.partition_point(|(category, _)| *category < number);
            (from, self.members.partition_point(|(category, _)| *category <= number))
        });
        self.members[from..to].iter().filter_map(|(_, product)| self.entry(*product as usize))
    }

    /// Every product, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = CatalogEntry<'_>> {
        (0..self.ids.len()).filter_map(|index| self.entry(index))
    }

    fn entry(&self, index: usize) -> Option<CatalogEntry<'_>> {
        Some(CatalogEntry { snapshot: self, id: self.ids.get(index)?, record: self.records.get(index)? })
    }

    /// When it was made.
    #[must_use]
    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    /// How old what it says is.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> DurationMs {
        now.since(self.made_at)
    }

    /// Whether a feed told any of it. Without one, events did.
    #[must_use]
    pub fn has_feed(&self) -> bool {
        self.records.iter().any(|record| record.source == FactsSource::Feed)
    }

    /// How many products it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many of its products have title, link and picture.
    #[must_use]
    pub fn whole_count(&self) -> usize {
        self.whole as usize
    }

    /// How many products did not fit.
    #[must_use]
    pub fn omitted_count(&self) -> usize {
        self.omitted as usize
    }

    /// Bytes that it takes in memory, without ids, categories and brands of more than 23 bytes, which take their length
    /// besides.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let long = |text: &str| if text.len() > 23 { text.len() + 16 } else { 0 };
        let names = self.categories.capacity() * size_of::<Category>()
            + self.brands.capacity() * size_of::<Brand>()
            + self.categories.iter().map(|c| long(c.as_str())).sum::<usize>()
            + self.brands.iter().map(|b| long(b.as_str())).sum::<usize>()
            + self.ids.iter().map(|id| long(id.as_str())).sum::<usize>();
        let paths: usize =
            self.paths.iter().map(|p| size_of::<Vec<u32>>() + p.capacity() * size_of::<u32>()).sum();
        self.ids.capacity() * size_of::<ProductId>()
            + self.records.capacity() * size_of::<Record>()
            + self.texts.bytes()
            + self.sales.capacity() * size_of::<Sale>()
            + (self.members.capacity() + self.attributes.capacity()) * size_of::<(u32, u32)>()
            + names
            + paths
    }
}

/// A product of a snapshot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CatalogEntry<'a> {
    snapshot: &'a CatalogSnapshot,
    id: &'a ProductId,
    record: &'a Record,
}

impl<'a> CatalogEntry<'a> {
    /// The shop's id.
    #[must_use]
    pub fn id(&self) -> &'a ProductId {
        self.id
    }

    fn display(&self, offset: u32) -> Option<&'a str> {
        let number = Some(self.record.display).filter(|number| *number != NONE)?;
        Some(self.snapshot.texts.get(number.saturating_add(offset))).filter(|text| !text.is_empty())
    }

    /// What people call it; `None` when the snapshot has only what filters need.
    #[must_use]
    pub fn title(&self) -> Option<&'a str> {
        self.display(0)
    }

    /// Its page.
    #[must_use]
    pub fn link(&self) -> Option<&'a str> {
        self.display(1)
    }

    /// Its picture.
    #[must_use]
    pub fn image_link(&self) -> Option<&'a str> {
        self.display(2)
    }

    /// Its price, sales apart.
    #[must_use]
    pub fn price(&self) -> Option<Money> {
        self.record.price
    }

    /// A lower price.
    #[must_use]
    pub fn sale(&self) -> Option<&'a Sale> {
        self.snapshot.sales.get(self.record.sale as usize)
    }

    /// What it costs at `now`.
    #[must_use]
    pub fn price_at(&self, now: Timestamp) -> Option<Money> {
        self.sale().filter(|sale| sale.is_on(now)).map(|sale| sale.price).or(self.record.price)
    }

    /// Whether it can be had.
    #[must_use]
    pub fn availability(&self) -> Availability {
        self.record.availability
    }

    /// Whether it may be shown as something that can be had now ([`Availability::is_in_stock`]).
    #[must_use]
    pub fn is_in_stock(&self) -> bool {
        self.record.availability.is_in_stock()
    }

    /// Its category with all above it, the widest first.
    pub fn path(&self) -> impl Iterator<Item = &'a Category> + use<'a> {
        let snapshot = self.snapshot;
        let path = snapshot.paths.get(self.record.path as usize).map(Vec::as_slice).unwrap_or_default();
        path.iter().filter_map(|number| snapshot.categories.get(*number as usize))
    }

    /// Its category: the last level of its path.
    #[must_use]
    pub fn category(&self) -> Option<&'a Category> {
        self.path().last()
    }

    /// Whether it is in a category, on whatever level.
    #[must_use]
    pub fn is_in_category(&self, category: &Category) -> bool {
        self.path().any(|level| level == category)
    }

    /// Its brand.
    #[must_use]
    pub fn brand(&self) -> Option<&'a Brand> {
        self.snapshot.brands.get(self.record.brand as usize)
    }

    /// What it is a variant of.
    #[must_use]
    pub fn group(&self) -> Option<&'a str> {
        Some(self.record.group).filter(|number| *number != NONE).map(|n| self.snapshot.texts.get(n))
    }

    /// An attribute beside those that Beckon knows, by its name in the feed.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let texts = &self.snapshot.texts;
        let from = self.record.attributes as usize;
        let own = self.snapshot.attributes.get(from..from + usize::from(self.record.attribute_count))?;
        let found = own.iter().find(|(known, _)| texts.get(*known) == name);
        found.map(|(_, value)| texts.get(*value))
    }

    /// Who said it.
    #[must_use]
    pub fn source(&self) -> FactsSource {
        self.record.source
    }
}
