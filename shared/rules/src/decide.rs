//! From a person and a slot to a decision: the first matching rule whose content is not empty, else the fallback.

use crate::compiled::Reading;
use crate::condition::{Condition, Facts, Matched};
use crate::decision::{Content, Decision, Fallback, Reason, ReasonCode, Source};
use crate::discount::{Discount, Percent};
use crate::experiments::Overlay;
use crate::list::{Chosen, Found, Wanted, found};
use crate::live::{Live, StrategyLayer};
use crate::model::{Action, COUNT_MAX, CurrentItem, Rule, Ruleset, Slot, SlotFallback};
use crate::page::{Page, Person, SlotRequest};
use crate::selection::Selection;
use crate::shelf::{Seen, Shelf};
use crate::strategy::Sight;
use crate::table::{HeldRow, Hit, Table};
use beckon_domain::consent::Purpose;
use beckon_domain::id::SlotId;
use beckon_domain::{Category, ProductId, Profile, Timestamp, id::OfferId};
use std::collections::{BTreeMap, BTreeSet};
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
        live: &dyn Live,
        now: Timestamp,
    ) -> Option<Decision> {
        self.decide_under(&Overlay::default(), slot, person, request, live, now)
    }

    /// The same with what experiments change for this person. Whoever is held out is shown the slot's fallback.
    #[must_use]
    pub fn decide_under(
        &self,
        overlay: &Overlay<'_>,
        slot: &SlotId,
        person: &Person<'_>,
        request: &SlotRequest,
        live: &dyn Live,
        now: Timestamp,
    ) -> Option<Decision> {
        let slot = self.slot(slot)?;
        let (rules, slot) = (&slot.rules, overlay.slot(slot));
        let allows =
            |purpose| person.profile.is_some_and(|p| p.consent.allows(purpose, &self.policy.consent_default));
        let code = match person.profile {
            _ if overlay.is_held_out() => ReasonCode::HeldOut,
            None => ReasonCode::NoProfile,
            Some(_) if !allows(Purpose::Personalization) => ReasonCode::ConsentDenied,
            Some(_) => ReasonCode::Default,
        };
        let mut facts = self.facts(person, now);
        facts.profile = person.profile.filter(|_| code == ReasonCode::Default);
        let shelf = Shelf { catalog: &self.catalog, live };
        let sight = Sight { slot, facts: &facts, shelf };
        let wanted = wanted(slot, request, person.page.product.as_ref(), shelf);
        let scene = Scene { sight, wanted: &wanted };
        let many = (rules.len() >= MANY).then(|| Reading::new(&self.compiled, facts));
        let may_hold = |rule: &&Rule| match (&many, rule.root) {
            (Some(reading), Some(root)) => reading.holds(root),
            _ => true,
        };
        let by_rule = rules
            .iter()
            .filter(|rule| !overlay.is_held_out() && rule.active.contains(now))
            .filter(|rule| facts.profile.is_some() || rule.when.asks_only_the_page())
            .filter(may_hold)
            .find_map(|rule| {
                let then = overlay.then(rule)?;
                let matched = rule.when.evaluate(&facts)?;
                self.content(&scene, (rule, then), matched)
            });
        Some(by_rule.unwrap_or_else(|| self.default_content(&scene, code)))
    }

    /// What a slot shows everybody, for a reason the caller has: the store of profiles cannot be reached.
    /// `None` when there is no such slot.
    #[must_use]
    pub fn fallback(
        &self,
        slot: &SlotId,
        request: &SlotRequest,
        live: &dyn Live,
        code: ReasonCode,
    ) -> Option<Decision> {
        let slot = self.slot(slot)?;
        let (shelf, page) = (Shelf { catalog: &self.catalog, live }, Page::default());
        let facts = self.facts_on(&page, None, Timestamp::EPOCH);
        let sight = Sight { slot, facts: &facts, shelf };
        let wanted = wanted(slot, request, None, shelf);
        Some(self.default_content(&Scene { sight, wanted: &wanted }, code))
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

    /// What a step (from 1) of the reminder's series offers a person now; `None` where it offers nothing, or its table says 0
    /// or has no row for them.
    #[must_use]
    pub fn discount_for(&self, step: u8, person: &Person<'_>, now: Timestamp) -> Option<Discount> {
        self.discount_under(&Overlay::default(), step, person, now)
    }

    /// The same with what experiments change for this person.
    #[must_use]
    pub fn discount_under(
        &self,
        overlay: &Overlay<'_>,
        step: u8,
        person: &Person<'_>,
        now: Timestamp,
    ) -> Option<Discount> {
        let discounts = &self.reminder.as_ref()?.discounts;
        let rule = discounts.get(usize::from(step).checked_sub(1)?)?.as_ref()?;
        let percent = match (&rule.percent, overlay.percent()) {
            (_, Some(percent)) => percent,
            (Percent::Fixed(percent), None) => *percent,
            (Percent::Table(table), None) => *table.held(&self.facts(person, now)).next()?.then,
        };
        (percent > 0).then(|| Discount { percent, codes: rule.codes.clone() })
    }

    /// Whether any of these slots counts its strategies by what became of their products.
    #[must_use]
    pub fn learns(&self, slots: &[&SlotId]) -> bool {
        slots.iter().any(|id| self.slot(id).is_some_and(|slot| slot.learn))
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
    fn content<'a>(
        &self,
        scene: &Scene<'a>,
        (rule, then): (&Rule, &Action),
        matched: Matched<'a>,
    ) -> Option<Decision> {
        match then {
            Action::Table(table) if table.hit == Hit::Collect => self.collected(scene, rule, table),
            Action::Table(table) => table
                .held(scene.sight.facts)
                .find_map(|row| self.shown(scene, row.then, row.matched, rule_match(rule, Some(row.number)))),
            then => self.shown(scene, then, matched, rule_match(rule, None)),
        }
    }

    /// What one action shows, filled up.
    fn shown<'a>(
        &self,
        scene: &Scene<'a>,
        then: &Action,
        matched: Matched<'a>,
        reason: Reason,
    ) -> Option<Decision> {
        if let Action::Offer(id) = then {
            return self.offer_decision(scene.sight.slot, id, reason, Fallback::default());
        }
        let own = candidates(&scene.sight, then, matched)?;
        let allows = |id: &ProductId, seen: &Seen<'_>| scene.allows(then, id, seen);
        let wanted = scene.wanted.only(&allows).in_stock(selection(then).is_none_or(|only| only.in_stock));
        if wanted.fill(&mut Chosen::default(), &own) == 0 {
            return None;
        }
        let mut chosen = scene.pinned(&wanted);
        let own = scene.learned(own);
        wanted.fill(&mut chosen, &own);
        Some(scene.filled(&wanted, chosen, &own, reason))
    }

    /// What all rows that hold show together: each row's own products, and what fills them up passes for every row.
    fn collected(&self, scene: &Scene<'_>, rule: &Rule, table: &Table<Action>) -> Option<Decision> {
        let rows: Vec<HeldRow<'_, '_, Action>> = table.held(scene.sight.facts).collect();
        let allows =
            |id: &ProductId, seen: &Seen<'_>| rows.iter().all(|row| scene.allows(row.then, id, seen));
        let of_all = scene.wanted.only(&allows);
        let (mut chosen, mut first, mut all) = (scene.pinned(&of_all), None, Vec::new());
        for row in &rows {
            let allows = |id: &ProductId, seen: &Seen<'_>| scene.allows(row.then, id, seen);
            let own = candidates(&scene.sight, row.then, row.matched).unwrap_or_default();
            if scene.wanted.only(&allows).fill(&mut chosen, &own) > 0 {
                first = first.or(Some(row.number));
            }
            all.extend(own);
        }
        first.map(|row| scene.filled(&of_all, chosen, &all, rule_match(rule, Some(row))))
    }

    fn default_content(&self, scene: &Scene<'_>, code: ReasonCode) -> Decision {
        let (slot, reason) = (scene.sight.slot, Reason { code, rule: None, row: None });
        if let SlotFallback::Offer(id) = &slot.fallback
            && let Some(decision) =
                self.offer_decision(slot, id, reason.clone(), Fallback { used: true, filled: 0 })
        {
            return decision;
        }
        let decision = scene.filled(scene.wanted, scene.pinned(scene.wanted), &[], reason.clone());
        if matches!(&decision.content, Content::Products(items) if items.is_empty()) {
            // The page's own product is better than an empty slot, and so is one that is sold out.
            let wanted = scene.wanted.even_the_pages_own().in_stock(false);
            return scene.filled(&wanted, Chosen::default(), &[], reason);
        }
        decision
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
    sight: Sight<'a>,
    wanted: &'a Wanted<'a>,
}

