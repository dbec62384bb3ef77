//! What a decision reads: one round trip, and a second at most, each part waited for no longer than the request can afford.

use crate::admit::Admitted;
use crate::budget::Times;
use crate::degrading::{Cause, Part};
use crate::error::DecideError;
use crate::knowledge::Knowledge;
use crate::person::{Known, Who};
use crate::process::Decider;
use beckon_domain::catalog::CatalogSnapshot;
use beckon_domain::id::SlotId;
use beckon_domain::{Category, ProductId, Profile, ProfileKey, Timestamp};
use beckon_recommend::Worth;
use beckon_rules::{Learned, Page, Ruleset, way};
use beckon_store::StoreError;
use beckon_store::propensity::Predictor;
use beckon_store::tables::catalog::CatalogStore;
use beckon_store::tables::{ConfigStore, ProfileStore, Stored};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Products of a cart from which recommendations start, at most.
const CART_START_COUNT_MAX: usize = 10;

/// What the store had to say of the person.
pub(crate) enum Lookup {
    /// What is known, if anything.
    Answered(Option<Box<Known>>),
    /// Nothing that can be used.
    Failed(Cause),
}

impl Lookup {
    /// What is known of the person, if anything.
    pub(crate) fn known(&self) -> Option<&Known> {
        match self {
            Self::Answered(known) => known.as_deref(),
            Self::Failed(_) => None,
        }
    }
}

/// Everything that was read.
pub(crate) struct Seen {
    /// What to decide by.
    pub ruleset: Arc<Ruleset>,
    /// Of whom.
    pub lookup: Lookup,
    /// The live propensity model.
    pub model: Option<Arc<Predictor>>,
    /// What others know.
    pub live: Knowledge,
    /// What was not there in time, or is older than it should be.
    pub degraded: Vec<Part>,
}

type Loaded = Option<Result<BTreeMap<ProfileKey, Stored>, StoreError>>;

/// What a request is about.
pub(crate) struct Asked<'a> {
    /// The page.
    pub page: &'a Page,
    /// The slots.
    pub slots: &'a [&'a SlotId],
    /// The catalog, as it is in memory.
    pub catalog: Option<Arc<CatalogSnapshot>>,
    /// The id under which the request is logged.
    pub request_id: &'a str,
    /// When it came.
    pub now: Timestamp,
}

impl<T: ProfileStore + ConfigStore + CatalogStore> Decider<T> {
    /// Reads what the request's decisions need.
    ///
    /// # Errors
    /// When there is no ruleset, and never was one.
    pub(crate) async fn see(
        &self,
        asked: &Asked<'_>,
        admitted: &Admitted,
        times: &Times,
    ) -> Result<Seen, DecideError> {
        let (page, now, reads) = (asked.page, asked.now, &times.reads);
        let (category, questions) = (self.category(page), self.questions(asked.slots));
        let with_trending = questions.contains(&Learned::Trending);
        let of_page: Vec<ProductId> =
            page.product.iter().filter(|_| asks_about_products(&questions)).cloned().collect();
        // Together: the page waits for the slowest, not for one after the other.
        let (ruleset, loaded, _, model, worth, _) = tokio::join!(
            self.ruleset(times, now),
            reads.within(admitted.who.load(&self.tables)),
            reads.within(self.best_sellers.refresh(&self.tables, category.as_ref(), with_trending, now)),
            reads.within(self.propensity.get(&self.tables, now)),
            self.worth(asked, times),
            reads.within(self.items.refresh(&self.tables, of_page, now))
        );
        let model = model.unwrap_or_else(|| {
            self.propensity.put_off(now);
            self.propensity.in_memory(now)
        });
        let ruleset = ruleset?;
        let questions = ruleset.questions(asked.slots);
        let (lookup, starts) =
            self.look_up(&admitted.who, loaded, &ruleset, (asked, &questions), times).await;
        let (lists, lists_are_behind) = self.best_sellers.held(category.as_ref(), with_trending);
        let degraded = [
            (Part::Profile, matches!(lookup, Lookup::Failed(_))),
            (Part::Ruleset, self.rulesets.is_behind()),
            (Part::BestSellers, lists_are_behind),
            (Part::Items, self.items.is_behind(&starts)),
            (Part::Propensity, self.propensity.is_behind()),
            (Part::Catalog, self.catalog.is_behind()),
            (Part::SessionIndex, self.session_index.is_behind()),
            (Part::Worth, worth.is_some() && self.worth.is_behind()),
        ];
        let live = Knowledge {
            now,
            currency: ruleset.currency(),
            lists,
            items: self.items.held(&starts),
            sessions: self.session_index.get(now),
            worth: worth.flatten(),
            has_feed: asked.catalog.as_ref().is_some_and(|catalog| catalog.has_feed()),
            catalog: asked.catalog.clone(),
        };
        let degraded = degraded.into_iter().filter(|(_, is_behind)| *is_behind).map(|(part, _)| part);
        Ok(Seen { ruleset, lookup, model, live, degraded: degraded.collect() })
    }
}

