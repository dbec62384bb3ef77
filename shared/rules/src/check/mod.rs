//! What is certain to be a mistake although every part of it is sound: rows and rules that are never reached, and conditions
//! that can never hold. What is only likely is not reported: a false alarm would keep a good ruleset from going live.

pub(crate) mod contradiction;
mod implied;
pub(crate) mod numbers;
pub(crate) mod overlap;
pub(crate) mod reach;
pub(crate) mod values;

use crate::aggregate::Aggregate;

/// Whether two questions about events have one answer: they read what is kept under one name.
fn ask_the_same(a: &Aggregate, b: &Aggregate) -> bool {
    a.watch == b.watch && a.what == b.what && a.of == b.of && a.within == b.within
}
