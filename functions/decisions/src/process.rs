//! The use case: a request becomes one decision per slot.

use crate::admit::Admitted;
use crate::beside::Beside;
use crate::best_sellers::BestSellerLists;
use crate::budget::{BUDGET_DEFAULT, Times};
use crate::catalog::LiveCatalog;
use crate::degrading::Part;
use crate::error::DecideError;
use crate::experiments::{Asker, Exposures};
use crate::explain;
use crate::items::Items;
use crate::log::{self, DecisionLog};
use crate::preview;
use crate::propensity;
use crate::reading::{Asked, Lookup, Seen};
use crate::session_index::LiveSessionIndex;
use crate::slots::{DecidedSlots, Scene, person};
use beckon_domain::id::SlotId;
use beckon_domain::{ProfileKey, SmolStr, Timestamp};
use beckon_rules::{Page, PageKind, Ruleset};
use beckon_runtime::{Clock, Metrics, Secrets, Timer};
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::catalog::CatalogStore;
use beckon_store::tables::{ConfigStore, ProfileStore};
use beckon_store::worth::ActiveWorth;
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{
    DecisionRecord, DecisionsRequest, DecisionsResponse, PageAsk, PageRecord, ProfileInfo, SlotRecord,
};
use beckon_wire::problem::{Fault, Problem};
use std::sync::Arc;
use std::time::Duration;

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
    /// What strategies are worth in slots that learn.
    pub worth: ActiveWorth,
    /// Where it is told that somebody is shown a variant of an experiment for the first time.
    pub exposures: Exposures,
    /// Pepper and write keys.
    pub secrets: Secrets,
    /// Where decisions are written down.
    pub log: DecisionLog,
    /// How long a request may take.
    pub budget: Duration,
    /// What that time is measured by.
    pub timer: Timer,
    /// The time.
    pub clock: Clock,
    /// Where it is told what a request came to.
    pub metrics: Metrics,
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
            worth: ActiveWorth::default(),
            exposures: Exposures::default(),
            secrets,
            log: DecisionLog::default(),
            budget: BUDGET_DEFAULT,
            timer: Timer::system(),
            clock,
            metrics: Metrics::default(),
        }
    }

    /// The same, with what the shop sells.
    #[must_use]
    pub fn with_catalog(self, catalog: LiveCatalog) -> Self {
        Self { catalog, ..self }
    }

    /// The same, which writes down what it decides.
    #[must_use]
    pub fn with_log(self, log: DecisionLog) -> Self {
        Self { log, ..self }
    }

    /// The same with its own time: how long a request may take, and what that is measured by.
    #[must_use]
    pub fn with_budget(self, budget: Duration, timer: Timer) -> Self {
        Self { budget, timer, ..self }
    }

    /// Reads what every request needs, through a table that may take its time. What fails is read again when it is asked for.
    pub async fn warm(&self, patient: &(impl ConfigStore + CatalogStore)) {
        let now = self.clock.now();
        if let Err(error) = self.rulesets.get(patient, now).await {
            tracing::warn!(error = ?error, "started without a ruleset");
        }
        tokio::join!(
            self.best_sellers.refresh(patient, None, false, now),
            self.session_index.read(now),
            self.catalog.read(now),
            self.secrets.made.warm(now),
            self.propensity.get(patient, now),
            self.worth.get(patient, now)
        );
    }
}

/// What the headers of a request say of who sends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Browser {
    /// Global Privacy Control.
    pub has_gpc: bool,
    /// Whether a program asks, and no person. Behind a secret key is a server, whose own headers say nothing of the person.
    pub is_bot: bool,
}

/// What a page is told, and what is still to be done before the process may be frozen.
pub struct Decided<'a> {
    /// The answer.
    pub response: DecisionsResponse,
    /// What is written beside rendering it.
    pub beside: Beside<'a>,
}

