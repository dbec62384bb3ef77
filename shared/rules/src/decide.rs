//! From a person and a slot to a decision: the first matching rule whose content is not empty, else the fallback.

use crate::compiled::Reading;
use crate::condition::{Condition, Facts, Matched};
use crate::decision::{Content, Decision, Fallback, Reason, ReasonCode, Recommended};
use crate::list::{self, Subject, Wanted};
use crate::model::{Action, COUNT_MAX, Discount, Percent, Rule, Ruleset, Slot, SlotFallback};
use crate::page::{LiveLists, Page, Person, SlotRequest};
use crate::selection::{Selection, Strategy};
use crate::table::{HeldRow, Hit, Table};
use beckon_domain::consent::Purpose;
use beckon_domain::id::SlotId;
use beckon_domain::{Category, ProductId, Profile, Timestamp, id::OfferId};
use std::sync::Arc;

/// From so many rules on, what several of them compare is compared once.
const MANY: usize = 8;

impl Ruleset {
    /// Decides what a slot shows to a person now; `None` when there is no such slot.
    ///
    /// Whoever is unknown, or denies personalization, is shown what rules about the page alone say, else the slot's
    /// fallback.
    #[must_use]
    pub fn decide(
        &self,
        slot: &SlotId,
        person: &Person<'_>,
        request: &SlotRequest,
        live: LiveLists<'_>,
        now: Timestamp,
    ) -> Option<Decision> {
        let slot = self.slot(slot)?;
        let allows =
            |purpose| person.profile.is_some_and(|p| p.consent.allows(purpose, &self.policy.consent_default));
        let code = match person.profile {
            None => ReasonCode::NoProfile,
            Some(_) if !allows(Purpose::Personalization) => ReasonCode::ConsentDenied,
            Some(_) => ReasonCode::Default,
        };
        let mut facts = self.facts(person, now);
        facts.profile = person.profile.filter(|_| code == ReasonCode::Default);
        let wanted = Wanted::new(slot_count(slot, request), request, person.page.product.as_ref());
        let scene = Scene { slot, facts: &facts, wanted: &wanted, live };
        let many = (slot.rules.len() >= MANY).then(|| Reading::new(&self.compiled, facts));
        let may_hold = |rule: &&Rule| match (&many, rule.root) {
            (Some(reading), Some(root)) => reading.holds(root),
            _ => true,
        };
        let by_rule = slot
            .rules
            .iter()
            .filter(|rule| rule.active.contains(now))
            .filter(|rule| facts.profile.is_some() || rule.when.asks_only_the_page())
            .filter(may_hold)
            .find_map(|rule| {
                let matched = rule.when.evaluate(&facts)?;
                self.content(&scene, rule, matched)
            });
        Some(by_rule.unwrap_or_else(|| self.default_content(slot, &wanted, live, code)))
    }

    /// What a slot shows everybody, for a reason the caller has: the store of profiles cannot be reached.
    /// `None` when there is no such slot.
    #[must_use]
    pub fn fallback(
        &self,
        slot: &SlotId,
        request: &SlotRequest,
        live: LiveLists<'_>,
        code: ReasonCode,
    ) -> Option<Decision> {
        let slot = self.slot(slot)?;
        let wanted = Wanted::new(slot_count(slot, request), request, None);
        Some(self.default_content(slot, &wanted, live, code))
    }

    /// Whether what the reminder's rule asks besides the left cart holds. False where no rule sends reminders, and
    /// of a person about whom nothing is known.
    #[must_use]
    pub fn reminder_applies(&self, person: &Person<'_>, now: Timestamp) -> bool {
        let Some(reminder) = self.reminder.as_ref().filter(|_| person.profile.is_some()) else {
            return false;
        };
        let facts = self.facts(person, now);
        reminder.conditions.iter().all(|condition: &Condition| condition.evaluate(&facts).is_some())
    }

    /// What the reminder offers a person now; `None` where it offers nothing, or its table says 0 or has no row for
    /// them.
    #[must_use]
    pub fn discount_for(&self, person: &Person<'_>, now: Timestamp) -> Option<Discount> {
        let rule = self.reminder.as_ref()?.discount.as_ref()?;
        let percent = match &rule.percent {
            Percent::Fixed(percent) => *percent,
            Percent::Table(table) => *table.held(&self.facts(person, now)).next()?.then,
        };
        let (code_prefix, valid_for) = (rule.code_prefix.clone(), rule.valid_for);
        (percent > 0).then_some(Discount { percent, code_prefix, valid_for })
    }

    /// The category of a page: the one that the request names, else that of its product.
    #[must_use]
    pub fn page_category<'a>(&'a self, page: &'a Page) -> Option<&'a Category> {
        let by_catalog =
            || page.product.as_ref().and_then(|id| self.product(id.as_str())).map(|p| &p.category);
        page.category.as_ref().or_else(by_catalog)
    }