impl Scene<'_> {
    /// Whether an action lets a product through.
    fn allows(&self, then: &Action, id: &ProductId, seen: &Seen<'_>) -> bool {
        let Sight { facts, shelf, .. } = self.sight;
        selection(then).is_none_or(|only| only.allows(id, seen, shelf, facts))
    }

    /// What a rule has, and behind it what fills up, in the order that was learned; as it was where the slot does not learn, or
    /// nothing was learned of it.
    fn learned(&self, own: Vec<Found>) -> Vec<Found> {
        let Sight { slot, shelf, .. } = self.sight;
        if !slot.learn {
            return own;
        }
        let mut all = self.sight.everybodys();
        all.splice(0..0, own.iter().cloned());
        let (all, layers) = layers(all);
        let Some(order) = shelf.live.blended(&slot.id, &layers) else { return own };
        let mut all: BTreeMap<ProductId, Found> =
            all.into_iter().map(|found| (found.candidate.product.clone(), found)).collect();
        order.iter().filter_map(|id| all.remove(id)).collect()
    }

    /// What the slot shows before all else.
    fn pinned(&self, wanted: &Wanted<'_>) -> Chosen {
        let mut chosen = Chosen::default();
        wanted.fill(&mut chosen, &found(&self.sight.slot.pinned, Source::Pinned));
        chosen
    }

    /// A list that is too short, filled up: first so that no category has too many, then by what that left out.
    fn filled(&self, wanted: &Wanted<'_>, mut chosen: Chosen, own: &[Found], reason: Reason) -> Decision {
        let slot = self.sight.slot;
        let (mut filled, mut chain) = (0, Vec::new());
        if !wanted.is_met(&chosen) {
            chain = self.sight.everybodys();
            filled += wanted.fill(&mut chosen, &chain);
        }
        if !wanted.is_met(&chosen) && slot.per_category.is_some() {
            let any = wanted.at_most_of_a_category(None);
            any.fill(&mut chosen, own);
            filled += any.fill(&mut chosen, &chain);
        }
        if !wanted.is_met(&chosen) {
            filled += wanted.at_most_of_a_category(None).fill(&mut chosen, &self.sight.anything());
        }
        let fallback = Fallback { used: filled > 0 || reason.rule.is_none(), filled };
        Decision { content: Content::Products(chosen.items), reason, fallback, ttl: slot.ttl }
    }
}

