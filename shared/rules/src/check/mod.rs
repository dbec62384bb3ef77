//! What is certain to be a mistake although every part of it is sound: rows and rules that are never reached, and conditions
//! that can never hold. What is only likely is not reported.

pub(crate) mod numbers;
pub(crate) mod overlap;
pub(crate) mod values;
