//! What a variant changes: a rule, a slot, or the reminder's mails.

use super::Loader;
use crate::experiments::{Changes, RuleChange};
use crate::load::fields::{Fields, quoted};
use crate::load::reference::Kind;
use crate::load::rule::THEN_FIELDS;
use crate::load::scalar::NAME_CHARS_MAX;
use crate::model::{COUNT_MAX, Ruleset, Slot};
use crate::tree::{Node, Value};
use beckon_domain::SmolStr;
use beckon_domain::id::{RuleId, SlotId};
use std::collections::BTreeSet;

/// What a change can be of, and what belongs to it.
const CHANGES: [(&str, &[&str]); 3] = [
    ("rule", &["rule", "then", "recommend", "off"]),
    ("slot", &["slot", "count", "fallback", "pinned"]),
    ("mail", &["mail", "discount"]),
];
const CHANGE_FIELDS: [&str; 10] =
    ["rule", "then", "recommend", "off", "slot", "count", "fallback", "pinned", "mail", "discount"];

/// What a variant changes, and in which slots.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) changes: Changes,
    pub(super) slots: BTreeSet<SlotId>,
}

impl Loader {
    /// One change of a variant.
    pub(super) fn change(
        &mut self,
        node: &Node,
        of: &str,
        ruleset: &Ruleset,
        changed: &mut Changed,
    ) -> Option<()> {
        let who = format!("a change by {of}");
        let fields = Fields::open(self, node, &who, &CHANGE_FIELDS)?;
        let names: Vec<&str> = fields.names().collect();
        let kinds: Vec<_> =
            CHANGES.iter().filter(|(_, own)| names.iter().any(|name| own.contains(name))).collect();
        let [(kind, _)] = kinds[..] else {
            if !fields.has_unknown {
                let message = format!(
                    "{who} must change one thing: a `rule` (with `then`, `recommend` or `off`), a `slot` (with \
                     `count`, `fallback` or `pinned`), or the mails (`mail`, `discount`)"
                );
                self.problem(node.place, message);
            }
            return None;
        };
        match *kind {
            "rule" => self.rule_change(&fields, ruleset, changed),
            "slot" => self.slot_change(&fields, ruleset, changed),
            _ => self.mail_change(&fields, ruleset, changed),
        }
    }

    fn rule_change(&mut self, fields: &Fields<'_>, ruleset: &Ruleset, changed: &mut Changed) -> Option<()> {
        let node = fields.require(self, "rule")?;
        let acts_otherwise = |id: &str| {
            let acts = ruleset.acting.iter().any(|rule| rule.id.as_str() == id);
            acts || ruleset.reminder.as_ref().is_some_and(|reminder| reminder.rule.as_str() == id)
        };
        if let Value::Text(id) = &node.value
            && acts_otherwise(id)
        {
            let message = format!(
                "{} names the rule {}, which fills no slot: of the reminder only `mail` and `discount` can be changed, \
                 and rules that act by themselves cannot",
                fields.what,
                quoted(id)
            );
            self.problem(node.place, message);
            return None;
        }
        let who = format!("{} names the rule", fields.what);
        let id = self.refer(Kind::Rule, node, &who, RuleId::new, RuleId::as_str)?;
        let words: Vec<&str> = fields.names().filter(|name| *name != "rule").collect();
        let change = match words[..] {
            ["then"] => {
                let then = fields.require(self, "then")?;
                let then = Fields::open(self, then, &format!("`then` of {}", fields.what), &THEN_FIELDS)?;
                RuleChange::Then(self.action(&then, &fields.what)?)
            }
            ["recommend"] => {
                let recommended = fields.require(self, "recommend")?;
                RuleChange::Then(self.recommendation(recommended, &fields.what)?)
            }
            ["off"] => {
                let off = fields.require(self, "off")?;
                if self.boolean(off, "off")? {
                    RuleChange::Off
                } else {
                    self.problem(off.place, "`off` can only be true: leave the change out to keep the rule");
                    return None;
                }
            }
            _ => {
                let message = format!(
                    "{} must say one thing that becomes of the rule: `then`, `recommend` or `off: true`",
                    fields.what
                );
                self.problem(fields.place, message);
                return None;
            }
        };
        if changed.changes.rules.iter().any(|(known, _)| *known == id) {
            let message = format!("{} changes the rule {} twice", fields.what, quoted(id.as_str()));
            self.problem(node.place, message);
            return None;
        }
        let slot = ruleset.slots.iter().find(|slot| slot.rules.iter().any(|rule| rule.id == id));
        changed.slots.extend(slot.map(|slot| slot.id.clone()));
        changed.changes.rules.push((id, change));
        Some(())
    }

    fn slot_change(&mut self, fields: &Fields<'_>, ruleset: &Ruleset, changed: &mut Changed) -> Option<()> {
        let node = fields.require(self, "slot")?;
        let who = format!("{} names the slot", fields.what);
        let id = self.refer(Kind::Slot, node, &who, SlotId::new, SlotId::as_str)?;
        if fields.names().count() == 1 {
            let message = format!(
                "{} must say what becomes of the slot: {}",
                fields.what, "`count`, `fallback` or `pinned`"
            );
            self.problem(fields.place, message);
            return None;
        }
        let count = fields.get("count").map(|n| self.whole(n, "count", 1, COUNT_MAX as i64));
        let has_best_sellers = !ruleset.catalog.best_sellers.is_empty();
        let fallback = fields.get("fallback").map(|n| self.slot_fallback(n, &fields.what, has_best_sellers));
        let pinned = fields.get("pinned").map(|n| self.product_ids(Some(n), "pinned", &fields.what));
        // A slot that does not exist is a problem that is told with all references.
        let base = ruleset.slot(&id)?;
        let mut slot = Slot { rules: Vec::new(), ..base.clone() };
        if let Some(count) = count {
            slot.count = usize::try_from(count?).ok()?;
        }
        if let Some(fallback) = fallback {
            slot.fallback = fallback?;
        }
        if let Some(pinned) = pinned {
            slot.pinned = pinned;
        }
        if changed.changes.slots.iter().any(|known| known.id == id) {
            let message = format!("{} changes the slot {} twice", fields.what, quoted(id.as_str()));
            self.problem(node.place, message);
            return None;
        }
        changed.slots.insert(id);
        changed.changes.slots.push(slot);
        Some(())
    }

    fn mail_change(&mut self, fields: &Fields<'_>, ruleset: &Ruleset, changed: &mut Changed) -> Option<()> {
        let Some(reminder) = &ruleset.reminder else {
            let message = format!("{} is of the reminder's mails, and no rule sends any", fields.what);
            self.problem(fields.place, message);
            return None;
        };
        if changed.changes.is_of_mail() {
            let message = format!("{} changes the mails twice: put both into one change", fields.what);
            self.problem(fields.place, message);
            return None;
        }
        if let Some(node) = fields.get("mail") {
            changed.changes.mail = Some(SmolStr::new(self.text(node, "mail", NAME_CHARS_MAX)?));
        }
        if let Some(node) = fields.get("discount") {
            let share = self.share(node, "discount")?;
            let percent = (share * 100.0).round();
            if !(1.0..=100.0).contains(&percent) {
                self.problem(node.place, "`discount` must be from 1% to 100%");
                return None;
            }
            if reminder.discounts.iter().all(Option::is_none) {
                let message = "no step of the reminder gives a discount, so there is none to change: give it one in the ruleset";
                self.problem(node.place, message);
                return None;
            }
            changed.changes.percent = Some(percent as u8);
        }
        Some(())
    }
}
