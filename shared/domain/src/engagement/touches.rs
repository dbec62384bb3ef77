//! The decisions that a person saw or clicked last.
//!
//! A small set, one touch for each decision and slot: seen twice it is one, and of two halves of a person the touches are
//! those of both. So neither the order in which events arrive nor that of joining halves matters, as long as nothing is
//! beyond its cap.

use super::credit::{Models, credited};
use super::shown::Shown;
use super::{Engagement, EngagementKind};
use crate::day::Day;
use crate::id::{DecisionId, EffectId, OfferId, RuleId, SlotId, StrategyId};
use crate::money::Money;
use crate::policy::{
    CREDITED_ORDER_COUNT_MAX, TOUCH_COUNT_MAX, TOUCH_RETENTION, TOUCH_STRATEGY_COUNT_MAX,
    TOUCH_TOLD_COUNT_MAX,
};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The first click in a decision.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Click {
    /// When (event time).
    pub at: Timestamp,
    /// Where the clicked product comes from; `None` of an offer and of a mail.
    pub strategy: Option<StrategyId>,
}

/// A decision that a person saw.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Touch {
    /// When first (event time).
    pub at: Timestamp,
    /// Which.
    pub decision: DecisionId,
    /// Where.
    pub slot: SlotId,
    /// The rule that decided it.
    pub rule: Option<RuleId>,
    /// The offer that it showed.
    pub offer: Option<OfferId>,
    /// The strategies of its products, sorted, each once.
    pub strategies: Vec<StrategyId>,
    /// The first click in it.
    pub click: Option<Click>,
    /// The models by which an order was credited to it.
    pub converted: Models,
}

impl Touch {
    fn new(shown: &Shown, at: Timestamp) -> Self {
        Self {
            at,
            decision: shown.decision.clone(),
            slot: shown.slot.clone(),
            rule: shown.rule.clone(),
            offer: shown.offer.clone(),
            strategies: shown.strategies.clone(),
            click: None,
            converted: Models::NONE,
        }
    }

    fn is_of(&self, decision: &DecisionId, slot: &SlotId) -> bool {
        self.decision == *decision && self.slot == *slot
    }

    /// Two tellings of one touch, in either order.
    fn join(self, other: Self) -> Self {
        let mut strategies = [self.strategies, other.strategies].concat();
        strategies.sort_unstable();
        strategies.dedup();
        strategies.truncate(TOUCH_STRATEGY_COUNT_MAX);
        Self {
            at: self.at.min(other.at),
            decision: self.decision,
            slot: self.slot,
            rule: self.rule.max(other.rule),
            offer: self.offer.max(other.offer),
            strategies,
            click: earlier(self.click, other.click),
            converted: self.converted.and(other.converted),
        }
    }

    fn engagement(&self, kind: EngagementKind, strategies: Vec<StrategyId>) -> Engagement {
        Engagement {
            decision: self.decision.clone(),
            slot: self.slot.clone(),
            rule: self.rule.clone(),
            offer: self.offer.clone(),
            strategies,
            kind,
        }
    }

    fn rank(&self) -> (Timestamp, &DecisionId, &SlotId) {
        (self.at, &self.decision, &self.slot)
    }
}

fn earlier(a: Option<Click>, b: Option<Click>) -> Option<Click> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// An order that was credited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Credited {
    at: Timestamp,
    id: EffectId,
}

/// Touches, and orders that were credited to some of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Touches {
    /// Earliest first.
    touches: Vec<Touch>,
    /// Earliest first.
    orders: Vec<Credited>,
    /// The newest day on which a decision was counted, and how many were on it.
    counted: (Day, u16),
}

impl Touches {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Touches, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = &Touch> {
        self.touches.iter()
    }

    /// A decision was seen. Nothing is new of one that was seen before.
    pub fn viewed(&mut self, shown: &Shown, at: Timestamp) -> Vec<Engagement> {
        let mut told = Vec::new();
        self.touch(Touch::new(shown, at), &mut told);
        told
    }

