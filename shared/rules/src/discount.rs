//! What a reminder offers for coming back.

use crate::table::Table;
use beckon_domain::DurationMs;
use beckon_domain::code::PoolName;
use std::sync::Arc;

/// A discount by a personal code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Discount {
    /// Percent off, 1 to 100.
    pub percent: u8,
    /// Where its code comes from.
    pub codes: CodeSource,
}

/// Where the codes of a discount come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CodeSource {
    /// Each is derived from the episode.
    Derived {
        /// What they begin with: capital letters, digits and hyphens.
        prefix: String,
        /// How long a code is good.
        valid_for: DurationMs,
    },
    /// They are taken from a pool.
    Pool(PoolName),
}

/// A discount as the rule says it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct DiscountRule {
    pub(crate) percent: Percent,
    pub(crate) codes: CodeSource,
}

/// How much is off.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Percent {
    /// So much for everybody, 1 to 100.
    Fixed(u8),
    /// As a table says, 0 to 100.
    Table(Arc<Table<u8>>),
}
