//! The use case: a request becomes one decision per slot.

use crate::answer::answer;
use crate::best_sellers::{BestSellerLists, Selling};
use crate::error::DecideError;
use crate::explain;
use crate::person::{Known, Who};
use crate::propensity;
use crate::session_index::LiveSessionIndex;
use beckon_domain::{Category, SmolStr};
use beckon_rules::{Page, PageKind, Person, ReasonCode, Ruleset, SlotRequest};
use beckon_runtime::{Clock, Secrets, fresh_id};
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::catalog::CatalogStore;
use beckon_store::tables::{ConfigStore, ProfileStore};
use beckon_wire::decisions::{
    DecisionAnswer, DecisionsRequest, DecisionsResponse, PageAsk, ProfileInfo, SlotAsk,
};
use beckon_wire::problem::{Fault, Problem};

/// Everything the decisions function needs.
#[derive(Clone)]
pub struct Decider<T> {
    /// ProfileTable, ConfigTable and CatalogTable.
    pub tables: T,
    /// The live ruleset.
    pub rulesets: ActiveRuleset,
    /// What sells best.
    pub best_sellers: BestSellerLists,
    /// Recent sessions of everybody, if they are used.
    pub session_index: LiveSessionIndex,
    /// The live propensity model.
    pub propensity: ActivePropensity,
    /// Pepper and write keys.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
}

/// What the store had to say of the person.
enum Lookup {
    /// What is known, if anything.
    Answered(Option<Box<Known>>),
    /// Nothing in time.
    Failed,
}

impl<T> Decider<T> {
    /// A decisions function with nothing in memory yet but what its rulesets hold.
    pub fn new(tables: T, rulesets: ActiveRuleset, secrets: Secrets, clock: Clock) -> Self {
        Self {
            tables,
            rulesets,
            best_sellers: BestSellerLists::default(),
            session_index: LiveSessionIndex::default(),
            propensity: ActivePropensity::default(),
            secrets,
            clock,
        }
    }
}

impl<T: ProfileStore + ConfigStore + CatalogStore> Decider<T> {
    /// Decides.
    ///
    /// # Errors
    /// When the request is not valid, its key is unknown, or there never was a ruleset.
    pub async fn decide(
        &self,
        bytes: &[u8],
        basic_user: Option<&str>,
        request_id: &str,
    ) -> Result<DecisionsResponse, DecideError> {
        let request = DecisionsRequest::parse(bytes)?;
        let presented = basic_user.or(request.write_key.as_deref());
        let key = presented.and_then(|key| self.secrets.keys.find(key)).ok_or_else(Problem::unauthorized)?;
        let explains = explain::may_explain(request.explain, key.kind)?;
        let tells = propensity::may_tell(request.propensity, key.kind)?;
        let page = page(&request.page)?;
        let who = Who::from_request(&request, key.kind, &self.secrets.pepper)?;
        let now = self.clock.now();
        let category = self.category(&page);
        // Together: the page waits for the slowest, not for one after the other.
        let (ruleset, loaded, selling, model) = tokio::join!(
            self.rulesets.get(&self.tables, now),
            who.load(&self.tables),
            self.best_sellers.get(&self.tables, category.as_ref(), now),
            self.propensity.get(&self.tables, now)
        );
        let ruleset = ruleset.map_err(DecideError::NoRuleset)?;
        let lookup = match loaded {
            Ok(loaded) => {
                let known = who.compose(loaded, ruleset.policy());
                let predict = |known| propensity::predict(known, model.as_deref(), now, ruleset.policy());
                Lookup::Answered(known.map(predict).map(Box::new))
            }
            Err(error) => {
                tracing::warn!(request.id = request_id, error = ?error, "decided without the profile");
                Lookup::Failed
            }
        };
        let mut decisions = Vec::with_capacity(request.slots.len());
        let mut errors = Vec::new();
        for (index, slot) in request.slots.iter().enumerate() {
            match self.slot(&ruleset, slot, (&lookup, explains), &page, &selling) {
                Some(decision) => decisions.push(decision),
                None => {
                    let detail = format!("the ruleset {} has no slot {}", ruleset.name(), slot.id);
                    errors.push(Fault::new(format!("/slots/{index}/id"), "slot.unknown", detail));
                }
            }
        }
        let mut response = DecisionsResponse {
            request_id: request_id.to_owned(),
            config_version: format!("{}@{}", ruleset.name(), ruleset.version()),
            profile: profile_info(&lookup),
            decisions,
            segments: None,
            acting: None,
            propensity: None,
            errors,
        };
        if tells && let Lookup::Answered(known) = &lookup {
            propensity::tell(&mut response, known.as_deref(), model.as_deref());
        }
        if explains && let Lookup::Answered(known) = &lookup {
            explain::of_person(&mut response, &ruleset, &person(known.as_deref(), &page), now);
        }
        Ok(response)
    }

    /// The page's category. That of its product is told by the ruleset in memory: to wait for a newer one would cost a
    /// second round trip.
    fn category(&self, page: &Page) -> Option<Category> {
        let held = self.rulesets.in_memory();
        let by_ruleset = held.as_ref().and_then(|ruleset| ruleset.page_category(page));
        by_ruleset.or(page.category.as_ref()).cloned()
    }

    fn slot(
        &self,
        ruleset: &Ruleset,
        ask: &SlotAsk,
        (lookup, explains): (&Lookup, bool),
        page: &Page,
        selling: &Selling,
    ) -> Option<DecisionAnswer> {
        let mut explanation = None;
        let mut request = SlotRequest { count: ask.count, exclude: ask.exclude.clone() };
        let decision = match lookup {
            Lookup::Failed => {
                // The static content knows no page, and a page must not recommend its own product.
                request.exclude.extend(page.product.clone());
                ruleset.fallback(&ask.id, &request, &selling.lists(), ReasonCode::ErrorFallback)?
            }
            Lookup::Answered(known) => {
                let (person, now) = (person(known.as_deref(), page), self.clock.now());
                if explains {
                    let explained = ruleset.explain(&ask.id, &person, &request, &selling.lists(), now);
                    explanation = explained.and_then(|explained| explain::value(&explained.rules));
                }
                ruleset.decide(&ask.id, &person, &request, &selling.lists(), now)?
            }
        };
        Some(DecisionAnswer { explanation, ..answer(ruleset, &ask.id, decision, fresh_id()) })
    }
}

fn person<'a>(known: Option<&'a Known>, page: &Page) -> Person<'a> {
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
