//! What is counted. Everything adds up, in any order.

use super::journey::{JOURNEYS_MAX, Journey, choose};
use super::report::{Change, Decided, Discount, Mails, Report, SegmentSize, Side, SlotReport};
use beckon_domain::{Currency, Money, id::SlotId};
use beckon_rules::Decision;
use beckon_rules::testing::Timeline;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A kind of change: in a slot, from what decided to what decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Kind {
    pub slot: usize,
    pub from: String,
    pub to: String,
}

/// What decided: a rule by its id, a table by its id and row, else the reason's code in brackets.
pub(super) fn why(decision: Option<&Decision>) -> Cow<'_, str> {
    let Some(Decision { reason, .. }) = decision else { return Cow::Borrowed("(no such slot)") };
    match (&reason.rule, reason.row) {
        (Some(rule), None) => Cow::Borrowed(rule.as_str()),
        (Some(table), Some(row)) => Cow::Owned(format!("{table} row {row}")),
        (None, _) => Cow::Owned(format!("({})", reason.code.code())),
    }
}

/// What was counted of one slot.
#[derive(Clone, Default)]
pub(super) struct SlotTally {
    id: String,
    pub compared: u64,
    pub changed: u64,
    pub shown_differently: u64,
    pub people: u64,
    decided: BTreeMap<String, [u64; 2]>,
}

