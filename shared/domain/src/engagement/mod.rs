//! Engagement: which decisions a person saw and clicked, and which of them an order is credited to.
//!
//! [`shown`] reads what an event says of a decision, [`touches`] is what a profile remembers of it, [`credit`] says which
//! touch an order belongs to. What an event newly says is told on as [`Engagement`]s, which name slot, rule, offer and
//! strategy, and nobody: they are summed per slot and day.

pub mod credit;
pub mod shown;
pub mod touches;

pub use credit::{Model, Models};
pub use shown::{MAIL_SLOT, Shown};
pub use touches::{Touch, Touches};

use crate::consent::Purpose;
use crate::event::{Device, Event, EventKind};
use crate::id::{DecisionId, EffectId, OfferId, RuleId, SlotId, StrategyId};
use crate::money::Money;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::reaction::Reaction;

/// What an event newly says of one decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engagement {
    /// Which decision: it tells two of one event apart, and goes no further.
    pub decision: DecisionId,
    /// Where it was shown; [`MAIL_SLOT`] for a mail.
    pub slot: SlotId,
    /// The rule that decided it; `None` where no rule did.
    pub rule: Option<RuleId>,
    /// The offer it showed; `None` where it showed products.
    pub offer: Option<OfferId>,
    /// Of a view the strategies of its products, each once; else that of the product that was clicked.
    pub strategies: Vec<StrategyId>,
    /// What happened.
    pub kind: EngagementKind,
}

/// What happened to a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EngagementKind {
    /// It was seen, for the first time.
    Viewed,
    /// It was clicked, for the first time.
    Clicked,
    /// An order is credited to it.
    Ordered {
        /// Which order: the same, whichever event tells of it.
        order: EffectId,
        /// By which models.
        models: Models,
        /// Those of them by which it is the decision's first order.
        converted: Models,
        /// What was paid.
        value: Option<Money>,
    },
}

impl Profile {
    /// Takes over what an applied event says of decisions, and returns what of it is new. Nothing of a program, of whoever
    /// denies personalization, nor of a decision that the rules cannot have made.
    pub(crate) fn engage(&mut self, event: &Event, policy: &Policy, rules: &dyn Reaction) -> Vec<Engagement> {
        if event.device == Some(Device::Bot)
            || !self.consent.allows(Purpose::Personalization, &policy.consent_default)
        {
            return Vec::new();
        }
        match &event.kind {
            EventKind::DecisionViewed(shown) if rules.can_have_shown(shown) => {
                self.touches.viewed(shown, event.occurred_at)
            }
            EventKind::DecisionClicked(shown) if rules.can_have_shown(shown) => {
                self.touches.clicked(shown, event.occurred_at)
            }
            EventKind::Track(_) => match shown::landing(event) {
                Some(shown) => self.touches.clicked(&shown, event.occurred_at),
                None => Vec::new(),
            },
            EventKind::OrderCompleted { order, total, .. } => {
                let own = || EffectId::derive("credit", &event.source, &event.id, "order");
                let id = order.as_ref().map_or_else(own, EffectId::of_order);
                self.touches.ordered((id, *total), shown::decision_named(event).as_ref(), event.occurred_at)
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
