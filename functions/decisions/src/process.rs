//! The use case: a request becomes one decision per slot.

use crate::best_sellers::BestSellerLists;
use crate::catalog::LiveCatalog;
use crate::error::DecideError;
use crate::experiments::{Asker, Exposures};
use crate::explain;
use crate::items::Items;
use crate::knowledge::{Knowledge, PageLists};
use crate::person::{Known, Who};
use crate::propensity;
use crate::scene::Scene;
use crate::session_index::LiveSessionIndex;
use beckon_domain::catalog::CatalogSnapshot;
use beckon_domain::id::{SlotId, UserId};
use beckon_domain::key::{WriteKey, WriteKeyKind};
use beckon_domain::{Category, ProductId, Profile, ProfileKey, SmolStr, Timestamp};
use beckon_rules::{Forced, Learned, Page, PageKind, Person, Ruleset, way};
use beckon_runtime::{Clock, Secrets};
use beckon_store::StoreError;
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::catalog::CatalogStore;
use beckon_store::tables::{ConfigStore, ProfileStore, Stored};
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{DecisionsRequest, DecisionsResponse, PageAsk, ProfileInfo};
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::token::{self, TokenFault};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Products of a cart from which recommendations start, at most.
const CART_START_COUNT_MAX: usize = 10;

/// Everything the decisions function needs.
#[derive(Clone)]
pub struct Decider<T> {
    /// ProfileTable, ConfigTable and CatalogTable.
    pub tables: T,
    /// The live ruleset.
    pub rulesets: ActiveRuleset,
    /// What sells best, and what is trending.
    pub best_sellers: BestSellerLists,
    /// What was learned of products.
    pub items: Items,
    /// Recent sessions, where an index of them is made.
    pub session_index: LiveSessionIndex,
    /// What the shop sells.
    pub catalog: LiveCatalog,
    /// The live propensity model.
    pub propensity: ActivePropensity,
    /// Where it is told that somebody is shown a variant of an experiment for the first time.
    pub exposures: Exposures,
    /// Pepper and write keys.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
}

/// What the headers of a request say of who sends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Browser {
    /// Global Privacy Control.
    pub has_gpc: bool,
    /// Whether a program asks, and no person. Behind a secret key is a server, whose own headers say nothing of the person.
    pub is_bot: bool,
}

/// What the store had to say of the person.
pub(crate) enum Lookup {
    /// What is known, if anything.
    Answered(Option<Box<Known>>),
    /// Nothing in time.
    Failed,
}

impl Lookup {
    pub(crate) fn known(&self) -> Option<&Known> {
        match self {
            Self::Answered(known) => known.as_deref(),
            Self::Failed => None,
        }
    }
}

impl<T> Decider<T> {
    /// A decisions function with nothing in memory yet but what its rulesets hold.
    pub fn new(tables: T, rulesets: ActiveRuleset, secrets: Secrets, clock: Clock) -> Self {
        Self {
            tables,
            rulesets,
            best_sellers: BestSellerLists::default(),
            items: Items::default(),
            session_index: LiveSessionIndex::default(),
            catalog: LiveCatalog::default(),
            propensity: ActivePropensity::default(),
            exposures: Exposures::default(),
            secrets,
            clock,
        }
    }

    /// The same, with what the shop sells.
    #[must_use]
    pub fn with_catalog(self, catalog: LiveCatalog) -> Self {
        Self { catalog, ..self }
    }
}

