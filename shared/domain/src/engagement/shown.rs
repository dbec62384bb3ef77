//! What an event says of a decision that a person was shown.

use crate::event::{Event, EventKind, TraitValue};
use crate::id::{DecisionId, OfferId, RuleId, SlotId, StrategyId};
use crate::outreach::ReminderId;
use crate::policy::TOUCH_STRATEGY_COUNT_MAX;
use smol_str::SmolStr;

/// The slot under which mails are counted.
pub const MAIL_SLOT: &str = "mail";
/// The event of a page to which a mail's link led; its decision is the mail.
const EMAIL_LINK_CLICKED: &str = "Email Link Clicked";

/// A decision as `Decision Viewed` and `Decision Clicked` tell it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// `decision_id`.
    pub decision: DecisionId,
    /// `slot_id`.
    pub slot: SlotId,
    /// `rule_id`.
    pub rule: Option<RuleId>,
    /// `offer_id`.
    pub offer: Option<OfferId>,
    /// `source`: where its products come from, of a click where the clicked one does. Sorted, each once.
    pub strategies: Vec<StrategyId>,
}

fn value<'a>(properties: &'a [(SmolStr, TraitValue)], name: &str) -> Option<&'a TraitValue> {
    properties.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// An id, which JSON may have as a number.
fn id<T, E>(value: Option<&TraitValue>, new: fn(&str) -> Result<T, E>) -> Option<T> {
    match value? {
        TraitValue::Text(text) => new(text).ok(),
        TraitValue::Number(number) => new(&number.to_string()).ok(),
        TraitValue::Bool(_) => None,
    }
}

fn strategies(value: Option<&TraitValue>) -> Vec<StrategyId> {
    let Some(TraitValue::Text(text)) = value else { return Vec::new() };
    let mut all: Vec<StrategyId> =
        text.split(',').filter_map(|name| StrategyId::new(name.trim()).ok()).collect();
    all.sort_unstable();
    all.dedup();
    all.truncate(TOUCH_STRATEGY_COUNT_MAX);
    all
}

impl Shown {
    /// Reads the properties of an event; `None` when they name no decision, or not the slot that it was about. Another id
    /// that cannot be read is left out: no view is lost for it.
    fn read(properties: &[(SmolStr, TraitValue)]) -> Option<Box<Self>> {
        let of = |name: &str| value(properties, name);
        Some(Box::new(Self {
            decision: id(of("decision_id"), DecisionId::new)?,
            slot: id(of("slot_id"), SlotId::new)?,
            rule: id(of("rule_id"), RuleId::new),
            offer: id(of("offer_id"), OfferId::new),
            strategies: strategies(of("source")),
        }))
    }
}

impl EventKind {
    /// The same with what the event's properties say of a decision. What names none that can be counted stays an event of
    /// its name alone.
    #[must_use]
    pub fn with_decision(self, properties: &[(SmolStr, TraitValue)]) -> Self {
        let Self::Track(name) = &self else { return self };
        let kind: fn(Box<Shown>) -> Self = match name.as_str() {
            "Decision Viewed" => Self::DecisionViewed,
            "Decision Clicked" => Self::DecisionClicked,
            _ => return self,
        };
        Shown::read(properties).map_or(self, kind)
    }
}

/// The decision that an event says it follows from.
pub(super) fn decision_named(event: &Event) -> Option<DecisionId> {
    id(event.property("decision_id"), DecisionId::new)
}

/// The mail whose link led to a page, if the event tells of such a landing.
pub(super) fn landing(event: &Event) -> Option<Shown> {
    if event.kind.name() != EMAIL_LINK_CLICKED {
        return None;
    }
    let decision = decision_named(event)?;
    ReminderId::of_decision_id(decision.as_str())?;
    let slot = SlotId::new(MAIL_SLOT).ok()?;
    Some(Shown { decision, slot, rule: None, offer: None, strategies: Vec::new() })
}
