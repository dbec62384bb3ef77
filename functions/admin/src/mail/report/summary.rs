//! What a whole tally says: the groups as they were assigned, whether anybody was mailed or not, and the difference.

use super::tally::{PersonTally, Tally};
use beckon_domain::outreach::{Group, assignment::BUCKET_COUNT};
use beckon_statistics::{Difference, Moments, Share, sample_ratio};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupSummary {
    /// People assigned to it.
    pub people: u64,
    /// Of these: who bought.
    pub buyers: u64,
    /// Orders.
    pub orders: u64,
    /// Share of buyers, 0 to 1; missing without people.
    pub rate: Option<f64>,
    /// What was paid: minor units by currency.
    pub revenue: BTreeMap<String, i64>,
}

/// Whether people were divided as they were to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleRatio {
    /// The share to be held out, 0 to 1.
    pub expected: f64,
    /// The share that was.
    pub found: f64,
    /// How likely a division at least as odd is.
    pub p: f64,
    /// It is no accident: the comparison is not to be believed.
    pub warning: bool,
}

/// What a tally says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Who was to get mail.
    pub treated: GroupSummary,
    /// Who was held out.
    pub held_out: GroupSummary,
    /// Difference of the shares of buyers.
    pub lift: Option<Difference>,
    /// The same as a part of the share among those held out; missing when nobody of them bought.
    pub relative_lift: Option<f64>,
    /// Difference of revenue for each person, in minor units, by currency.
    pub revenue_lift: BTreeMap<String, Difference>,
    /// Whether people were divided as they were to be; missing when nobody is to be held out.
    pub sample_ratio: Option<SampleRatio>,
}

impl Summary {
    /// Of a whole ledger; `holdout`: of 10,000 people so many are to be held out, where that is known.
    #[must_use]
    pub fn of(tally: &Tally, holdout: Option<u32>) -> Self {
        let of = |group: Group| -> Vec<&PersonTally> {
            let people = tally.people.values();
            people.filter(|person| person.first.is_some_and(|(_, first)| first == group)).collect()
        };
        let (treated, held_out) = (of(Group::Treated), of(Group::HeldOut));
        let (a, b) = (group(&treated), group(&held_out));
        let share = |group: &GroupSummary| Share { count: group.buyers, of: group.people };
        let has_both = a.people > 0 && b.people > 0;
        let lift = has_both.then(|| share(&a).less(share(&b)));
        let base = b.rate.filter(|rate| *rate > 0.0);
        let currencies: BTreeSet<&String> = a.revenue.keys().chain(b.revenue.keys()).collect();
        let differences = currencies.into_iter().filter(|_| has_both);
        let revenue_lift = differences
            .map(|currency| (currency.clone(), sum(&treated, currency).less(sum(&held_out, currency))))
            .collect();
        Self {
            relative_lift: lift.zip(base).map(|(lift, base)| lift.value / base),
            lift,
            revenue_lift,
            sample_ratio: holdout.filter(|share| *share > 0).and_then(|share| ratio(&a, &b, share)),
            treated: a,
            held_out: b,
        }
    }
}

fn group(people: &[&PersonTally]) -> GroupSummary {
    let mut summary = GroupSummary { people: people.len() as u64, ..GroupSummary::default() };
    for person in people {
        summary.buyers += u64::from(person.orders > 0);
        summary.orders += person.orders;
        for (currency, minor) in &person.revenue {
            *summary.revenue.entry(currency.clone()).or_default() += minor;
        }
    }
    summary.rate = (summary.people > 0).then(|| summary.buyers as f64 / summary.people as f64);
    summary
}

fn sum(people: &[&PersonTally], currency: &str) -> Moments {
    let paid = people.iter().filter_map(|person| person.revenue.get(currency));
    Moments::of(paid.map(|minor| *minor as f64)).among(people.len() as u64)
}

fn ratio(treated: &GroupSummary, held_out: &GroupSummary, holdout: u32) -> Option<SampleRatio> {
    let all = treated.people + held_out.people;
    let expected = f64::from(holdout) / f64::from(BUCKET_COUNT);
    let ratio = sample_ratio(&[held_out.people, treated.people], &[expected, 1.0 - expected]);
    let found = held_out.people as f64 / all as f64;
    (all > 0).then_some(SampleRatio { expected, found, p: ratio.p_value, warning: ratio.warning })
}
