//! What rows of the ledger add up to. Tallies of parts of the ledger add up too, in any order: a reader who follows the
//! cursor merges them.

use beckon_domain::conversion::Conversion;
use beckon_domain::outreach::Group;
use beckon_domain::{Money, Reminder, ReminderId, ReminderStatus, Timestamp};
use beckon_store::tables::{ConversionRow, LedgerRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums of money: minor units by currency.
pub type Sums = BTreeMap<String, i64>;

/// The period of a report: from `since` to before `until`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    /// The first moment.
    pub since: Timestamp,
    /// The first moment that is not in it.
    pub until: Timestamp,
}

impl Period {
    fn has(self, at: Timestamp) -> bool {
        (self.since..self.until).contains(&at)
    }
}

/// What became of one step's mails.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StepTally {
    /// Mails that SES took.
    pub sent: u64,
    /// Of these: delivered.
    pub delivered: u64,
    /// Opened by a person.
    pub opened: u64,
    /// A link was followed by a person.
    pub clicked: u64,
    /// Refused for good.
    pub bounced: u64,
    /// Called spam.
    pub complained: u64,
    /// On their way.
    pub under_way: u64,
    /// Not sent, by reason or status.
    pub not_sent: BTreeMap<String, u64>,
    /// Orders after the mail, and before the next one.
    pub orders: u64,
    /// What was paid in them.
    pub revenue: Sums,
    /// What the codes of the mails took off them.
    pub discount: Sums,
}

/// One person of the experiment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersonTally {
    /// When a mail was first sent or held back (milliseconds since 1970), and the group: it stays that of the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<(i64, Group)>,
    /// Orders.
    #[serde(skip_serializing_if = "is_zero")]
    pub orders: u64,
    /// What was paid in them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub revenue: Sums,
}

const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// An order that followed a mail, or the holding back of one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bought {
    /// When (milliseconds since 1970).
    pub at: i64,
    /// Who: the beginning of the profile key.
    pub profile: String,
    /// After which step.
    pub step: u8,
    /// Their group.
    pub group: Group,
    /// The shop's order number.
    pub order: Option<String>,
    /// What was paid, such as `12.34 EUR`.
    pub total: Option<String>,
    /// Per cent that a code of the mail took off.
    pub percent: Option<u8>,
}

/// What rows add up to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tally {
    /// By step, from 1.
    pub steps: BTreeMap<u8, StepTally>,
    /// By person.
    pub people: BTreeMap<String, PersonTally>,
    /// Who bought after which step, in no order.
    pub bought: Vec<Bought>,
}

fn add(sums: &mut Sums, money: Money) {
    let sum = sums.entry(money.currency.to_string()).or_default();
    *sum = sum.saturating_add(money.minor);
}

fn add_all<K: Ord, N: std::ops::AddAssign + Default>(sums: &mut BTreeMap<K, N>, more: BTreeMap<K, N>) {
    for (key, count) in more {
        *sums.entry(key).or_default() += count;
    }
}

impl Tally {
    /// Counts a row, if it is of the period.
    pub fn count(&mut self, row: &LedgerRow, period: Period) {
        match row {
            LedgerRow::Reminder(id, row) => self.reminder(*id, row, period),
            LedgerRow::Conversion(row) => {
                if period.has(row.conversion.after.at) {
                    self.order(row);
                }
            }
        }
    }

    fn reminder(&mut self, id: ReminderId, row: &Reminder, period: Period) {
        if let Some((at, group)) = row.assigned_at.zip(row.group).filter(|(at, _)| period.has(*at)) {
            let person = self.people.entry(row.profile.shortened().to_owned()).or_default();
            person.assigned((at.as_ms(), group));
        }
        if period.has(row.at) {
            self.steps.entry(id.step).or_default().reminder(row);
        }
    }

    fn order(&mut self, row: &ConversionRow) {
        let Conversion { after, purchase, .. } = &row.conversion;
        let person = self.people.entry(row.profile.shortened().to_owned()).or_default();
        person.orders += 1;
        if let Some(total) = purchase.total {
            add(&mut person.revenue, total);
        }
        if after.group == Group::Treated {
            let step = self.steps.entry(after.reminder.step).or_default();
            step.orders += 1;
            if let Some(total) = purchase.total {
                add(&mut step.revenue, total);
                if let Some(percent) = row.percent {
                    let minor = total.minor.saturating_mul(i64::from(percent)) / 100;
                    add(&mut step.discount, Money { minor, ..total });
                }
            }
        }
        self.bought.push(Bought {
            at: purchase.at.as_ms(),
            profile: row.profile.shortened().to_owned(),
            step: after.reminder.step,
            group: after.group,
            order: purchase.order.as_ref().map(ToString::to_string),
            total: purchase.total.map(|total| total.to_string()),
            percent: row.percent,
        });
    }

    /// Adds the tally of another part of the ledger.
    pub fn merge(&mut self, other: Self) {
        for (step, tally) in other.steps {
            self.steps.entry(step).or_default().merge(tally);
        }
        for (key, person) in other.people {
            self.people.entry(key).or_default().merge(person);
        }
        self.bought.extend(other.bought);
        self.bought.sort_unstable();
    }
}

impl StepTally {
    fn reminder(&mut self, row: &Reminder) {
        match &row.status {
            ReminderStatus::Sent { .. } => {
                let told = &row.feedback;
                self.sent += 1;
                self.delivered += u64::from(told.delivered_at.is_some());
                self.opened += u64::from(told.opened_at.is_some());
                self.clicked += u64::from(told.clicked_at.is_some());
                self.bounced += u64::from(told.bounced_at.is_some());
                self.complained += u64::from(told.complained_at.is_some());
            }
            ReminderStatus::Claimed { .. } | ReminderStatus::Sending { .. } => self.under_way += 1,
            status @ (ReminderStatus::Failed { .. } | ReminderStatus::Unknown { .. }) => {
                *self.not_sent.entry(status.name().to_owned()).or_default() += 1;
            }
            ReminderStatus::Suppressed { reason }
            | ReminderStatus::Deferred { reason, .. }
            | ReminderStatus::Cancelled { reason } => {
                *self.not_sent.entry(reason.clone()).or_default() += 1;
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.opened += other.opened;
        self.clicked += other.clicked;
        self.bounced += other.bounced;
        self.complained += other.complained;
        self.under_way += other.under_way;
        self.orders += other.orders;
        add_all(&mut self.not_sent, other.not_sent);
        add_all(&mut self.revenue, other.revenue);
        add_all(&mut self.discount, other.discount);
    }
}

impl PersonTally {
    fn assigned(&mut self, new: (i64, Group)) {
        self.first = Some(self.first.map_or(new, |known| known.min(new)));
    }

    fn merge(&mut self, other: Self) {
        if let Some(first) = other.first {
            self.assigned(first);
        }
        self.orders += other.orders;
        add_all(&mut self.revenue, other.revenue);
    }
}

#[cfg(test)]
mod tests;
