//! What is counted of decisions.

use super::signal::SlotEvent;
use beckon_domain::engagement::Model;
use beckon_domain::policy::CURRENCY_COUNT_MAX;
use beckon_domain::{Currency, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Orders that one model credits.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Credit {
    /// Orders.
    pub orders: u64,
    /// Decisions that got their first order: never more than were seen, over all days.
    pub conversions: u64,
    /// What was paid, in minor units.
    pub revenue: BTreeMap<Currency, i64>,
}

impl Credit {
    fn pay(&mut self, money: Money) {
        let sum = self.revenue.entry(money.currency).or_default();
        *sum = sum.saturating_add(money.minor);
        // As a profile's purchases: the first codes of the alphabet stay.
        while self.revenue.len() > CURRENCY_COUNT_MAX {
            self.revenue.pop_last();
        }
    }
}

impl AddAssign<&Self> for Credit {
    fn add_assign(&mut self, other: &Self) {
        self.orders += other.orders;
        self.conversions += other.conversions;
        for (currency, minor) in &other.revenue {
            self.pay(Money { minor: *minor, currency: *currency });
        }
    }
}

/// What became of some decisions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Decisions seen.
    pub views: u64,
    /// Decisions clicked.
    pub clicks: u64,
    /// Orders that name a decision.
    pub direct: Credit,
    /// Orders by their first touch.
    pub first: Credit,
    /// Orders by their last touch.
    pub last: Credit,
}

impl Counts {
    /// What a model credits.
    #[must_use]
    pub const fn credit(&self, model: Model) -> &Credit {
        match model {
            Model::Direct => &self.direct,
            Model::First => &self.first,
            Model::Last => &self.last,
        }
    }

    fn credit_mut(&mut self, model: Model) -> &mut Credit {
        match model {
            Model::Direct => &mut self.direct,
            Model::First => &mut self.first,
            Model::Last => &mut self.last,
        }
    }

    /// Counts what happened.
    pub(super) fn count(&mut self, event: &SlotEvent) {
        match event {
            SlotEvent::View => self.views += 1,
            SlotEvent::Click => self.clicks += 1,
            SlotEvent::Order { models, converted, value } => {
                for model in models.iter() {
                    let credit = self.credit_mut(model);
                    credit.orders += 1;
                    credit.conversions += u64::from(converted.has(model));
                    value.iter().for_each(|money| credit.pay(*money));
                }
            }
        }
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.views += other.views;
        self.clicks += other.clicks;
        for model in Model::ALL {
            *self.credit_mut(model) += other.credit(model);
        }
    }
}
