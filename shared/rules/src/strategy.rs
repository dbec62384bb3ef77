//! What comes into question: the products of each strategy, best first, and what every slot is filled up with.

use crate::condition::{Facts, Matched};
use crate::decision::Source;
use crate::list::{Found, found};
use crate::live::{Learned, Live};
use crate::model::{BestSellerChoice, Product, Slot, SlotFallback};
use crate::selection::Strategy;
use crate::shelf::Shelf;
use beckon_domain::{ProductId, Profile};

/// Products of a person's way that a recommendation starts from, the newest first.
const WAY_COUNT_MAX: usize = 10;
/// Products of the feed that are looked through where all else did not fill a slot.
const FEED_COUNT_MAX: usize = 200;

/// A person's way through the shop, the newest last: the page they are on, and what they looked at before in their newest
/// session; where they looked at nothing in it, in sessions before.
#[must_use]
pub fn way<'a>(profile: Option<&'a Profile>, page: Option<&'a ProductId>) -> Vec<&'a ProductId> {
    let trail = || profile.into_iter().flat_map(Profile::trail);
    let viewed = profile.into_iter().flat_map(|profile| profile.viewed.newest_first());
    let any = viewed.filter(|_| trail().next().is_none());
    let before = trail().chain(any).map(|view| &view.product).filter(|id| Some(*id) != page);
    let mut way: Vec<&ProductId> = page.into_iter().chain(before).take(WAY_COUNT_MAX).collect();
    way.reverse();
    way
}

/// What strategies look at.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) slot: &'a Slot,
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) shelf: Shelf<'a>,
}

impl<'a> Sight<'a> {
    /// The products of a strategy; `None` where there is nothing to start from.
    pub(crate) fn candidates(&self, strategy: Strategy, matched: Matched<'a>) -> Option<Vec<Found>> {
        let facts = self.facts;
        Some(match strategy {
            Strategy::Related => self.related(self.product_of_the_page(matched)?),
            Strategy::AccessoriesFirst => self.accessories_first(self.product_of_the_match(matched)?),
            Strategy::CategoryAffinity => self.category_affinity(),
            Strategy::BestSellers => self.best_sellers(),
            Strategy::Similar => {
                let subject = self.subject(matched)?;
                let mut similar = self.learned(Learned::Similar, &[subject], Source::Similar);
                similar.extend(self.named_beside(subject));
                similar
            }
            Strategy::AlsoBought => {
                let subject = self.subject(matched)?;
                let mut bought = self.learned(Learned::AlsoBought, &[subject], Source::AlsoBought);
                bought.extend(self.learned(Learned::Similar, &[subject], Source::Similar));
                bought
            }
            Strategy::ForYou => {
                let mut wished = self.learned(Learned::ForYou, &self.way(), Source::ForYou);
                wished.extend(self.category_affinity());
                wished
            }
            Strategy::CartComplement => {
                let lines = facts.profile.map(|profile| profile.cart.lines.as_slice()).unwrap_or_default();
                let cart: Vec<&ProductId> = lines.iter().map(|line| &line.product).collect();
                let mut beside = self.learned(Learned::CartComplement, &cart, Source::CartComplement);
                let own = cart.iter().filter_map(|id| self.shelf.catalog.product(id.as_str()));
                beside.extend(found(own.flat_map(|product| &product.accessories), Source::Accessory));
                beside.retain(|one| !cart.contains(&&one.candidate.product));
                beside
            }
            Strategy::Trending => self.learned(Learned::Trending, &[], Source::Trending),
            Strategy::RecentlyViewed => {
                let viewed = facts.profile.into_iter().flat_map(|profile| profile.viewed.newest_first());
                found(viewed.map(|view| &view.product), Source::RecentlyViewed)
            }
        })
    }

    /// What was learned, as far as the shop has it.
    fn learned(&self, question: Learned, from: &[&ProductId], source: Source) -> Vec<Found> {
        if from.is_empty() && question != Learned::Trending {
            return Vec::new();
        }
        let learned = self.shelf.live.learned(question, from);
        let known = learned.into_iter().filter(|one| self.shelf.knows(one.product.as_str()));
        known.map(|candidate| Found { candidate, source }).collect()
    }

    /// What a recommendation about one product starts from: the page's product, else the one that made the rule match, else
    /// the one viewed last.
    fn subject(&self, matched: Matched<'a>) -> Option<&'a ProductId> {
        let page = self.facts.page.product.as_ref();
        let viewed = self.facts.profile.and_then(|profile| profile.viewed.newest_first().next());
        page.or(matched.product).or_else(|| viewed.map(|view| &view.product))
    }

    fn way(&self) -> Vec<&'a ProductId> {
        way(self.facts.profile, self.facts.page.product.as_ref())
    }

