//! The rule that sends the reminder of a left cart.

use super::Loader;
use super::condition::{Place, Scope};
use super::fields::{Fields, quoted};
use super::rule::Rules;
use crate::condition::{Condition, Last};
use crate::model::{DiscountRule, Reminder};
use crate::tree::{Node, Value};
use beckon_domain::DurationMs;
use beckon_domain::id::RuleId;

const REMINDER: &str = "cart-reminder";
const PURCHASE: &str = "Order Completed";
const CODE_PREFIX_CHARS_MAX: usize = 16;
const DISCOUNT_FIELDS: [&str; 3] = ["percent", "code_prefix", "valid_for"];

impl Loader {
    pub(super) fn reminder(
        &mut self,
        id: Option<RuleId>,
        fields: &Fields<'_>,
        when: Option<&Node>,
        then: &Fields<'_>,
        rules: &mut Rules,
    ) -> Option<()> {
        let who = fields.what.as_str();
        match &rules.sender {
            Some(first) => {
                let message =
                    format!("{who} sends a reminder, and so does {first}: one rule can, keep one of them");
                self.problem(fields.place, message);
            }
            None => rules.sender = Some(who.to_owned()),
        }
        for name in ["slot", "priority", "on", "active", "cap"] {
            if let Some(place) = fields.key(name) {
                self.problem(
                    place,
                    format!("{who} sends a reminder, which has no `{name}`: remove the field"),
                );
            }
        }
        for name in then.names().filter(|name| !["send", "discount"].contains(name)) {
            let place = then.key(name).unwrap_or(then.place);
            self.problem(
                place,
                format!("{who} sends a reminder and cannot have `{name}` besides: use two rules"),
            );
        }
        if let Some(node) = then.get("send")
            && !matches!(&node.value, Value::Text(word) if word == REMINDER)
        {
            self.problem(node.place, format!("`send` of {who} must be `{REMINDER}`"));
        }
        let discount = match then.get("discount") {
            Some(node) => self.discount(node, who).map(Some),
            None => Some(None),
        };
        let condition = when.and_then(|n| self.condition(n, &Scope { who, place: Place::Mail }));
        let (idle, conditions) = self.absence(when?, condition?, who)?;
        rules.reminder = Some(Reminder { rule: id?, idle, discount: discount?, conditions });
        Some(())
    }

    /// Takes the one absence of a purchase out of the conditions: the cart's timer measures it.
    fn absence(
        &mut self,
        when: &Node,
        condition: Condition,
        who: &str,
    ) -> Option<(DurationMs, Vec<Condition>)> {
        let conditions = match condition {
            Condition::All(conditions) => conditions,
            single => vec![single],
        };
        let (absences, others): (Vec<_>, Vec<_>) =
            conditions.into_iter().partition(|condition| absence_of_purchase(condition).is_some());
        let widths: Vec<DurationMs> = absences.iter().filter_map(absence_of_purchase).collect();
        let [idle] = widths[..] else {
            let message = format!(
                "{who} must say once how long after the last change of the cart its reminder goes out: write \
                 `not: {{event: {PURCHASE}, within: 15m}}` directly under `when: {{all: [...]}}`, one time"
            );
            self.problem(when.place, message);
            return None;
        };
        Some((idle, others))
    }

    fn discount(&mut self, node: &Node, who: &str) -> Option<DiscountRule> {
        let fields = Fields::open(self, node, &format!("the discount of {who}"), &DISCOUNT_FIELDS)?;
        let percent = fields.require(self, "percent").and_then(|n| self.percent(n, who));
        let code_prefix = fields.require(self, "code_prefix").and_then(|n| self.code_prefix(n));
        let valid_for =
            fields.require(self, "valid_for").and_then(|n| self.positive_duration(n, "valid_for"));
        Some(DiscountRule { percent: percent?, code_prefix: code_prefix?, valid_for: valid_for? })
    }

    fn code_prefix(&mut self, node: &Node) -> Option<String> {
        let prefix = self.text(node, "code_prefix", super::scalar::NAME_CHARS_MAX)?;
        let is_spoken = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        if prefix.len() <= CODE_PREFIX_CHARS_MAX && prefix.bytes().all(is_spoken) {
            return Some(prefix);
        }
        let message = format!(
            "`code_prefix` must be at most {CODE_PREFIX_CHARS_MAX} capital letters, digits and hyphens, \
             such as BACK-, and this is {}",
            quoted(&prefix)
        );
        self.problem(node.place, message);
        None
    }
}

fn absence_of_purchase(condition: &Condition) -> Option<DurationMs> {
    match condition {
        Condition::Not(inner) => match &**inner {
            Condition::Event { last: Last::OfName(name), within } if name.as_str() == PURCHASE => *within,
            _ => None,
        },
        _ => None,
    }
}
