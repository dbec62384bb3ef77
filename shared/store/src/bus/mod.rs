//! The event bus: what others hear of, acknowledged or not. EventBridge, and one in memory.

use crate::error::StoreError;
use beckon_domain::Timestamp;
use std::future::Future;

pub mod eventbridge;
pub mod memory;

/// The source of every event that Beckon puts on a bus: what subscribers' rules match.
pub const SOURCE: &str = "beckon";

/// What is put on a bus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusEvent {
    /// What kind of thing happened, such as `beckon.rule-matched`.
    pub detail_type: &'static str,
    /// When it happened (event time).
    pub at: Timestamp,
    /// What happened: one JSON object. Its `id` tells a subscriber a repetition.
    pub detail: String,
}

/// A bus that can be put to.
pub trait EventBus: Send + Sync {
    /// Puts events. `Ok` means that the bus has acknowledged every one of them. After an error some may be on the bus: put
    /// all of them again, their ids make that harmless. A bus promises no order.
    ///
    /// # Errors
    /// When some were refused again and again, or the bus does not answer.
    fn put(&self, events: Vec<BusEvent>) -> impl Future<Output = Result<(), StoreError>> + Send;
}
