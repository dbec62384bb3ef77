//! A signal about a slot: what one event says about one decision. It names no person and no decision.

use crate::signal::SignalId;
use beckon_domain::engagement::{Engagement, EngagementKind, Models};
use beckon_domain::event::Event;
use beckon_domain::id::{OfferId, RuleId, SlotId, StrategyId};
use beckon_domain::{Money, Timestamp};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotEvent {
    /// A decision was seen.
    View,
    /// A decision was clicked.
    Click,
    /// An order is credited to a decision.
    Order {
        /// By which models.
        models: Models,
        /// Those of them by which it is the decision's first order.
        converted: Models,
        /// What was paid.
        value: Option<Money>,
    },
}

/// What one event says about one decision of a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotSignal {
    /// Which signal: the same, however often its event is folded. Of an order the order's and the decision's, so that an
    /// order that two halves of a person tell is credited once.
    pub id: SignalId,
    /// When it happened (event time).
    pub at: Timestamp,
    /// In which slot.
    pub slot: SlotId,
    /// The rule that decided.
    pub rule: Option<RuleId>,
    /// The offer that was shown.
    pub offer: Option<OfferId>,
    /// Of a view the strategies of its products, each once; else that of the product that was clicked.
    pub strategies: Vec<StrategyId>,
    /// What happened.
    pub event: SlotEvent,
}

impl SlotSignal {
    /// The signals of an event, from what was new in it.
    #[must_use]
    pub fn of(event: &Event, engaged: &[Engagement]) -> Vec<Self> {
        engaged.iter().map(|told| Self::new(event, told)).collect()
    }

    fn new(event: &Event, told: &Engagement) -> Self {
        let of_event = |what| SignalId::of_parts(&["slot", what, event.source.as_str(), event.id.as_str()]);
        let (id, what) = match told.kind {
            EngagementKind::Viewed => (of_event("view"), SlotEvent::View),
            EngagementKind::Clicked => (of_event("click"), SlotEvent::Click),
            EngagementKind::Ordered { order, models, converted, value } => {
                let parts = ["slot", "order", &order.to_string(), told.decision.as_str(), told.slot.as_str()];
                (SignalId::of_parts(&parts), SlotEvent::Order { models, converted, value })
            }
        };
        Self {
            id,
            at: event.occurred_at,
            slot: told.slot.clone(),
            rule: told.rule.clone(),
            offer: told.offer.clone(),
            strategies: told.strategies.clone(),
            event: what,
        }
    }
}
