//! Purchases after a reminder: which order belongs to which step of which episode, for those who got mail and for those who
//! were held out alike.
//!
//! A profile keeps three small sets: steps that were answered, orders, and uses of codes. An order belongs to the last step
//! that was answered at or before it, if that is not longer ago than [`CONVERSION_WINDOW`]; so each order counts once, whatever
//! else was sent. An order that names no coupon was bought with the codes that stood when it was made: applied after the
//! order before it, within the same window, and not removed. Because all three are sets, neither the order in which events
//! arrive nor that of joining two halves of a person matters. What belongs to a step and is not yet written down is an
//! outbox: the cart mailer writes it and says so ([`crate::event::EventKind::ConversionRecorded`]).

use crate::code::{CouponCode, DiscountCode};
use crate::event::{Coupon, Event};
use crate::id::{EffectId, OrderId};
use crate::key::ProfileKey;
use crate::money::Money;
use crate::outreach::{Group, ReminderId};
use crate::policy::{ANSWER_COUNT_MAX, CODE_USE_COUNT_MAX, CONVERSION_WINDOW, ORDER_COUNT_MAX};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A step of an episode that was answered: its mail went out or was given up, or it was held back for comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// When, by the mailer's clock.
    pub at: Timestamp,
    /// Which step.
    pub reminder: ReminderId,
    /// Whether the person gets mail.
    pub group: Group,
}

/// What is known of an order until it is written down.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Purchase {
    /// When (event time).
    pub at: Timestamp,
    /// The shop's order number.
    pub order: Option<OrderId>,
    /// What was paid.
    pub total: Option<Money>,
    /// The coupon that the order names; of a [`Conversion`] also what was applied before it.
    pub coupon: Option<CouponCode>,
}

/// A code that a person applied to what is being bought, or took back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct CodeUse {
    /// When (event time).
    at: Timestamp,
    code: DiscountCode,
    /// `Coupon Removed`. Of two at one instant this is the later one.
    is_removal: bool,
}

/// An order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Order {
    /// When (event time); of one that was told twice the earlier telling.
    at: Timestamp,
    id: EffectId,
    /// `None` once it is written down.
    open: Option<Purchase>,
}

/// An order that belongs to a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conversion {
    /// Which order: the same whenever it is told again.
    pub id: EffectId,
    /// The step.
    pub after: Answered,
    /// The order.
    pub purchase: Purchase,
}

/// Answered steps, orders and uses of codes of one person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Conversions {
    /// Each step once, earliest first.
    answered: Vec<Answered>,
    /// Each order once, earliest first.
    orders: Vec<Order>,
    /// Each use once, earliest first.
    uses: Vec<CodeUse>,
}

impl Conversions {
    /// A step was answered. Answered again, the first time counts.
    pub fn answer(&mut self, new: Answered) {
        self.insert_answer(new);
        self.forget();
    }

    fn insert_answer(&mut self, mut new: Answered) {
        if let Some(index) = self.answered.iter().position(|known| known.reminder == new.reminder) {
            new = new.min(self.answered.remove(index));
        }
        let index = self.answered.partition_point(|known| *known < new);
        self.answered.insert(index, new);
    }

    /// Beyond the caps the newest are kept.
    fn forget(&mut self) {
        let excess = self.answered.len().saturating_sub(ANSWER_COUNT_MAX);
        self.answered.drain(..excess);
        let excess = self.orders.len().saturating_sub(ORDER_COUNT_MAX);
        self.orders.drain(..excess);
        let excess = self.uses.len().saturating_sub(CODE_USE_COUNT_MAX);
        self.uses.drain(..excess);
    }

    /// `Coupon Applied`, or `Coupon Removed`.
    pub fn coupon(&mut self, coupon: &Coupon, at: Timestamp, is_removal: bool) {
        for code in coupon.codes() {
            self.insert_use(CodeUse { at, code, is_removal });
        }
        self.forget();
    }

