//! What a backtest has to say.

use super::journey::Journey;
use serde::Serialize;
use std::collections::BTreeMap;

/// One of the two rulesets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its file.
    pub file: String,
    /// Its name and version.
    pub ruleset: String,
}

/// What is different. The same files give the same report, with any number of threads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The ruleset before.
    pub from: Side,
    /// The ruleset after.
    pub to: Side,
    /// Rows or lines of the history.
    pub rows: u64,
    /// Those that are no events.
    pub bad_rows: u64,
    /// The first of them, and why.
    pub bad_row_samples: Vec<String>,
    /// Events that happened to somebody.
    pub events: u64,
    /// Events that the collector would have refused, by code.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// People.
    pub people: u64,
    /// People of whom any decision changed.
    pub people_affected: u64,
    /// Slot by slot.
    pub slots: Vec<SlotReport>,
    /// Segments at the end.
    pub segments: Vec<SegmentSize>,
    /// Reminders before and after.
    pub mails: [Mails; 2],
    /// Samples, spread over the kinds of change.
    pub journeys: Vec<Journey>,
}

/// One slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotReport {
    /// Which.
    pub slot: String,
    /// Decisions compared.
    pub compared: u64,
    /// Decisions that changed: what is shown, or which rule or reason shows it.
    pub changed: u64,
    /// Of these, those that show something else.
    pub shown_differently: u64,
    /// People of whom any decision changed.
    pub people: u64,
    /// How often each rule or reason decided, before and after.
    pub decided: Vec<Decided>,
    /// Kinds of change, the most frequent one first.
    pub changes: Vec<Change>,
}

/// How often a rule or a reason decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The rule, or the reason's code in brackets.
    pub by: String,
    /// Before.
    pub from: u64,
    /// After.
    pub to: u64,
}

/// A kind of change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What decided before.
    pub from: String,
    /// What decides after.
    pub to: String,
    /// How many decisions.
    pub count: u64,
    /// How many people.
    pub people: u64,
}

/// People in a segment at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentSize {
    /// Which.
    pub segment: String,
    /// Before.
    pub from: u64,
    /// After.
    pub to: u64,
    /// People who were in it and are not.
    pub left: u64,
    /// People who are in it and were not.
    pub entered: u64,
}

/// Reminders of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mails {
    /// How many would have gone out.
    pub sent: u64,
    /// To how many people.
    pub people: u64,
    /// To how many people who get none under the other ruleset.
    pub people_only: u64,
    /// Reminders that were due and did not go out, by reason.
    pub not_sent: BTreeMap<String, u64>,
    /// Mails that offer a discount.
    pub with_discount: u64,
    /// Of these, those whose cart has no known value: they are in no sum.
    pub without_value: u64,
    /// What the discounts could cost, by currency.
    pub discounts: Vec<Discount>,
}

/// What discounts could cost in one currency. An estimate: nobody knows who redeems a code, and what they buy with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discount {
    /// What the carts were worth.
    pub carts: String,
    /// The discount if every code is redeemed for the cart as it was.
    pub at_most: String,
    /// The discount at the rate that was asked for.
    pub estimate: String,
}