    /// Something in a decision was clicked. Whoever clicks has seen it, whether that was told or not.
    pub fn clicked(&mut self, shown: &Shown, at: Timestamp) -> Vec<Engagement> {
        let known = self.touches.iter().find(|touch| touch.is_of(&shown.decision, &shown.slot));
        let is_first = known.is_none_or(|touch| touch.click.is_none());
        let strategy = shown.strategies.first().cloned();
        let click = Click { at, strategy: strategy.clone() };
        let (touch, mut told) = (Touch { click: Some(click), ..Touch::new(shown, at) }, Vec::new());
        if let Some(touch) = self.touch(touch, &mut told)
            && is_first
        {
            told.push(touch.engagement(EngagementKind::Clicked, strategy.into_iter().collect()));
        }
        told
    }

    /// Takes a touch over; `None` when that is beyond what is counted on one day.
    fn touch(&mut self, mut new: Touch, told: &mut Vec<Engagement>) -> Option<Touch> {
        match self.touches.iter().position(|touch| touch.is_of(&new.decision, &new.slot)) {
            Some(index) => new = self.touches.remove(index).join(new),
            None => {
                self.count(new.at)?;
                told.push(new.engagement(EngagementKind::Viewed, new.strategies.clone()));
            }
        }
        self.insert(new.clone());
        self.forget();
        Some(new)
    }

    fn count(&mut self, at: Timestamp) -> Option<()> {
        let day = Day::of(at);
        if day > self.counted.0 {
            self.counted = (day, 0);
        }
        self.counted.1 = self.counted.1.checked_add(1).filter(|count| *count <= TOUCH_TOLD_COUNT_MAX)?;
        Some(())
    }

    fn insert(&mut self, touch: Touch) {
        let index = self.touches.partition_point(|known| known.rank() < touch.rank());
        self.touches.insert(index, touch);
    }

    /// Beyond the caps the newest are kept.
    fn forget(&mut self) {
        let newest = self.touches.last().map(|touch| touch.at);
        self.touches.retain(|touch| newest.is_none_or(|newest| newest < touch.at + TOUCH_RETENTION));
        let excess = self.touches.len().saturating_sub(TOUCH_COUNT_MAX);
        self.touches.drain(..excess);
        let excess = self.orders.len().saturating_sub(CREDITED_ORDER_COUNT_MAX);
        self.orders.drain(..excess);
    }

    /// An order was made, which may name a decision. Nothing is new of one that was credited before.
    pub fn ordered(
        &mut self,
        (order, value): (EffectId, Option<Money>),
        named: Option<&DecisionId>,
        at: Timestamp,
    ) -> Vec<Engagement> {
        if self.orders.iter().any(|known| known.id == order) {
            return Vec::new();
        }
        let mut told = Vec::new();
        for (index, models, by_click) in credited(&self.touches, named, at) {
            let touch = &mut self.touches[index];
            let converted = models.without(touch.converted);
            touch.converted = touch.converted.and(models);
            let click = touch.click.as_ref().filter(|_| by_click);
            let strategies = click.and_then(|click| click.strategy.clone()).into_iter().collect();
            told.push(
                touch.engagement(EngagementKind::Ordered { order, models, converted, value }, strategies),
            );
        }
        if !told.is_empty() {
            self.insert_order(Credited { at, id: order });
            self.forget();
        }
        told
    }

    fn insert_order(&mut self, mut new: Credited) {
        if let Some(index) = self.orders.iter().position(|known| known.id == new.id) {
            new = new.min(self.orders.remove(index));
        }
        let index = self.orders.partition_point(|known| *known < new);
        self.orders.insert(index, new);
    }

    /// What both halves of a person keep.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        for touch in &other.touches {
            let known = merged.touches.iter().position(|known| known.is_of(&touch.decision, &touch.slot));
            let known = known.map(|index| merged.touches.remove(index));
            merged.insert(known.map_or_else(|| touch.clone(), |known| known.join(touch.clone())));
        }
        other.orders.iter().for_each(|order| merged.insert_order(*order));
        merged.counted = self.counted.max(other.counted);
        merged.forget();
        merged
    }
}
