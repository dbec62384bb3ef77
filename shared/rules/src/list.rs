//! Lists of products: what of the candidates is taken.

use crate::decision::{Recommended, Source};
use crate::live::Candidate;
use crate::page::SlotRequest;
use crate::shelf::{Seen, Shelf};
use beckon_domain::{Category, ProductId, SmolStr};

/// A product that comes into question, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) candidate: Candidate,
    pub(crate) source: Source,
}

/// Whether a product may be shown.
pub(crate) type Allows<'a> = &'a dyn Fn(&ProductId, &Seen<'_>) -> bool;

/// How many products are wanted, and which are not.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) count: usize,
    exclude: &'a [ProductId],
    page_product: Option<&'a ProductId>,
    per_category: Option<usize>,
    in_stock: bool,
    shelf: Shelf<'a>,
    selected: Option<Allows<'a>>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(
        count: usize,
        request: &'a SlotRequest,
        page_product: Option<&'a ProductId>,
        shelf: Shelf<'a>,
    ) -> Self {
        let exclude = &request.exclude;
        Self { count, exclude, page_product, per_category: None, in_stock: true, shelf, selected: None }
    }

    /// The same, at most so many of one category while there are others.
    pub(crate) fn at_most_of_a_category(self, per_category: Option<usize>) -> Self {
        Self { per_category, ..self }
    }

    /// The same, of those products only for which this holds.
    pub(crate) fn only<'b>(self, selected: Allows<'b>) -> Wanted<'b>
    where
        'a: 'b,
    {
        Wanted { selected: Some(selected), ..self }
    }

    /// The same, with what cannot be bought now.
    pub(crate) fn in_stock(self, in_stock: bool) -> Self {
        Self { in_stock, ..self }
    }

    /// The same, with the page's product allowed.
    pub(crate) fn even_the_pages_own(self) -> Self {
        Self { page_product: None, ..self }
    }

    /// Adds candidates until as many are there as wanted; returns how many were added.
    pub(crate) fn fill(&self, chosen: &mut Chosen, candidates: &[Found]) -> usize {
        let before = chosen.items.len();
        for Found { candidate, source } in candidates {
            if self.is_met(chosen) {
                break;
            }
            let id = &candidate.product;
            if self.page_product == Some(id) || self.exclude.contains(id) || chosen.has(id) {
                continue;
            }
            let seen = self.shelf.of(candidate);
            let is_unwanted = (self.in_stock && seen.is_out_of_stock)
                || chosen.has_variant(&seen)
                || self.per_category.is_some_and(|most| chosen.of_category(&seen) >= most)
                || self.selected.is_some_and(|selected| !selected(id, &seen));
            if !is_unwanted {
                chosen.add(id, *source, &seen);
            }
        }
        chosen.items.len() - before
    }

    pub(crate) fn is_met(&self, chosen: &Chosen) -> bool {
        chosen.items.len() >= self.count
    }
}

/// Products that were taken, each once, and of a group of variants one.
#[derive(Default)]
pub(crate) struct Chosen {
    pub(crate) items: Vec<Recommended>,
    categories: Vec<Option<Category>>,
    groups: Vec<Option<SmolStr>>,
}

impl Chosen {
    fn add(&mut self, id: &ProductId, source: Source, seen: &Seen<'_>) {
        self.items.push(Recommended { product: id.clone(), source });
        self.categories.push(seen.category.cloned());
        self.groups.push(seen.group.map(SmolStr::new));
    }

    fn has(&self, id: &ProductId) -> bool {
        self.items.iter().any(|item| item.product == *id)
    }

    fn has_variant(&self, seen: &Seen<'_>) -> bool {
        seen.group.is_some() && self.groups.iter().any(|group| group.as_deref() == seen.group)
    }

    fn of_category(&self, seen: &Seen<'_>) -> usize {
        let Some(category) = seen.category else { return 0 };
        self.categories.iter().flatten().filter(|own| *own == category).count()
    }
}

/// Products by their ids.
pub(crate) fn found<'a>(ids: impl IntoIterator<Item = &'a ProductId>, source: Source) -> Vec<Found> {
    ids.into_iter().map(|id| Found { candidate: Candidate::new(id.clone()), source }).collect()
}
