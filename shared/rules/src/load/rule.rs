//! Rules: which slot they fill, when, and with what.

use super::Loader;
use super::condition::{Place, Scope};
use super::fields::{Fields, listed, quoted};
use super::reference::Kind;
use super::scalar::NAME_CHARS_MAX;
use super::series::SERIES_FIELDS;
use crate::condition::Condition;
use crate::model::{Acting, Action, Reminder, Rule};
use crate::tree::{Node, Value};
use beckon_domain::id::{RuleId, SlotId};
use std::collections::BTreeMap;

const RULE_FIELDS: [&str; 9] = ["id", "slot", "priority", "when", "then", "labels", "active", "cap", "on"];
pub(super) const THEN_FIELDS: [&str; 17] = [
    "offer",
    "recommend",
    "products",
    "send",
    "discount",
    "publish",
    "set_trait",
    "steps",
    "quiet_hours",
    "frequency_cap",
    "reentry",
    "holdout",
    "min_value",
    "consent_within",
    "discount_every",
    "without_code",
    "unknown",
];
const ACTIONS: &str = "`offer: id`, `recommend: related`, `products: [ids]` or `send: cart-reminder`";
const PRIORITY_MAX: i64 = 1_000_000;

/// The rules read so far.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) by_slot: BTreeMap<SlotId, Vec<Rule>>,
    pub(super) acting: Vec<Acting>,
    pub(super) reminder: Option<Reminder>,
    pub(super) labels: BTreeMap<RuleId, Vec<String>>,
    /// The first rule that sends, even if it could not be read.
    pub(super) sender: Option<String>,
    priorities: BTreeMap<(SlotId, i64), String>,
}

impl Rules {
    /// The rules of a slot, highest priority first.
    pub(super) fn take(&mut self, slot: &SlotId) -> Vec<Rule> {
        let mut rules = self.by_slot.remove(slot).unwrap_or_default();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        rules
    }
}

impl Loader {
    pub(super) fn rule(&mut self, node: &Node, rules: &mut Rules) -> Option<()> {
        let who = Fields::name_of(node, "rule");
        let fields = Fields::open(self, node, &who, &RULE_FIELDS)?;
        let id_node = fields.require(self, "id");
        let id = id_node.and_then(|n| self.id(n, "id", RuleId::new));
        if let (Some(id), Some(n)) = (&id, id_node) {
            self.declare(Kind::Rule, id.as_str(), n.place);
        }
        self.labels(id.as_ref(), &fields, rules);
        let when = fields.require(self, "when");
        let then = fields
            .require(self, "then")
            .and_then(|n| Fields::open(self, n, &format!("`then` of {who}"), &THEN_FIELDS));
        if then.as_ref().is_some_and(|then| then.get("send").is_some()) {
            return self.reminder(id, &fields, when, &then?, rules);
        }
        let acts = |then: &Fields<'_>| then.names().any(|name| ["publish", "set_trait"].contains(&name));
        if then.as_ref().is_some_and(acts) {
            return self.acting(id, &fields, when, &then?, rules);
        }
        if let Some(place) = fields.key("on") {
            let message = format!("{who} fills a slot when a page asks, so it has no `on`: remove the field");
            self.problem(place, message);
        }
        let (slot, priority) = self.rank(&fields, rules);
        let when = when.and_then(|n| self.condition(n, &Scope { who: &who, place: Place::Page }));
        let then = then.and_then(|then| self.action(&then, &who));
        let active = self.active(fields.get("active"), &who);
        let cap = fields.get("cap").map(|node| self.cap(node, &who));
        let (id, mut when) = (id?, when?);
        if let Some(cap) = cap {
            when = Condition::All(vec![when, self.below_cap(&id, &cap?)?]);
        }
        let place = node.place;
        let rule = Rule { id, place, priority: priority?, when, then: then?, active: active?, root: None };
        rules.by_slot.entry(slot?).or_default().push(rule);
        Some(())
    }

    pub(super) fn labels(&mut self, id: Option<&RuleId>, fields: &Fields<'_>, rules: &mut Rules) {
        let labels =
            self.each(fields.get("labels"), "labels", |loader, n| loader.text(n, "label", NAME_CHARS_MAX));
        if let Some(id) = id.filter(|_| !labels.is_empty()) {
            rules.labels.insert(id.clone(), labels);
        }
    }

    /// The slot that a rule or a table fills, and its priority there, which no other one has.
    pub(super) fn rank(&mut self, fields: &Fields<'_>, rules: &mut Rules) -> (Option<SlotId>, Option<i64>) {
        let who = fields.what.as_str();
        let slot = fields.require(self, "slot").and_then(|n| self.slot_ref(n, who));
        let priority_node = fields.require(self, "priority");
        let priority = priority_node.and_then(|n| self.whole(n, "priority", 0, PRIORITY_MAX));
        if let (Some(slot), Some(priority), Some(n)) = (&slot, priority, priority_node)
            && let Some(other) = rules.priorities.insert((slot.clone(), priority), who.to_owned())
        {
            let message = format!(
                "{who} and {other} have the same priority {priority} in slot {}: \
                 give one of them another number, the higher one wins",
                quoted(slot.as_str())
            );
            self.problem(n.place, message);
        }
        (slot, priority)
    }

    pub(super) fn action(&mut self, then: &Fields<'_>, who: &str) -> Option<Action> {
        let is_of_mail = |name: &&str| *name != "send" && SERIES_FIELDS.contains(name);
        for name in then.names().filter(is_of_mail) {
            let place = then.key(name).unwrap_or(then.place);
            self.problem(
                place,
                format!("{who} gives a `{name}`, which only `send: cart-reminder` can carry"),
            );
        }
        let names: Vec<&str> = then.names().filter(|name| !is_of_mail(name)).collect();
        let [name] = names[..] else {
            let message = if names.is_empty() {
                format!("`then` of {who} is empty: write {ACTIONS}")
            } else {
                format!("`then` of {who} has {}: keep one of them", listed(names))
            };
            if !then.has_unknown {
                self.problem(then.place, message);
            }
            return None;
        };
        let node = then.require(self, name)?;
        match name {
            "offer" => self.offer_ref(node, who).map(Action::Offer),
            "products" => {
                let ids = self.product_ids(Some(node), "products", who);
                if matches!(&node.value, Value::List(items) if items.is_empty()) {
                    self.problem(node.place, format!("`products` of {who} is an empty list: name products"));
                }
                Some(Action::Products(ids))
            }
            _ => self.recommendation(node, who),
        }
    }
}
