//! Segment's protocol as the collector takes it: a body with a batch of events, each checked by itself.
//!
//! One bad event never fails its batch: every event gets its own verdict, with a JSON pointer to what is wrong.
//! What is read here is what may be kept: contact data is split off, URLs lose their query, ids stay outside.

mod answer;
mod body;
mod commerce;
mod contact;
mod context;
mod decision;
mod encoding;
mod event;
mod ga4;
pub mod landing;
mod orders;
mod page;
mod said;
mod scrub;
mod settings;
mod spec;
mod time;

pub use answer::{CaptureAnswer, Verdict};
pub use body::{Body, parse_batch, parse_single, parts};
pub use commerce::COMMERCE;
pub use contact::ContactTraits;
pub use decision::DECISION_EVENTS;
pub use encoding::{decoded, too_large};
pub use event::{BOT, Captured, EventType, Received, capture};
pub use orders::{parse_orders, pointer_of_order};
pub use settings::source_settings;
pub use spec::{AMOUNTS, SPEC_EVENTS};
