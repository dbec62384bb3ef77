//! What a slot shows everybody: the same for all who ask, so that caches may keep it. No profile is read.

use crate::answer::answer;
use crate::budget::Times;
use crate::error::DecideError;
use crate::knowledge::Knowledge;
use crate::process::{Decider, config_version};
use beckon_domain::catalog::CatalogSnapshot;
use beckon_domain::id::SlotId;
use beckon_domain::{Category, SmolStr};
use beckon_rules::{Learned, Page, PageKind, Ruleset, SlotRequest};
use beckon_store::tables::ConfigStore;
use beckon_store::tables::catalog::CatalogStore;
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{EverybodyAsk, EverybodyResponse};
use beckon_wire::problem::Problem;
use std::sync::Arc;

/// What a slot shows everybody, and whether a cache may keep it.
pub(crate) struct Everybody {
    /// The answer.
    pub response: EverybodyResponse,
    /// Whether something was not there in time: then the next who asks may be told better.
    pub is_degraded: bool,
}

impl<T: ConfigStore + CatalogStore> Decider<T> {
    /// What a slot shows everybody.
    ///
    /// # Errors
    /// When the key is unknown, there is no such slot, or there never was a ruleset.
    pub(crate) async fn everybody(
        &self,
        ask: &EverybodyAsk,
        credentials: &Credentials,
    ) -> Result<Everybody, DecideError> {
        let times = Times::begin(&self.timer, self.budget, None);
        let now = self.clock.now();
        let key = self.key_of(credentials, ask.write_key.as_deref(), now).await?;
        credentials.admit(&key)?;
        let catalog = self.catalog.get(now);
        let slots = [&ask.slot];
        let trending = self.asks_for_trending(&slots);
        let category = ask.category.as_ref().filter(|category| self.sells(category, catalog.as_deref()));
        let (ruleset, _) = tokio::join!(
            self.ruleset(&times, now),
            times.reads.within(self.best_sellers.refresh(&self.tables, category, trending, now))
        );
        let ruleset = ruleset?;
        let (lists, lists_are_behind) = self.best_sellers.held(category, trending);
        let live = Knowledge {
            now,
            currency: ruleset.currency(),
            lists,
            has_feed: catalog.as_ref().is_some_and(|catalog| catalog.has_feed()),
            catalog,
            ..Knowledge::default()
        };
        let response = shown(&ruleset, &live, ask)
            .ok_or_else(|| Problem::not_found(format!("the ruleset has no slot {}", ask.slot)))?;
        let is_degraded = lists_are_behind || self.rulesets.is_behind() || self.catalog.is_behind();
        Ok(Everybody { response, is_degraded })
    }

    fn asks_for_trending(&self, slots: &[&SlotId]) -> bool {
        let held = self.rulesets.in_memory();
        held.is_some_and(|ruleset| ruleset.questions(slots).contains(&Learned::Trending))
    }

    /// Whether a category is one of the shop's: of others nothing is read, so that who makes names up costs no reads.
    fn sells(&self, category: &Category, catalog: Option<&CatalogSnapshot>) -> bool {
        let by_rules = self.rulesets.in_memory().is_some_and(|ruleset| ruleset.has_category(category));
        by_rules || catalog.is_some_and(|catalog| catalog.of_category(category).next().is_some())
    }
}

fn shown(ruleset: &Arc<Ruleset>, live: &Knowledge, ask: &EverybodyAsk) -> Option<EverybodyResponse> {
    let page = Page {
        kind: ask.category.as_ref().map(|_| PageKind::Category),
        category: ask.category.clone(),
        locale: ask.locale.as_deref().map(SmolStr::new),
        ..Page::default()
    };
    let request = SlotRequest { count: ask.count, exclude: Vec::new() };
    let decision = ruleset.decide(&ask.slot, &crate::slots::person(None, &page), &request, live, live.now)?;
    let told = answer((ruleset, live), &ask.slot, decision, String::new());
    Some(EverybodyResponse {
        slot_id: told.slot_id,
        config_version: config_version(ruleset),
        kind: told.kind,
        items: told.items,
        offer: told.offer,
        rule_id: told.reason.rule_id,
    })
}