    fn insert_use(&mut self, new: CodeUse) {
        if let Err(index) = self.uses.binary_search(&new) {
            self.uses.insert(index, new);
        }
    }

    /// `Order Completed`. The same order number told by another event is the same order.
    pub fn order(
        &mut self,
        profile: &ProfileKey,
        event: &Event,
        (order, total, coupon): (Option<&OrderId>, Option<Money>, Option<&CouponCode>),
    ) {
        let of_event = || EffectId::derive(profile.as_str(), &event.source, &event.id, "order");
        let id = order.map_or_else(of_event, EffectId::of_order);
        let (at, order, coupon) = (event.occurred_at, order.cloned(), coupon.cloned());
        self.insert_order(Order { at, id, open: Some(Purchase { at, order, total, coupon }) });
        self.forget();
    }

    fn insert_order(&mut self, mut new: Order) {
        if let Some(index) = self.orders.iter().position(|known| known.id == new.id) {
            let known = self.orders.remove(index);
            // What is written down stays so; of two tellings the earlier one counts.
            new = Order { at: new.at.min(known.at), id: new.id, open: new.open.zip(known.open).map(earlier) };
        }
        let index = self.orders.partition_point(|known| *known < new);
        self.orders.insert(index, new);
    }

    /// An order was written down.
    pub fn recorded(&mut self, id: EffectId) {
        if let Some(order) = self.orders.iter_mut().find(|order| order.id == id) {
            order.open = None;
        }
    }

    /// Orders that belong to a step and are not yet written down, earliest first.
    pub fn pending(&self) -> impl Iterator<Item = Conversion> {
        self.orders.iter().filter_map(|order| {
            let mut purchase = order.open.clone()?;
            let after = self.last_before(purchase.at)?;
            purchase.coupon = purchase.coupon.or_else(|| self.applied(order.at));
            Some(Conversion { id: order.id, after, purchase })
        })
    }

    /// The codes that stood at this time, latest first, as one text.
    fn applied(&self, at: Timestamp) -> Option<CouponCode> {
        let order_before = self.orders.iter().rev().map(|order| order.at).find(|order| *order < at);
        let is_open = |used: &&CodeUse| {
            used.at <= at
                && at < used.at + CONVERSION_WINDOW
                && order_before.is_none_or(|before| before < used.at)
        };
        let open: Vec<&CodeUse> = self.uses.iter().filter(is_open).collect();
        let is_last = |i: usize| open.iter().skip(i + 1).all(|later| later.code != open[i].code);
        let standing = (0..open.len()).rev().filter(|i| is_last(*i) && !open[*i].is_removal);
        let codes: Vec<&str> = standing.map(|i| open[i].code.as_str()).collect();
        CouponCode::new(&codes.join(",")).ok()
    }

    /// Orders that are written down, of those that are still remembered.
    pub fn written(&self) -> impl Iterator<Item = EffectId> {
        self.orders.iter().filter(|order| order.open.is_none()).map(|order| order.id)
    }

    /// Since when an order waits to be written down.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let open = self.orders.iter().filter(|order| order.open.is_some());
        open.map(|order| order.at).find(|at| self.last_before(*at).is_some())
    }

    /// The last step that was answered at or before this time, if its window has not ended.
    fn last_before(&self, at: Timestamp) -> Option<Answered> {
        let last = self.answered.iter().rev().find(|answered| answered.at <= at);
        last.filter(|answered| at < answered.at + CONVERSION_WINDOW).copied()
    }

    /// What both halves of a person keep.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        other.answered.iter().for_each(|answered| merged.insert_answer(*answered));
        other.orders.iter().for_each(|order| merged.insert_order(order.clone()));
        other.uses.iter().for_each(|used| merged.insert_use(used.clone()));
        merged.forget();
        merged
    }
}

fn earlier((a, b): (Purchase, Purchase)) -> Purchase {
    a.min(b)
}

#[cfg(test)]
mod tests;