impl<T: ConfigStore> Decider<T> {
    /// What strategies are worth; `None` where no slot asked for learns, as far as the ruleset in memory tells: then nothing is
    /// read.
    async fn worth(&self, asked: &Asked<'_>, times: &Times) -> Option<Option<Arc<Worth>>> {
        if !self.rulesets.in_memory()?.learns(asked.slots) {
            return None;
        }
        let read = times.reads.within(self.worth.get(&self.tables, asked.now)).await;
        Some(read.unwrap_or_else(|| {
            self.worth.put_off(asked.now);
            self.worth.in_memory(asked.now)
        }))
    }

    /// The ruleset: the live one if it comes in time, else the one in memory. Where none is there yet it is waited for as
    /// long as the store's own patience lasts, because there is nothing else to answer with.
    pub(crate) async fn ruleset(&self, times: &Times, now: Timestamp) -> Result<Arc<Ruleset>, DecideError> {
        let Some(held) = self.rulesets.in_memory() else {
            return self.rulesets.get(&self.tables, now).await.map_err(DecideError::NoRuleset);
        };
        Ok(match times.reads.within(self.rulesets.get(&self.tables, now)).await {
            Some(Ok(ruleset)) => ruleset,
            Some(Err(_)) => held,
            None => {
                self.rulesets.put_off(now);
                held
            }
        })
    }
}

impl<T: ProfileStore + ConfigStore + CatalogStore> Decider<T> {
    /// The page's category. That of its product is told by the ruleset in memory: to wait for a newer one would cost a
    /// second round trip.
    pub(crate) fn category(&self, page: &Page) -> Option<Category> {
        let held = self.rulesets.in_memory();
        let by_ruleset = held.as_ref().and_then(|ruleset| ruleset.page_category(page));
        by_ruleset.or(page.category.as_ref()).cloned()
    }

    /// The category of the page's product as the catalog has it, where neither the request nor the ruleset tells one.
    pub(crate) fn complete(&self, page: &mut Page, catalog: Option<&CatalogSnapshot>) {
        if self.category(page).is_none()
            && let Some(entry) = page.product.as_ref().and_then(|id| catalog?.product(id.as_str()))
        {
            page.category = entry.category().cloned();
        }
    }

    /// The questions that rules of these slots may ask, as far as the ruleset in memory tells.
    pub(crate) fn questions(&self, slots: &[&SlotId]) -> BTreeSet<Learned> {
        self.rulesets.in_memory().map(|ruleset| ruleset.questions(slots)).unwrap_or_default()
    }

    /// Who it is, and the products from which recommendations may start, whose lists are in memory then. At most one more
    /// round trip: of a visitor who turns out to be a customer, what they looked at as a customer is known only after it,
    /// so of that the lists in memory must do.
    async fn look_up(
        &self,
        who: &Who,
        loaded: Loaded,
        ruleset: &Ruleset,
        (asked, questions): (&Asked<'_>, &BTreeSet<Learned>),
        times: &Times,
    ) -> (Lookup, Vec<ProductId>) {
        let page = asked.page;
        let failed = |cause: Cause| (Lookup::Failed(cause), page.product.iter().cloned().collect());
        let mut loaded = match usable(loaded, asked.request_id) {
            Ok(loaded) => loaded,
            Err(cause) => return failed(cause),
        };
        let wanted = starts(who.own(&loaded), page, questions);
        let (linked, _) = tokio::join!(
            times.reads.within(who.load_linked(&self.tables, &loaded)),
            times.reads.within(self.items.refresh(&self.tables, wanted.clone(), asked.now))
        );
        match usable(linked, asked.request_id) {
            Ok(mut linked) => loaded.append(&mut linked),
            Err(cause) => return failed(cause),
        }
        let known = who.compose(loaded, ruleset.policy());
        let own = starts(known.iter().map(|known| &known.profile), page, questions);
        (Lookup::Answered(known.map(Box::new)), wanted.into_iter().chain(own).collect())
    }
}

/// The profiles that were read, or why there are none.
fn usable(loaded: Loaded, request_id: &str) -> Result<BTreeMap<ProfileKey, Stored>, Cause> {
    match loaded {
        Some(Ok(loaded)) => Ok(loaded),
        Some(Err(error)) => {
            tracing::warn!(request.id = request_id, error = ?error, "decided without the profile");
            Err(Cause::of(&error))
        }
        None => Err(Cause::Late),
    }
}

/// Whether any of the questions starts from products.
fn asks_about_products(asked: &BTreeSet<Learned>) -> bool {
    asked.iter().any(|question| *question != Learned::Trending)
}

/// The products from which recommendations may start.
fn starts<'a>(
    profiles: impl Iterator<Item = &'a Profile>,
    page: &Page,
    asked: &BTreeSet<Learned>,
) -> Vec<ProductId> {
    if !asks_about_products(asked) {
        return Vec::new();
    }
    let asks_of_cart = asked.contains(&Learned::CartComplement);
    let mut starts: Vec<ProductId> = page.product.iter().cloned().collect();
    for profile in profiles {
        starts.extend(way(Some(profile), page.product.as_ref()).into_iter().cloned());
        let lines = profile.cart.lines.iter().filter(|_| asks_of_cart).take(CART_START_COUNT_MAX);
        starts.extend(lines.map(|line| line.product.clone()));
    }
    starts.sort();
    starts.dedup();
    starts
}
