//! Beckon's own lines in an archive: merge records, forwarded events and the ends of reminders.
//!
//! They are consequences of other lines, and the archive holds both. A profile is a fold of the lines of its key in their
//! order, so every line is replayed as it came, and what the profiler would put again is held back: it would come at
//! another place among the customer's lines. What it would put and the archive does not hold, because the archive ends in
//! between, is put at the end.

use crate::replay::state_hash::Fnv;
use beckon_domain::event::{Event, EventKind};
use beckon_domain::{EventId, ProfileKey};
use beckon_store::streams::NewRecord;
use beckon_wire::stream::read_alone;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of own lines during one replay.
#[derive(Debug, Default)]
pub(in crate::replay) struct OwnLines {
    /// Those the archive holds.
    archived: BTreeSet<u64>,
    /// Those the profiler has put and the archive has not shown yet, with the order in which they came.
    awaited: BTreeMap<u64, (u64, NewRecord)>,
    put_count: u64,
    /// Ends of reminders: a forwarded one is the same.
    timers: BTreeSet<EventId>,
}

/// Key, source and id make a line what it is; one of 64 bits says it well enough among some millions.
fn hash(key: &ProfileKey, event: &Event) -> u64 {
    let mut hash = Fnv::new();
    for part in [key.as_str(), event.source.as_str(), event.id.as_str()] {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    hash.value()
}

impl OwnLines {
    /// The archive shows an own line.
    pub fn archived(&mut self, key: &ProfileKey, event: &Event) {
        let hash = hash(key, event);
        self.awaited.remove(&hash);
        self.archived.insert(hash);
        if matches!(event.kind, EventKind::TimerDue { .. }) {
            self.timers.insert(event.id.clone());
        }
    }

    /// How many reminders ended, in the archive.
    pub fn timer_count(&self) -> u64 {
        self.timers.len() as u64
    }

    /// The profiler has put this.
    pub fn put(&mut self, record: &NewRecord) {
        for data in record.data.split(|byte| *byte == b'\n') {
            let Some(Ok((key, said))) = std::str::from_utf8(data).ok().map(read_alone) else { continue };
            let hash = hash(&key, &said.event);
            if self.archived.contains(&hash) {
                continue;
            }
            self.put_count += 1;
            let record = NewRecord { partition_key: record.partition_key.clone(), data: data.to_owned() };
            self.awaited.entry(hash).or_insert((self.put_count, record));
        }
    }

    /// What the archive did not hold, in the order in which it was put; from now on it counts as shown.
    pub fn take_missing(&mut self) -> Vec<NewRecord> {
        let awaited = std::mem::take(&mut self.awaited);
        self.archived.extend(awaited.keys());
        let mut missing: Vec<(u64, NewRecord)> = awaited.into_values().collect();
        missing.sort_by_key(|(order, _)| *order);
        missing.into_iter().map(|(_, record)| record).collect()
    }
}