    /// For what is related: the page's product, else the one that made the rule match, else the one viewed last.
    fn product_of_the_page(&self, matched: Matched<'a>) -> Option<&'a Product> {
        self.first_known([self.facts.page.product.as_ref(), matched.product])
    }

    /// For accessories: the product that made the rule match, because it is *its* accessories that the rule promises, else
    /// the page's, else the one viewed last.
    fn product_of_the_match(&self, matched: Matched<'a>) -> Option<&'a Product> {
        self.first_known([matched.product, self.facts.page.product.as_ref()])
    }

    /// The first that the ruleset's catalog knows.
    fn first_known(&self, order: [Option<&'a ProductId>; 2]) -> Option<&'a Product> {
        let viewed = self.facts.profile.into_iter().flat_map(|p| p.viewed.newest_first());
        let viewed = viewed.map(|view| &view.product);
        order.into_iter().flatten().chain(viewed).find_map(|id| self.shelf.catalog.product(id.as_str()))
    }

    /// What is related to a product: what the ruleset says, then the rest of its category.
    fn related(&self, product: &Product) -> Vec<Found> {
        let same_category = self.shelf.catalog.of_category(&product.category).map(|p| &p.id);
        let others = product.related.iter().chain(same_category).filter(|id| **id != product.id);
        found(others, Source::Related)
    }

    /// What the ruleset names beside a product, if it knows it.
    fn named_beside(&self, id: &ProductId) -> Vec<Found> {
        let product = self.shelf.catalog.product(id.as_str());
        found(product.into_iter().flat_map(|product| &product.related), Source::Related)
    }

    /// A product's accessories, then what is related to it.
    fn accessories_first(&self, product: &Product) -> Vec<Found> {
        let mut candidates = found(&product.accessories, Source::Accessory);
        candidates.extend(self.related(product));
        candidates
    }

    /// The products of the categories that the person cares about, strongest category first.
    fn category_affinity(&self) -> Vec<Found> {
        let Some(profile) = self.facts.profile else { return Vec::new() };
        let ranked = profile.affinity.ranked(self.facts.now, self.facts.policy.affinity_half_life);
        let mut candidates = Vec::new();
        for (category, _) in ranked.into_iter().filter(|(_, score)| *score > 0) {
            let own = self.shelf.catalog.of_category(category).map(|product| &product.id);
            candidates.extend(found(own, Source::CategoryAffinity));
            let of_feed = self.shelf.live.products(Some(category), FEED_COUNT_MAX);
            candidates.extend(found(&of_feed, Source::CategoryAffinity));
        }
        candidates
    }

    /// What sells best: what is counted, unless the slot wants only what is listed, then what the ruleset names.
    fn best_sellers(&self) -> Vec<Found> {
        let mut candidates = self.counted();
        candidates.extend(found(&self.shelf.catalog.best_sellers, Source::BestSeller));
        candidates
    }

    /// What a slot shows everybody: what sells best in the category and in the store, its own list, then the best sellers
    /// that the ruleset names.
    pub(crate) fn everybodys(&self) -> Vec<Found> {
        let mut candidates = self.counted();
        if let SlotFallback::Products(ids) = &self.slot.fallback {
            candidates.extend(found(ids, Source::Listed));
        }
        candidates.extend(found(&self.shelf.catalog.best_sellers, Source::BestSeller));
        candidates
    }

    /// Where even that is not enough: anything of the feed, the page's category first.
    pub(crate) fn anything(&self) -> Vec<Found> {
        let live: &dyn Live = self.shelf.live;
        let of_category =
            self.facts.page_category.map(|category| live.products(Some(category), FEED_COUNT_MAX));
        let mut candidates = found(&of_category.unwrap_or_default(), Source::Catalog);
        candidates.extend(found(&live.products(None, FEED_COUNT_MAX), Source::Catalog));
        candidates
    }

    /// What is counted from events, if the slot wants it.
    fn counted(&self) -> Vec<Found> {
        let mut candidates = Vec::new();
        if self.slot.best_sellers == BestSellerChoice::Live {
            let lists = self.shelf.live.best_sellers();
            for (ids, source) in
                [(lists.category, Source::CategoryBestSeller), (lists.store, Source::StoreBestSeller)]
            {
                let known = ids.iter().filter(|id| self.shelf.knows(id.as_str()));
                candidates.extend(found(known, source));
            }
        }
        candidates
    }
}