impl<T: ProfileStore + ConfigStore + CatalogStore> Decider<T> {
    /// Decides, and does what has to be done beside it. With Global Privacy Control nobody's profile is read:
    /// what the request itself says must do.
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
        let decided = self.begin(bytes, credentials, browser, request_id).await?;
        decided.beside.done().await;
        Ok(decided.response)
    }

    /// Decides, and leaves it to the caller to do beside rendering what has to be done.
    ///
    /// # Errors
    /// As [`Self::decide`].
    pub async fn begin<'a>(
        &'a self,
        bytes: &[u8],
        credentials: &Credentials,
        browser: Browser,
        request_id: &'a str,
    ) -> Result<Decided<'a>, DecideError> {
        let request = DecisionsRequest::parse(bytes)?;
        let times = Times::begin(&self.timer, self.budget, request.budget_ms);
        let now = self.clock.now();
        let mut admitted = self.admit(bytes, &request, credentials, browser, now).await?;
        let catalog = self.catalog.get(now);
        let mut page = page(&request.page)?;
        self.complete(&mut page, catalog.as_deref());
        let slots: Vec<&SlotId> = request.slots.iter().map(|slot| &slot.id).collect();
        let asked = Asked { page: &page, slots: &slots, catalog, request_id, now };
        let mut seen = self.see(&asked, &admitted, &times).await?;
        let at = self.previewed(&mut seen, &mut admitted, now);
        if let Lookup::Answered(Some(known)) = &mut seen.lookup {
            propensity::predict(known, seen.model.as_deref(), at, seen.ruleset.policy());
        }
        let is_preview = admitted.preview.is_some();
        let asker = Asker {
            who: &admitted.who,
            lookup: &seen.lookup,
            is_bot: request.is_bot || admitted.is_bot,
            forced: &admitted.forced(&seen.ruleset),
        };
        let assigned = asker.assigned(&seen.ruleset, &page, &slots, at);
        let mut beside = Beside::default();
        if request.record_exposure
            && !is_preview
            && let Some(key) = asker.key()
        {
            let put = self.exposures.put(&key, &assigned, now);
            beside = beside.and(put.within(times.whole.clone(), request_id));
        }
        let scene = Scene {
            person: person(seen.lookup.known(), &page),
            seen: &seen,
            assigned: &assigned,
            now: at,
            request_id,
            explains: admitted.explains,
            records: !is_preview && !admitted.source.is_canary() && self.log.is_kept(request_id),
            has_gpc: admitted.has_gpc,
            dedupes: request.dedupe,
        };
        let DecidedSlots { answers, records, errors } = scene.decide(&request.slots, &times);
        if !records.is_empty() {
            let record = record(&seen, &page, records, now);
            let subject = log::subject(seen.lookup.known(), admitted.who.key(), &record.slots);
            beside = beside.and(self.kept(request_id, subject, record, now, times));
        }
        let mut response = DecisionsResponse {
            request_id: request_id.to_owned(),
            config_version: config_version(&seen.ruleset),
            profile: profile_info(&seen.lookup),
            decisions: answers,
            segments: None,
            acting: None,
            propensity: None,
            degraded: seen.degraded.iter().copied().map(Part::code).collect(),
            preview: is_preview,
            errors,
            warnings: admitted.warnings,
        };
        if admitted.tells {
            propensity::tell(&mut response, seen.lookup.known(), seen.model.as_deref());
        }
        if admitted.explains && matches!(seen.lookup, Lookup::Answered(_)) {
            explain::of_person(&mut response, &seen.ruleset, &scene.person, at);
        }
        report(&response);
        Ok(Decided { response, beside })
    }

    /// Puts whom a preview is of in the place of who asks, and the canary's rules in the place of the live ones. Returns the time that is decided for.
    fn previewed(&self, seen: &mut Seen, admitted: &mut Admitted, now: Timestamp) -> Timestamp {
        if admitted.source.is_canary() {
            crate::canary::take_place(seen);
        }
        let Some(preview) = &admitted.preview else { return now };
        let at = preview.at.unwrap_or(now);
        if let Some(persona) = &preview.persona {
            if let Some(segments) = &persona.segments {
                seen.ruleset = Arc::new(seen.ruleset.with_segments(segments));
            }
            let made_up =
                preview::made_up(persona, &seen.ruleset, &admitted.source, at, &mut admitted.warnings);
            seen.lookup = Lookup::Answered(Some(Box::new(made_up)));
        }
        seen.live.now = at;
        at
    }

    async fn kept(
        &self,
        request_id: &str,
        subject: Option<ProfileKey>,
        record: DecisionRecord,
        now: Timestamp,
        times: Times,
    ) {
        self.log.put(request_id, subject, &record, now, &times.whole).await;
    }
}

/// Name and version of a ruleset.
pub(crate) fn config_version(ruleset: &Ruleset) -> String {
    format!("{}@{}", ruleset.name(), ruleset.version())
}

/// Says in the log what an answer did without: a metric counts it.
fn report(response: &DecisionsResponse) {
    if !response.degraded.is_empty() {
        let without = response.degraded.join(",");
        tracing::error!(request.id = response.request_id, decision.without = without, "decided with less");
    }
}

fn record(seen: &Seen, page: &Page, slots: Vec<SlotRecord>, now: Timestamp) -> DecisionRecord {
    DecisionRecord {
        at: beckon_wire::format_time(now),
        config_version: config_version(&seen.ruleset),
        state: profile_info(&seen.lookup).state.to_owned(),
        page: PageRecord {
            kind: page.kind.map(|kind| kind.code().to_owned()),
            product_id: page.product.as_ref().map(ToString::to_string),
            category: page.category.as_ref().map(ToString::to_string),
        },
        degraded: seen.degraded.iter().map(|part| part.code().to_owned()).collect(),
        slots,
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
    match lookup.known() {
        Some(known) => ProfileInfo {
            state: if known.is_customer { "known" } else { "anonymous" },
            as_of: Some(beckon_wire::format_time(known.profile.last_seen_at)),
        },
        None => ProfileInfo { state: "none", as_of: None },
    }
}
