//! Lists of products: what may come into question, and what of it is taken.

use crate::condition::{Facts, Matched};
use crate::decision::{Recommended, Source};
use crate::model::{BestSellerChoice, Catalog, Product, Slot, SlotFallback};
use crate::page::{LiveLists, SlotRequest};
use beckon_domain::ProductId;

/// How many products are wanted, and which are not.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    count: usize,
    exclude: &'a [ProductId],
    page_product: Option<&'a ProductId>,
    selected: Option<&'a dyn Fn(&ProductId) -> bool>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(count: usize, request: &'a SlotRequest, page_product: Option<&'a ProductId>) -> Self {
        Self { count, exclude: &request.exclude, page_product, selected: None }
    }

    /// The same, of those products only for which this holds.
    pub(crate) fn only<'b>(self, selected: &'b dyn Fn(&ProductId) -> bool) -> Wanted<'b>
    where
        'a: 'b,
    {
        Wanted { selected: Some(selected), ..self }
    }

    /// The same, with the page's product allowed.
    pub(crate) fn even_the_pages_own(self) -> Self {
        Self { page_product: None, ..self }
    }

    /// The candidates that may be shown, each once, as many as wanted.
    pub(crate) fn take(&self, candidates: Vec<Recommended>) -> Vec<Recommended> {
        let mut items = Vec::new();
        self.fill(&mut items, candidates);
        items
    }

    /// Adds candidates until as many are there as wanted; returns how many were added.
    pub(crate) fn fill(&self, items: &mut Vec<Recommended>, candidates: Vec<Recommended>) -> usize {
        let before = items.len();
        for candidate in candidates {
            if items.len() >= self.count {
                break;
            }
            let id = &candidate.product;
            let is_unwanted = self.page_product == Some(id)
                || self.exclude.contains(id)
                || self.selected.is_some_and(|selected| !selected(id));
            if !is_unwanted && !items.iter().any(|item| item.product == *id) {
                items.push(candidate);
            }
        }
        items.len() - before
    }
}

/// The product that a recommendation starts from.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a>(&'a Product);

impl<'a> Subject<'a> {
    /// For what is related: the page's product, else the one that made the rule match, else the one viewed last.
    pub(crate) fn of_the_page(catalog: &'a Catalog, facts: &Facts<'_>, matched: Matched<'_>) -> Option<Self> {
        Self::first(catalog, facts, [facts.page.product.as_ref(), matched.product])
    }

    /// For accessories: the product that made the rule match, because it is *its* accessories that the rule
    /// promises, else the page's, else the one viewed last.
    pub(crate) fn of_the_match(
        catalog: &'a Catalog,
        facts: &Facts<'_>,
        matched: Matched<'_>,
    ) -> Option<Self> {
        Self::first(catalog, facts, [matched.product, facts.page.product.as_ref()])
    }

    /// The first that the catalog knows.
    fn first(catalog: &'a Catalog, facts: &Facts<'_>, order: [Option<&ProductId>; 2]) -> Option<Self> {
        let viewed =
            facts.profile.into_iter().flat_map(|p| p.viewed.newest_first()).map(|view| &view.product);
        order.into_iter().flatten().chain(viewed).find_map(|id| catalog.product(id.as_str())).map(Self)
    }
}

fn from<'a>(ids: impl IntoIterator<Item = &'a ProductId>, source: Source) -> Vec<Recommended> {
    ids.into_iter().map(|id| Recommended { product: id.clone(), source }).collect()
}

/// The products that a rule names.
pub(crate) fn listed(ids: &[ProductId]) -> Vec<Recommended> {
    from(ids, Source::Listed)
}

/// What is related to the subject: what the catalog says, then the rest of its category.
pub(crate) fn related(catalog: &Catalog, Subject(product): Subject<'_>) -> Vec<Recommended> {
    let same_category = catalog.of_category(&product.category).map(|p| &p.id);
    let others = product.related.iter().chain(same_category).filter(|id| **id != product.id);
    from(others, Source::Related)
}

/// The subject's accessories, then what is related to it.
pub(crate) fn accessories_first(catalog: &Catalog, subject: Subject<'_>) -> Vec<Recommended> {
    let mut candidates = from(&subject.0.accessories, Source::Accessory);
    candidates.extend(related(catalog, subject));
    candidates
}

/// The products of the categories that the person cares about, strongest category first.
pub(crate) fn category_affinity(catalog: &Catalog, facts: &Facts<'_>) -> Vec<Recommended> {
    let Some(profile) = facts.profile else { return Vec::new() };
    let ranked = profile.affinity.ranked(facts.now, facts.policy.affinity_half_life);
    let products = ranked
        .into_iter()
        .filter(|(_, score)| *score > 0)
        .flat_map(|(category, _)| catalog.of_category(category))
        .map(|product| &product.id);
    from(products, Source::CategoryAffinity)
}

/// What sells best: what is counted, unless the slot wants only what is listed, then what the ruleset names.
pub(crate) fn best_sellers(catalog: &Catalog, slot: &Slot, live: LiveLists<'_>) -> Vec<Recommended> {
    let mut candidates = counted(catalog, slot, live);
    candidates.extend(from(&catalog.best_sellers, Source::BestSeller));
    candidates
}

/// What a slot shows everybody: what sells best in the category and in the store, its own list, then the best sellers
/// that the ruleset names.
pub(crate) fn everybodys(catalog: &Catalog, slot: &Slot, live: LiveLists<'_>) -> Vec<Recommended> {
    let mut candidates = counted(catalog, slot, live);
    if let SlotFallback::Products(ids) = &slot.fallback {
        candidates.extend(listed(ids));
    }
    candidates.extend(from(&catalog.best_sellers, Source::BestSeller));
    candidates
}

/// What is counted from events, if the slot wants it.
fn counted(catalog: &Catalog, slot: &Slot, live: LiveLists<'_>) -> Vec<Recommended> {
    let mut candidates = Vec::new();
    if slot.best_sellers == BestSellerChoice::Live {
        for (ids, source) in
            [(live.category, Source::CategoryBestSeller), (live.store, Source::StoreBestSeller)]
        {
            // People also buy what the ruleset does not name, or no more: there is nothing to show of it.
            let known = ids.iter().filter(|id| catalog.product(id.as_str()).is_some());
            candidates.extend(from(known, source));
        }
    }
    candidates
}
