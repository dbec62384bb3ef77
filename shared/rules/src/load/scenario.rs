//! The tests of a ruleset: who asks when and where, and what must come of it.

use super::Loader;
use super::condition::{Place as AskedAt, Scope};
use super::fields::{Fields, listed, quoted};
use super::given::Story;
use super::reference::Kind;
use super::scalar::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use super::table::ROW_COUNT_MAX;
use crate::decision::ReasonCode;
use crate::error::nearest;
use crate::page::Page;
use crate::testing::{Expected, MailExpected, Scenario, Shown};
use crate::tree::{Node, Value};
use beckon_domain::event::TraitValue;
use beckon_domain::id::{OfferId, RuleId, SlotId};
use beckon_domain::{Category, DurationMs, ProductId, ProfileKey, SmolStr, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const TEST_FIELDS: [&str; 8] = ["name", "starts", "given", "at", "page", "logged_in", "timezone", "expect"];
const SHOWN_FIELDS: [&str; 6] = ["offer", "products", "reason", "rule", "row", "fallback"];
const EXPECT_FIELDS: [&str; 12] = [
    "slot",
    "offer",
    "products",
    "reason",
    "rule",
    "row",
    "fallback",
    "segments",
    "not_segments",
    "mail",
    "published",
    "traits",
];
/// Why a slot can show what it shows, in a test.
const REASONS: [ReasonCode; 4] =
    [ReasonCode::RuleMatch, ReasonCode::Default, ReasonCode::NoProfile, ReasonCode::ConsentDenied];
/// Whose story a test tells: of nobody in particular, so any key will do.
const CUSTOMER: &str = "c1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const VISITOR: &str = "a1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Loader {
    /// Reads the tests. Names must be different: a report is read by them.
    pub(super) fn scenarios(&mut self, node: Option<&Node>) -> Vec<Scenario> {
        let mut names = BTreeSet::new();
        self.each(node, "tests", |loader, node| {
            let scenario = loader.scenario(node)?;
            if !names.insert(scenario.name.clone()) {
                let message = format!("two tests are called {}: change one name", quoted(&scenario.name));
                loader.problem(node.place, message);
            }
            Some(scenario)
        })
    }

    fn scenario(&mut self, node: &Node) -> Option<Scenario> {
        let who = test_name(node);
        let fields = Fields::open(self, node, &who, &TEST_FIELDS)?;
        let name = fields.require(self, "name").and_then(|n| self.text(n, "name", NAME_CHARS_MAX));
        let is_known = fields.get("logged_in").and_then(|n| self.boolean(n, "logged_in"));
        let starts = match fields.get("starts") {
            Some(n) => self.instant(n, "starts"),
            None => self.monday_noon(),
        };
        let story = Story { who: &who, starts: starts?, timezone: self.story_zone(fields.get("timezone")) };
        let given = self.given(fields.get("given"), &story);
        let at = match fields.get("at") {
            Some(n) => self.duration(n, "at").map(|at| (at, n.place)),
            None => Some((given.ends_at, node.place)),
        };
        if let Some((at, place)) = at.filter(|(at, _)| *at < given.ends_at) {
            let message =
                format!("{who} asks at {at}, and something happens at {}: ask later", given.ends_at);
            self.problem(place, message);
        }
        let page = match fields.get("page") {
            Some(n) => self.asked_page(n, &who),
            None => Some(Page::default()),
        };
        let expect = fields.require(self, "expect").map(|n| self.expectations(n, &who));
        let key = ProfileKey::parse(if is_known == Some(true) { CUSTOMER } else { VISITOR }).ok();
        Some(Scenario {
            name: name?,
            line: node.place.line,
            key: key?,
            starts: story.starts,
            given: given.items,
            at: at?.0,
            page: page?,
            expect: expect?,
        })
    }

    /// When the time of a test begins, if it does not say: on some Monday at noon, by the clock of the ruleset.
    fn monday_noon(&self) -> Option<Timestamp> {
        let noon = jiff::civil::date(2026, 6, 1).at(12, 0, 0, 0);
        let instant = self.timezone.to_timestamp(noon).ok()?;
        Some(Timestamp::from_ms(instant.as_millisecond()))
    }

    fn story_zone(&mut self, node: Option<&Node>) -> Option<SmolStr> {
        let node = node?;
        self.zone(node)?;
        self.text(node, "timezone", NAME_CHARS_MAX).map(SmolStr::new)
    }

    fn asked_page(&mut self, node: &Node, who: &str) -> Option<Page> {
        let fields =
            Fields::open(self, node, &format!("the page of {who}"), &["type", "category", "product"])?;
        Some(Page {
            kind: fields.get("type").and_then(|n| self.page_kind(n)),
            category: fields.get("category").and_then(|n| self.id(n, "category", Category::new)),
            product: fields.get("product").and_then(|n| self.id(n, "product", ProductId::new)),
            ..Page::default()
        })
    }

    /// One expectation, or a list of them.
    fn expectations(&mut self, node: &Node, who: &str) -> Vec<Expected> {
        let read = |loader: &mut Self, node: &Node| loader.expectation(node, who);
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.problem(node.place, format!("`expect` of {who} is an empty list: say what must be so"));
                Vec::new()
            }
            Value::List(_) => self.each(Some(node), "expect", read),
            _ => read(self, node).into_iter().collect(),
        }
    }

    fn expectation(&mut self, node: &Node, who: &str) -> Option<Expected> {
        let fields = Fields::open(self, node, &format!("`expect` of {who}"), &EXPECT_FIELDS)?;
        if fields.names().next().is_none() && !fields.has_unknown {
            self.problem(node.place, format!("`expect` of {who} is empty: say what must be so"));
        }
        Some(Expected {
            shown: self.shown(&fields, who),
            segments: self.segment_names(fields.get("segments"), "segments", who),
            not_segments: self.segment_names(fields.get("not_segments"), "not_segments", who),
            mail: fields.get("mail").and_then(|n| self.expected_mail(n)),
            published: fields
                .get("published")
                .map(|n| self.each(Some(n), "published", |loader, item| loader.rule_ref(item, who))),
            traits: fields.get("traits").map_or_else(BTreeMap::new, |n| self.traits(n, who)),
        })
    }

    fn shown(&mut self, fields: &Fields<'_>, who: &str) -> Option<Shown> {
        let told: Vec<&str> = fields.names().filter(|name| SHOWN_FIELDS.contains(name)).collect();
        let Some(slot) = fields.get("slot") else {
            if let Some(place) = told.first().and_then(|name| fields.key(name)) {
                let message =
                    format!("{} says what a slot shows ({}): name the `slot`", fields.what, listed(told));
                self.problem(place, message);
            }
            return None;
        };
        if told.is_empty() && !fields.has_unknown {
            let message =
                format!("{} names a slot: say what it shows with {}", fields.what, listed(SHOWN_FIELDS));
            self.problem(slot.place, message);
        }
        if let (Some(_), Some(place)) = (fields.get("offer"), fields.key("products")) {
            self.problem(place, format!("{} has an offer and products: keep one of them", fields.what));
        }
        let asks = format!("{who} asks for the slot");
        let slot = self.refer(Kind::Slot, slot, &asks, SlotId::new, SlotId::as_str);
        let expects = format!("{who} expects the offer");
        let offer = fields
            .get("offer")
            .and_then(|n| self.refer(Kind::Offer, n, &expects, OfferId::new, OfferId::as_str));
        let products = fields.get("products").map(|n| self.product_ids(Some(n), "products", who));
        let reason = fields.get("reason").and_then(|n| self.reason(n));
        let rule = fields.get("rule").and_then(|n| self.rule_ref(n, who));
        let row = fields.get("row").and_then(|n| self.whole(n, "row", 1, ROW_COUNT_MAX as i64));
        let row = row.and_then(|row| usize::try_from(row).ok());
        let fallback = fields.get("fallback").and_then(|n| self.boolean(n, "fallback"));
        Some(Shown { slot: slot?, offer, products, reason, rule, row, fallback })
    }

    fn rule_ref(&mut self, node: &Node, who: &str) -> Option<RuleId> {
        let who = format!("{who} expects the rule");
        self.refer(Kind::Rule, node, &who, RuleId::new, RuleId::as_str)
    }

    fn segment_names(&mut self, node: Option<&Node>, what: &str, who: &str) -> Vec<String> {
        let scope = Scope { who, place: AskedAt::Page };
        self.each(node, what, |loader, item| {
            loader.segment_index(item, &scope)?;
            loader.text(item, "segment", NAME_CHARS_MAX)
        })
    }

    fn reason(&mut self, node: &Node) -> Option<ReasonCode> {
        let word = if let Value::Text(word) = &node.value { word.as_str() } else { "" };
        let found = REASONS.into_iter().find(|reason| reason.code() == word);
        if found.is_none() {
            let codes = REASONS.map(ReasonCode::code);
            let hint = nearest(word, codes).map_or_else(String::new, |w| format!(", did you mean `{w}`?"));
            self.problem(node.place, format!("`reason` must be one of {}{hint}", listed(codes)));
        }
        found
    }

    fn expected_mail(&mut self, node: &Node) -> Option<MailExpected> {
        match &node.value {
            Value::Bool(true) => Some(MailExpected::Any),
            Value::Bool(false) => Some(MailExpected::None),
            Value::Text(text) => match DurationMs::parse(text) {
                Some(at) => Some(MailExpected::At(at)),
                None => self.not_a_mail(node),
            },
            _ => self.not_a_mail(node),
        }
    }

    fn not_a_mail(&mut self, node: &Node) -> Option<MailExpected> {
        let message = "`mail` must be true, false, or the time since the start at which it goes, such as 15m";
        self.problem(node.place, message);
        None
    }

    /// Traits by name.
    pub(super) fn traits(&mut self, node: &Node, who: &str) -> BTreeMap<String, TraitValue> {
        let what = format!("the traits of {who}");
        let names = names_of(node);
        let Some(fields) = Fields::open(self, node, &what, &names) else { return BTreeMap::new() };
        let present: Vec<&str> = fields.names().collect();
        let value =
            |name| fields.get(name).and_then(|n| self.trait_of(n, name).map(|v| (name.to_owned(), v)));
        present.into_iter().filter_map(value).collect()
    }

    /// The value of a trait or a property.
    pub(super) fn trait_of(&mut self, node: &Node, name: &str) -> Option<TraitValue> {
        match &node.value {
            Value::Bool(value) => Some(TraitValue::Bool(*value)),
            Value::Integer { value, .. } => Some(TraitValue::Number(*value as f64)),
            Value::Number(value) => Some(TraitValue::Number(*value)),
            _ => self.text(node, name, TEXT_CHARS_MAX).map(TraitValue::Text),
        }
    }
}

/// The names that a mapping has, where any are allowed.
pub(super) fn names_of(node: &Node) -> Vec<&str> {
    let Value::Map(entries) = &node.value else { return Vec::new() };
    let mut names = Vec::new();
    for (key, _) in entries {
        if let Value::Text(name) = &key.value {
            names.push(name.as_str());
        }
    }
    names
}

/// A test by its name, for messages.
fn test_name(node: &Node) -> String {
    let Value::Map(entries) = &node.value else { return "a test".to_owned() };
    let name = entries.iter().find(|(key, _)| matches!(&key.value, Value::Text(name) if name == "name"));
    match name.map(|(_, value)| &value.value) {
        Some(Value::Text(name)) => format!("test {}", quoted(name)),
        _ => "a test".to_owned(),
    }
}