/// Candidates by their strategies, in the order in which these come first; each product once, where it comes first.
fn layers(all: Vec<Found>) -> (Vec<Found>, Vec<StrategyLayer>) {
    let (mut seen, mut kept, mut layers) = (BTreeSet::new(), Vec::new(), Vec::<StrategyLayer>::new());
    for found in all {
        let (product, source) = (&found.candidate.product, found.source);
        if !seen.insert(product.clone()) {
            continue;
        }
        match layers.iter_mut().find(|layer| layer.source == source) {
            Some(layer) => layer.products.push(product.clone()),
            None => layers.push(StrategyLayer { source, products: vec![product.clone()] }),
        }
        kept.push(found);
    }
    (kept, layers)
}

/// The products of an action, best first; `None` where there is nothing to start from.
fn candidates<'a>(sight: &Sight<'a>, then: &Action, matched: Matched<'a>) -> Option<Vec<Found>> {
    match then {
        Action::Products(ids) => Some(found(ids, Source::Listed)),
        Action::Recommend(strategy, _) => sight.candidates(*strategy, matched),
        Action::Offer(_) | Action::Table(_) => None,
    }
}

/// What a slot asks for: its number of items, the page's product left out unless the slot says otherwise.
fn wanted<'a>(
    slot: &Slot,
    request: &'a SlotRequest,
    page_product: Option<&'a ProductId>,
    shelf: Shelf<'a>,
) -> Wanted<'a> {
    let page_product = page_product.filter(|_| slot.current_item == CurrentItem::Exclude);
    let wanted = Wanted::new(slot_count(slot, request), request, page_product, shelf);
    wanted.at_most_of_a_category(slot.per_category)
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
