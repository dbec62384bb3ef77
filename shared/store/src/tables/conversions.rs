//! OutreachTable's orders that followed reminders.

use crate::error::StoreError;
use beckon_domain::conversion::Conversion;
use beckon_domain::{ProfileKey, Timestamp};
use std::future::Future;

/// An order that followed a step of an episode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversionRow {
    /// Who bought.
    pub profile: ProfileKey,
    /// What, after which step.
    pub conversion: Conversion,
    /// Per cent that were off, where the coupon is one that a mail of the episode offered.
    pub percent: Option<u8>,
}

/// OutreachTable: orders that followed reminders.
pub trait ConversionStore: Send + Sync {
    /// Writes an order down unless it is: the first row stays. Returns whether it was new.
    fn record_conversion(
        &self,
        row: &ConversionRow,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
