//! What became of decisions: how often each slot's were seen and clicked, and which orders are credited to them.
//!
//! [`SlotSignal`] is what one event says about one decision, without a person and without the decision's id; [`SlotDayRow`]
//! adds up what one slot was told of on one day.

mod counts;
mod packed;
mod row;
mod signal;

pub use counts::{Counts, Credit};
pub use packed::{SLOT_DAY_VERSION, pack_slot_day, unpack_slot_day};
pub use row::{Combination, SlotDay, SlotDayRow, fold};
pub use signal::{SlotEvent, SlotSignal};

#[cfg(test)]
mod tests;