impl<T: ProfileStore + ConfigStore + CatalogStore> Decider<T> {
    /// Decides. With Global Privacy Control nobody's profile is read: what the request itself says must do.
    ///
    /// # Errors
    /// When the request is not valid, its key is unknown, or there never was a ruleset.
    pub async fn decide(
        &self,
        bytes: &[u8],
        credentials: &Credentials,
        browser: Browser,
        request_id: &str,
    ) -> Result<DecisionsResponse, DecideError> {
        let request = DecisionsRequest::parse(bytes)?;
        let presented = credentials.user.as_deref().or(request.write_key.as_deref());
        let now = self.clock.now();
        let key = self.secrets.find_key(presented, now).await?.ok_or_else(Problem::unauthorized)?;
        let mut warnings: Vec<Fault> = credentials.admit(&key)?.into_iter().collect();
        let proof = self.proof(bytes, &request, &key, &mut warnings).await?;
        let explains = explain::may_explain(request.explain, key.kind)?;
        let tells = propensity::may_tell(request.propensity, key.kind)?;
        let catalog = self.catalog.get(now);
        let mut page = page(&request.page)?;
        self.complete(&mut page, catalog.as_deref());
        let who = Who::from_request(&request, key.kind, proof.as_ref(), &self.secrets.pepper)?;
        let who = if browser.has_gpc { Who::default() } else { who };
        let slots: Vec<&SlotId> = request.slots.iter().map(|slot| &slot.id).collect();
        let (category, asked) = (self.category(&page), self.questions(&slots));
        let of_page = page.product.iter().filter(|_| asks_about_products(&asked)).cloned().collect();
        // Together: the page waits for the slowest, not for one after the other.
        let (ruleset, loaded, lists, model, ()) = tokio::join!(
            self.rulesets.get(&self.tables, now),
            who.load(&self.tables),
            self.best_sellers.get(&self.tables, category.as_ref(), asked.contains(&Learned::Trending), now),
            self.propensity.get(&self.tables, now),
            self.items.refresh(&self.tables, of_page, now)
        );
        let ruleset = ruleset.map_err(DecideError::NoRuleset)?;
        let asked = ruleset.questions(&slots);
        let (mut lookup, starts) = self.look_up(&who, loaded, &ruleset, (&page, &asked, request_id)).await;
        if let Lookup::Answered(Some(known)) = &mut lookup {
            propensity::predict(known, model.as_deref(), now, ruleset.policy());
        }
        let live = self.knowledge(&ruleset, lists, &starts, catalog, now);
        let is_bot = request.is_bot || (browser.is_bot && key.kind == WriteKeyKind::Publishable);
        let asker = Asker { who: &who, lookup: &lookup, is_bot, forced: &Forced::default() };
        let assigned = asker.assigned(&ruleset, &page, &slots, now);
        let exposed = asker.key().filter(|_| request.record_exposure);
        let spent = self.clock.now().since(now);
        let scene = Scene {
            ruleset: &ruleset,
            assigned: &assigned,
            lookup: &lookup,
            explains,
            page: &page,
            live: &live,
            has_gpc: browser.has_gpc,
            now: self.clock.now(),
        };
        let rendered = async { scene.slots(&request.slots) };
        let ((), (decisions, errors)) =
            tokio::join!(self.exposures.put(exposed, &assigned, now, (spent, request_id)), rendered);
        let mut response = DecisionsResponse {
            request_id: request_id.to_owned(),
            config_version: format!("{}@{}", ruleset.name(), ruleset.version()),
            profile: profile_info(&lookup),
            decisions,
            segments: None,
            acting: None,
            propensity: None,
            errors,
            warnings,
        };
        if tells && let Lookup::Answered(known) = &lookup {
            propensity::tell(&mut response, known.as_deref(), model.as_deref());
        }
        if explains && let Lookup::Answered(known) = &lookup {
            explain::of_person(&mut response, &ruleset, &person(known.as_deref(), &page), now);
        }
        Ok(response)
    }

    /// What others know, for one request.
    fn knowledge(
        &self,
        ruleset: &Ruleset,
        lists: PageLists,
        starts: &[ProductId],
        catalog: Option<Arc<CatalogSnapshot>>,
        now: Timestamp,
    ) -> Knowledge {
        Knowledge {
            now,
            currency: ruleset.currency(),
            lists,
            items: self.items.held(starts),
            sessions: self.session_index.get(now),
            has_feed: catalog.as_ref().is_some_and(|catalog| catalog.has_feed()),
            catalog,
        }
    }

    /// The customer whom the request's token proves. A token that proves nothing, or somebody else than the request names,
    /// is told and does nothing.
    async fn proof(
        &self,
        bytes: &[u8],
        request: &DecisionsRequest,
        key: &WriteKey,
        warnings: &mut Vec<Fault>,
    ) -> Result<Option<UserId>, DecideError> {
        let token = token::of_body(bytes).filter(|_| key.kind == WriteKeyKind::Publishable);
        let Some(token) = token else { return Ok(None) };
        let now = self.clock.now();
        let secret_of = async |kid: String| self.secrets.signing_secret(&kid, &key.source, now).await;
        let fault = match token::prove(&token, secret_of, now).await? {
            Ok(proof) if request.user.as_ref().is_none_or(|user| *user == proof) => return Ok(Some(proof)),
            Ok(_) => TokenFault::OtherPerson,
            Err(fault) => fault,
        };
        warnings.push(fault.into());
        Ok(None)
    }

