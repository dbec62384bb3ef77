//! Rows become groups, and groups become what is answered.

use beckon_domain::Day;
use beckon_domain::engagement::Model;
use beckon_recommend::engagement::{Combination, Counts, Credit, SlotDay, SlotDayRow};
use beckon_statistics::Share;
use beckon_wire::engagement::{
    CreditAnswer, EngagementBy, EngagementDayAnswer, EngagementGroupAnswer, PaidAnswer, RateAnswer, day_name,
};
use beckon_wire::experiments::IntervalAnswer;
use std::collections::BTreeMap;

/// Which group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    /// A rule, an offer, a slot, a strategy.
    Of(String),
    /// Decisions of no rule, or without an offer.
    None,
    /// What was counted together.
    Other,
}

/// What became of the decisions of each group, day by day.
pub(super) type Groups = BTreeMap<Key, BTreeMap<Day, Counts>>;

/// Adds rows up.
pub(super) fn grouped<'a>(rows: impl Iterator<Item = &'a (SlotDay, SlotDayRow)>, by: EngagementBy) -> Groups {
    let mut groups = Groups::new();
    for (of, row) in rows {
        let mut add = |key: Key, counts: &Counts| {
            *groups.entry(key).or_default().entry(of.day).or_default() += counts;
        };
        for (combination, counts) in row.iter() {
            if let Some(key) = key(combination, of, by) {
                add(key, counts);
            }
        }
        let rest = if by == EngagementBy::Source { row.other_strategies() } else { row.other() };
        if *rest != Counts::default() {
            add(if by == EngagementBy::Slot { Key::Of(of.slot.to_string()) } else { Key::Other }, rest);
        }
    }
    groups
}

/// The group of a combination; `None` where it is part of what another one counts whole.
fn key(combination: &Combination, of: &SlotDay, by: EngagementBy) -> Option<Key> {
    let Combination { rule, offer, strategy } = combination;
    let whole = strategy.is_none();
    let id = match by {
        EngagementBy::Source => return strategy.as_ref().map(|strategy| Key::Of(strategy.to_string())),
        EngagementBy::Slot => Some(of.slot.to_string()),
        EngagementBy::Rule => rule.as_ref().map(ToString::to_string),
        EngagementBy::Offer => offer.as_ref().map(ToString::to_string),
    };
    whole.then(|| id.map_or(Key::None, Key::Of))
}

/// The groups as they are answered, those with most views first.
pub(super) fn told(groups: &Groups) -> Vec<EngagementGroupAnswer> {
    let mut told: Vec<EngagementGroupAnswer> = groups.iter().map(|(key, days)| group(key, days)).collect();
    // Stable: of as many views in the order of the keys.
    told.sort_by_key(|group| std::cmp::Reverse(group.views));
    told
}

fn group(key: &Key, days: &BTreeMap<Day, Counts>) -> EngagementGroupAnswer {
    let mut all = Counts::default();
    days.values().for_each(|counts| all += counts);
    let day = |(day, counts): (&Day, &Counts)| EngagementDayAnswer {
        day: day_name(*day),
        views: counts.views,
        clicks: counts.clicks,
        conversions: counts.last.conversions,
    };
    EngagementGroupAnswer {
        key: if let Key::Of(key) = key { Some(key.clone()) } else { None },
        other: *key == Key::Other,
        views: all.views,
        clicks: all.clicks,
        click_rate: rate(all.clicks, all.views),
        credit: Model::ALL.map(|model| credit(model, all.credit(model), all.views)).into(),
        days: days.iter().map(day).collect(),
    }
}

fn credit(model: Model, credit: &Credit, views: u64) -> CreditAnswer {
    let paid = credit.revenue.iter();
    CreditAnswer {
        model: model.name(),
        orders: credit.orders,
        conversions: credit.conversions,
        conversion_rate: rate(credit.conversions, views),
        revenue: paid
            .map(|(currency, total)| PaidAnswer { currency: currency.as_str().to_owned(), total: *total })
            .collect(),
    }
}

/// A share with its interval; `None` where it is none: of nothing, or more than all.
pub(super) fn rate(count: u64, of: u64) -> Option<RateAnswer> {
    (of > 0 && count <= of).then(|| told_share(Share { count, of }))
}

/// The same of what is a share.
pub(super) fn told_share(share: Share) -> RateAnswer {
    let interval = share.wilson();
    RateAnswer { rate: share.rate(), interval: IntervalAnswer { low: interval.low, high: interval.high } }
}