    pub(crate) fn facts<'a>(&'a self, person: &'a Person<'a>, now: Timestamp) -> Facts<'a> {
        let page: &Page = &person.page;
        Facts {
            is_known: person.is_known,
            propensity: person.propensity,
            ..self.facts_on(page, person.profile, now)
        }
    }

    /// Facts of a profile and a page, of somebody who is not known to be a customer.
    pub(crate) fn facts_on<'a>(
        &'a self,
        page: &'a Page,
        profile: Option<&'a Profile>,
        now: Timestamp,
    ) -> Facts<'a> {
        Facts {
            ruleset: self,
            profile,
            is_known: false,
            page,
            page_category: self.page_category(page),
            propensity: None,
            policy: &self.policy,
            currency: self.currency,
            now,
        }
    }

    /// What a rule that matched shows; `None` when that is nothing, so that the next rule has its turn.
    fn content(&self, scene: &Scene<'_>, rule: &Rule, matched: Matched<'_>) -> Option<Decision> {
        match &rule.then {
            Action::Table(table) if table.hit == Hit::Collect => self.collected(scene, rule, table),
            Action::Table(table) => table
                .held(scene.facts)
                .find_map(|row| self.shown(scene, row.then, row.matched, rule_match(rule, Some(row.number)))),
            then => self.shown(scene, then, matched, rule_match(rule, None)),
        }
    }

    /// What one action shows, filled up.
    fn shown(
        &self,
        scene: &Scene<'_>,
        then: &Action,
        matched: Matched<'_>,
        reason: Reason,
    ) -> Option<Decision> {
        if let Action::Offer(id) = then {
            return self.offer_decision(scene.slot, id, reason, Fallback::default());
        }
        let allows = |id: &ProductId| {
            selection(then).is_none_or(|only| only.allows(id.as_str(), &self.catalog, scene.facts))
        };
        let wanted = scene.wanted.only(&allows);
        let items = wanted.take(self.candidates(scene, then, matched)?);
        self.filled(scene, &wanted, items, reason)
    }

    /// What all rows that hold show together: each row's own products, and what fills them up passes for every row.
    fn collected(&self, scene: &Scene<'_>, rule: &Rule, table: &Table<Action>) -> Option<Decision> {
        let rows: Vec<HeldRow<'_, '_, Action>> = table.held(scene.facts).collect();
        let allowed_by = |then: &Action, id: &ProductId| {
            selection(then).is_none_or(|only| only.allows(id.as_str(), &self.catalog, scene.facts))
        };
        let (mut items, mut first) = (Vec::new(), None);
        for row in &rows {
            let allows = |id: &ProductId| allowed_by(row.then, id);
            let found = self.candidates(scene, row.then, row.matched).unwrap_or_default();
            if scene.wanted.only(&allows).fill(&mut items, found) > 0 {
                first = first.or(Some(row.number));
            }
        }
        let allows = |id: &ProductId| rows.iter().all(|row| allowed_by(row.then, id));
        self.filled(scene, &scene.wanted.only(&allows), items, rule_match(rule, first))
    }

    /// The products of an action, best first; `None` where there is nothing to start from.
    fn candidates(&self, scene: &Scene<'_>, then: &Action, matched: Matched<'_>) -> Option<Vec<Recommended>> {
        let (catalog, facts) = (&self.catalog, scene.facts);
        Some(match then {
            Action::Products(ids) => list::listed(ids),
            Action::Recommend(Strategy::Related, _) => {
                list::related(catalog, Subject::of_the_page(catalog, facts, matched)?)
            }
            Action::Recommend(Strategy::AccessoriesFirst, _) => {
                list::accessories_first(catalog, Subject::of_the_match(catalog, facts, matched)?)
            }
            Action::Recommend(Strategy::CategoryAffinity, _) => list::category_affinity(catalog, facts),
            Action::Recommend(Strategy::BestSellers, _) => {
                list::best_sellers(catalog, scene.slot, scene.live)
            }
            Action::Offer(_) | Action::Table(_) => return None,
        })
    }

    /// A list that is too short, filled up; `None` when there is nothing in it.
    fn filled(
        &self,
        scene: &Scene<'_>,
        wanted: &Wanted<'_>,
        mut items: Vec<Recommended>,
        reason: Reason,
    ) -> Option<Decision> {
        if items.is_empty() {
            return None;
        }
        let filled = wanted.fill(&mut items, list::everybodys(&self.catalog, scene.slot, scene.live));
        let fallback = Fallback { used: filled > 0, filled };
        Some(Decision { content: Content::Products(items), reason, fallback, ttl: scene.slot.ttl })
    }

    fn default_content(
        &self,
        slot: &Slot,
        wanted: &Wanted<'_>,
        live: LiveLists<'_>,
        code: ReasonCode,
    ) -> Decision {
        let reason = Reason { code, rule: None, row: None };
        if let SlotFallback::Offer(id) = &slot.fallback
            && let Some(decision) =
                self.offer_decision(slot, id, reason.clone(), Fallback { used: true, filled: 0 })
        {
            return decision;
        }
        let candidates = list::everybodys(&self.catalog, slot, live);
        let mut items = Vec::new();
        let mut filled = wanted.fill(&mut items, candidates.clone());
        if filled == 0 {
            // The page's own product is better than an empty slot.
            filled = wanted.even_the_pages_own().fill(&mut items, candidates);
        }
        let fallback = Fallback { used: true, filled };
        Decision { content: Content::Products(items), reason, fallback, ttl: slot.ttl }
    }

    fn offer_decision(
        &self,
        slot: &Slot,
        id: &OfferId,
        reason: Reason,
        fallback: Fallback,
    ) -> Option<Decision> {
        let content = Content::Offer(Arc::clone(self.offer(id)?));
        Some(Decision { content, reason, fallback, ttl: slot.ttl })
    }
}

/// What a slot is decided from.
struct Scene<'a> {
    slot: &'a Slot,
    facts: &'a Facts<'a>,
    wanted: &'a Wanted<'a>,
    live: LiveLists<'a>,
}

/// What an action leaves out, if it says so.
fn selection(then: &Action) -> Option<&Selection> {
    if let Action::Recommend(_, selection) = then { Some(selection) } else { None }
}

fn rule_match(rule: &Rule, row: Option<usize>) -> Reason {
    Reason { code: ReasonCode::RuleMatch, rule: Some(rule.id.clone()), row }
}

fn slot_count(slot: &Slot, request: &SlotRequest) -> usize {
    request.count.unwrap_or(slot.count).min(COUNT_MAX)
}