    /// The page's category. That of its product is told by the ruleset in memory: to wait for a newer one would cost a
    /// second round trip.
    fn category(&self, page: &Page) -> Option<Category> {
        let held = self.rulesets.in_memory();
        let by_ruleset = held.as_ref().and_then(|ruleset| ruleset.page_category(page));
        by_ruleset.or(page.category.as_ref()).cloned()
    }

    /// The category of the page's product as the catalog has it, where neither the request nor the ruleset tells one.
    fn complete(&self, page: &mut Page, catalog: Option<&CatalogSnapshot>) {
        if self.category(page).is_none()
            && let Some(entry) = page.product.as_ref().and_then(|id| catalog?.product(id.as_str()))
        {
            page.category = entry.category().cloned();
        }
    }

    /// The questions that rules of these slots may ask, as far as the ruleset in memory tells.
    fn questions(&self, slots: &[&SlotId]) -> BTreeSet<Learned> {
        self.rulesets.in_memory().map(|ruleset| ruleset.questions(slots)).unwrap_or_default()
    }

    /// Who it is, and the products from which recommendations may start, whose lists are in memory then. At most one more
    /// round trip: of a visitor who turns out to be a customer, what they looked at as a customer is known only after it,
    /// so of that the lists in memory must do.
    async fn look_up(
        &self,
        who: &Who,
        loaded: Result<BTreeMap<ProfileKey, Stored>, StoreError>,
        ruleset: &Ruleset,
        (page, asked, request_id): (&Page, &BTreeSet<Learned>, &str),
    ) -> (Lookup, Vec<ProductId>) {
        let failed = |error: StoreError| {
            tracing::warn!(request.id = request_id, error = ?error, "decided without the profile");
            (Lookup::Failed, page.product.iter().cloned().collect())
        };
        let mut loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return failed(error),
        };
        let wanted = starts(who.own(&loaded), page, asked);
        let now = self.clock.now();
        let (linked, ()) = tokio::join!(
            who.load_linked(&self.tables, &loaded),
            self.items.refresh(&self.tables, wanted.clone(), now)
        );
        match linked {
            Ok(mut linked) => loaded.append(&mut linked),
            Err(error) => return failed(error),
        }
        let known = who.compose(loaded, ruleset.policy());
        let own = starts(known.iter().map(|known| &known.profile), page, asked);
        (Lookup::Answered(known.map(Box::new)), wanted.into_iter().chain(own).collect())
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

/// Who asks, as rules see them.
pub(crate) fn person<'a>(known: Option<&'a Known>, page: &Page) -> Person<'a> {
    Person {
        profile: known.map(|known| &known.profile),
        is_known: known.is_some_and(|known| known.is_customer),
        page: page.clone(),
        propensity: known.and_then(|known| known.propensity),
    }
}

fn page(ask: &PageAsk) -> Result<Page, Problem> {
    let kind = match &ask.kind {
        None => None,
        Some(word) => Some(PageKind::parse(&word.to_ascii_lowercase()).ok_or_else(|| {
            let detail = "expected HOME, CATEGORY, PRODUCT, CART or OTHER";
            Problem::bad_request("the request has a value that cannot be used").with(Fault::new(
                "/context/page/type",
                "schema.value",
                detail,
            ))
        })?),
    };
    Ok(Page {
        kind,
        product: ask.product.clone(),
        category: ask.category.clone(),
        locale: ask.locale.as_deref().map(SmolStr::new),
        timezone: ask.timezone.as_deref().map(SmolStr::new),
    })
}

fn profile_info(lookup: &Lookup) -> ProfileInfo {
    match lookup {
        Lookup::Answered(Some(known)) => ProfileInfo {
            state: if known.is_customer { "known" } else { "anonymous" },
            as_of: Some(beckon_wire::format_time(known.profile.last_seen_at)),
        },
        Lookup::Answered(None) | Lookup::Failed => ProfileInfo { state: "none", as_of: None },
    }
}
