//! What the tables would cost on AWS: a wrapper before any of their adapters that counts requests and units.
//!
//! Sizes are those of the items that the DynamoDB adapter writes, whatever adapter is behind it. Units are those of
//! on-demand capacity: a write by the larger of what was there and what is there now, a condition that does not hold
//! like a write of what is there, an eventual read half of a strong one, an index entry that appears, moves or vanishes
//! by its own size. Not counted: storage, and retries below the adapter.

mod catalog;
mod codes;
mod decisions;
mod engagement;
mod erasing;
mod experiments;
mod index;
mod keys;
mod models;
mod ports;
mod products;
mod rulesets;
mod sending;
pub mod size;
mod usage;

pub use index::DueIndex;
pub use usage::{CatalogUsage, Percentiles, TableUsage, Usage};

use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp, packed};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct Counted {
    usage: Usage,
    /// Bytes of each profile's item.
    profiles: BTreeMap<ProfileKey, u32>,
    /// Bytes of every profile's item that was written.
    written: Vec<u32>,
    /// Bytes of each item of CatalogTable, by its key.
    catalog: BTreeMap<String, u32>,
    due: DueIndex,
    what_if: Vec<DueIndex>,
}

/// What was counted so far. Clones share it.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Counted>>);

impl Meter {
    /// A meter that also counts what the due index would cost with each of these slacks.
    #[must_use]
    pub fn with_slacks(slacks: &[DurationMs]) -> Self {
        let what_if = slacks.iter().map(|slack| DueIndex::with_slack(*slack)).collect();
        Self(Arc::new(Mutex::new(Counted { what_if, ..Counted::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests and units.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.lock().usage
    }

    /// Sizes of the profiles' items as they are now.
    #[must_use]
    pub fn item_sizes(&self) -> Percentiles {
        Percentiles::of(self.lock().profiles.values().copied().collect())
    }

    /// Sizes of the profiles' items at each write.
    #[must_use]
    pub fn written_sizes(&self) -> Percentiles {
        Percentiles::of(self.lock().written.clone())
    }

    /// Bytes of one profile's item.
    #[must_use]
    pub fn item_bytes(&self, key: &ProfileKey) -> Option<u32> {
        self.lock().profiles.get(key).copied()
    }

    /// What the due index would have cost with each of the slacks.
    #[must_use]
    pub fn what_if(&self) -> Vec<DueIndex> {
        self.lock().what_if.clone()
    }

    /// A profile was put; `held` says whether its condition held.
    fn profile_put(&self, key: &ProfileKey, profile: &Profile, put: Put) {
        let packed_bytes = packed::pack(profile).map_or(0, |packed| packed.len());
        let after = size::profile_item(key, packed_bytes, put.version, profile.expires_at(), put.due_at);
        let mut counted = self.lock();
        let before = counted.profiles.get(key).copied();
        let usage = &mut counted.usage.profile;
        usage.write_requests += 1;
        if !put.held {
            usage.failed_conditions += 1;
            usage.write_units += size::write_units(before, None);
            return;
        }
        usage.write_units += size::write_units(before, Some(after));
        counted.profiles.insert(key.clone(), after);
        counted.written.push(after);
        let now = profile.last_received_at;
        let units = counted.due.written(key, put.due_at, now);
        counted.usage.profile.index_units += units;
        for index in &mut counted.what_if {
            index.written(key, put.due_at, now);
        }
    }
}

/// A put of a profile.
struct Put {
    version: u64,
    due_at: Option<Timestamp>,
    held: bool,
}

/// Tables whose use is counted.
#[derive(Clone)]
pub struct Metered<T> {
    tables: T,
    meter: Meter,
}

impl<T> Metered<T> {
    /// Counts what these tables are asked. They must be empty: a size that was never seen written is not known.
    pub const fn new(tables: T, meter: Meter) -> Self {
        Self { tables, meter }
    }
}