impl SlotTally {
    /// Counts by what each of both decided.
    pub fn decided(&mut self, old: Option<&Decision>, new: Option<&Decision>) {
        for (side, decision) in [old, new].into_iter().enumerate() {
            let why = why(decision);
            match self.decided.get_mut(&*why) {
                Some(counts) => counts[side] += 1,
                None => self.decided.entry(why.into_owned()).or_default()[side] += 1,
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.changed += other.changed;
        self.shown_differently += other.shown_differently;
        self.people += other.people;
        for (why, counts) in other.decided {
            add_both(self.decided.entry(why).or_default(), counts);
        }
    }
}

fn add_both(sum: &mut [u64; 2], more: [u64; 2]) {
    sum[0] += more[0];
    sum[1] += more[1];
}

/// A kind of change, counted.
#[derive(Clone, Default)]
struct Changed {
    count: u64,
    people: u64,
    /// The first of them by row, each of another person.
    samples: Vec<Journey>,
}

/// Mails of one side.
#[derive(Clone, Default)]
struct MailTally {
    count: u64,
    people: u64,
    /// People who are mailed under this ruleset alone.
    people_only: u64,
    with_discount: u64,
    /// Mails with a discount on a cart whose value is not known.
    without_value: u64,
    not_sent: BTreeMap<String, u64>,
    /// By currency: what carts with a discount are worth, and the discount in hundredths of minor units.
    carts: BTreeMap<Currency, (i128, i128)>,
}

/// What was counted.
#[derive(Clone, Default)]
pub(super) struct Tally {
    pub events: u64,
    pub people: u64,
    pub people_affected: u64,
    pub rejected: BTreeMap<String, u64>,
    slots: Vec<SlotTally>,
    kinds: BTreeMap<Kind, Changed>,
    mails: [MailTally; 2],
    /// By segment: how many are in it at the end under each, how many only before, how many only after.
    segments: BTreeMap<String, [[u64; 2]; 2]>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(slots: &[SlotId]) -> Self {
        let slot = |slot: &SlotId| SlotTally { id: slot.to_string(), ..SlotTally::default() };
        Self { slots: slots.iter().map(slot).collect(), ..Self::default() }
    }

    /// The counts of a slot, of those that it was made with.
    pub fn slot(&mut self, index: usize) -> Option<&mut SlotTally> {
        self.slots.get_mut(index)
    }

    /// A decision changed; whether that kind of change meets this person for the first time, and a sample of it is
    /// wanted.
    pub fn change(&mut self, kind: &Kind, is_first: bool) -> bool {
        let changed = match self.kinds.get_mut(kind) {
            Some(changed) => changed,
            None => self.kinds.entry(kind.clone()).or_default(),
        };
        changed.count += 1;
        changed.people += u64::from(is_first);
        is_first && changed.samples.len() < JOURNEYS_MAX
    }

    /// A sample of a kind of change.
    pub fn sample(&mut self, kind: &Kind, journey: Journey) {
        if let Some(changed) = self.kinds.get_mut(kind) {
            changed.samples.push(journey);
        }
    }

    /// The mails that one person got.
    pub fn mails(&mut self, old: &Timeline<'_>, new: &Timeline<'_>) {
        let got = [old, new].map(|side| !side.mails().is_empty());
        for (index, side) in [old, new].into_iter().enumerate() {
            let tally = &mut self.mails[index];
            tally.people += u64::from(got[index]);
            tally.people_only += u64::from(got[index] && !got[1 - index]);
            for (reason, count) in side.not_sent() {
                *tally.not_sent.entry((*reason).to_owned()).or_default() += count;
            }
            for mail in side.mails() {
                tally.count += 1;
                let Some(percent) = mail.percent else { continue };
                tally.with_discount += 1;
                match mail.cart_value {
                    None => tally.without_value += 1,
                    Some(value) => {
                        let sums = tally.carts.entry(value.currency).or_default();
                        sums.0 += i128::from(value.minor);
                        sums.1 += i128::from(value.minor) * i128::from(percent);
                    }
                }
            }
        }
    }

    /// The segments that one person is in at the end.
    pub fn segments(&mut self, old: &BTreeSet<String>, new: &BTreeSet<String>) {
        for segment in old.union(new) {
            let (before, after) = (old.contains(segment), new.contains(segment));
            let [sizes, moved] = self.segments.entry(segment.clone()).or_default();
            add_both(sizes, [u64::from(before), u64::from(after)]);
            add_both(moved, [u64::from(before && !after), u64::from(after && !before)]);
        }
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.people += other.people;
        self.people_affected += other.people_affected;
        for (sum, more) in self.slots.iter_mut().zip(other.slots) {
            sum.add(more);
        }
        for (code, count) in other.rejected {
            *self.rejected.entry(code).or_default() += count;
        }
        for (kind, more) in other.kinds {
            let changed = self.kinds.entry(kind).or_default();
            changed.count += more.count;
            changed.people += more.people;
            changed.samples.extend(more.samples);
            changed.samples.sort_by_key(|journey| journey.row);
            changed.samples.truncate(JOURNEYS_MAX);
        }
        for (sum, more) in self.mails.iter_mut().zip(other.mails) {
            sum.add(more);
        }
        for (segment, [sizes, moved]) in other.segments {
            let sum = self.segments.entry(segment).or_default();
            add_both(&mut sum[0], sizes);
            add_both(&mut sum[1], moved);
        }
    }

    /// What there is to say; `redeem`: percent of the codes that are redeemed.
    pub fn report(self, sides: [Side; 2], redeem: u32) -> Report {
        let [from, to] = sides;
        let samples = self.kinds.iter().map(|(k, c)| (k.clone(), (c.count, c.samples.clone()))).collect();
        let mut by_slot: Vec<Vec<Change>> = self.slots.iter().map(|_| Vec::new()).collect();
        for (kind, changed) in self.kinds {
            if let Some(changes) = by_slot.get_mut(kind.slot) {
                let (count, people) = (changed.count, changed.people);
                changes.push(Change { from: kind.from, to: kind.to, count, people });
            }
        }
        let slot = |(slot, mut changes): (SlotTally, Vec<Change>)| {
            changes
                .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
            let decided = slot.decided.into_iter().map(|(by, [from, to])| Decided { by, from, to }).collect();
            SlotReport {
                slot: slot.id,
                compared: slot.compared,
                changed: slot.changed,
                shown_differently: slot.shown_differently,
                people: slot.people,
                decided,
                changes,
            }
        };
        let segment = |(segment, [[from, to], [left, entered]]): (String, [[u64; 2]; 2])| SegmentSize {
            segment,
            from,
            to,
            left,
            entered,
        };
        let [old, new] = self.mails;
        Report {
            from,
            to,
            rows: 0,
            bad_rows: 0,
            bad_row_samples: Vec::new(),
            events: self.events,
            rejected_by_code: self.rejected,
            people: self.people,
            people_affected: self.people_affected,
            slots: self.slots.into_iter().zip(by_slot).map(slot).collect(),
            segments: self.segments.into_iter().map(segment).collect(),
            mails: [old.report(redeem), new.report(redeem)],
            journeys: choose(&samples),
        }
    }
}

impl MailTally {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.people += other.people;
        self.people_only += other.people_only;
        self.with_discount += other.with_discount;
        self.without_value += other.without_value;
        for (reason, count) in other.not_sent {
            *self.not_sent.entry(reason).or_default() += count;
        }
        for (currency, (worth, discount)) in other.carts {
            let sums = self.carts.entry(currency).or_default();
            sums.0 += worth;
            sums.1 += discount;
        }
    }

    fn report(self, redeem: u32) -> Mails {
        let money = |minor: i128, currency| {
            Money { minor: i64::try_from(minor).unwrap_or(i64::MAX), currency }.to_string()
        };
        let discount = |(currency, (worth, hundredths)): (Currency, (i128, i128))| Discount {
            carts: money(worth, currency),
            at_most: money(half_up(hundredths, 100), currency),
            estimate: money(half_up(hundredths * i128::from(redeem), 10_000), currency),
        };
        Mails {
            sent: self.count,
            people: self.people,
            people_only: self.people_only,
            not_sent: self.not_sent,
            with_discount: self.with_discount,
            without_value: self.without_value,
            discounts: self.carts.into_iter().map(discount).collect(),
        }
    }
}

fn half_up(amount: i128, parts: i128) -> i128 {
    (amount + parts / 2) / parts
}
