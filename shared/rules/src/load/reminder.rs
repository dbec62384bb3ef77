//! The rule that sends the reminder of a left cart.

use super::Loader;
use super::condition::{Place, Scope};
use super::fields::Fields;
use super::rule::Rules;
use super::series::{SERIES_FIELDS, SeriesRule};
use crate::condition::{Condition, Last};
use crate::model::Reminder;
use crate::tree::{Node, Value};
use beckon_domain::DurationMs;
use beckon_domain::id::RuleId;

const REMINDER: &str = "cart-reminder";
const PURCHASE: &str = "Order Completed";

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
        for name in then.names().filter(|name| !SERIES_FIELDS.contains(name)) {
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
        let condition = when.and_then(|n| self.condition(n, &Scope { who, place: Place::Mail }));
        let absence = when.zip(condition).and_then(|(when, condition)| self.absence(when, condition, who));
        let series = self.series(then, who, absence.as_ref().and_then(|(idle, _)| *idle));
        let (SeriesRule { series, quiet_hours, discounts }, (_, conditions)) = (series?, absence?);
        rules.reminder = Some(Reminder { rule: id?, series, quiet_hours, discounts, conditions });
        Some(())
    }

    /// Takes the absence of a purchase, if there is one, out of the conditions: the cart's timer measures it.
    fn absence(
        &mut self,
        when: &Node,
        condition: Condition,
        who: &str,
    ) -> Option<(Option<DurationMs>, Vec<Condition>)> {
        let conditions = match condition {
            Condition::All(conditions) => conditions,
            single => vec![single],
        };
        let (absences, others): (Vec<_>, Vec<_>) =
            conditions.into_iter().partition(|condition| absence_of_purchase(condition).is_some());
        let widths: Vec<DurationMs> = absences.iter().filter_map(absence_of_purchase).collect();
        if widths.len() > 1 {
            let message = format!(
                "{who} may say once how long after the last change of the cart its only reminder goes out: keep one \
                 `not: {{event: {PURCHASE}, within: 15m}}`, or write `steps: [1h, 24h, 72h]` under `then`"
            );
            self.problem(when.place, message);
            return None;
        }
        Some((widths.first().copied(), others))
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
