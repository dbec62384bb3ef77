//! What is kept as failed, by the hashes of its lines.

use super::archived::hash;
use crate::error::TrainerError;
use beckon_store::objects::FailedEventArchive;
use beckon_wire::failed::discarded::{DiscardedBatch, PREFIX as DISCARDED};
use beckon_wire::failed::{FailedEvent, StreamName};
use data_encoding::BASE64;
use std::collections::BTreeMap;

/// What the keys of failed events begin with.
const FAILED: &str = "failed/";

/// Failed lines, each by its hash with the number of places in the stream at which it failed.
#[derive(Default)]
pub(super) struct Failed {
    certain: BTreeMap<u64, u64>,
    uncertain: BTreeMap<u64, u64>,
    /// Whether there was no time to read all.
    pub(super) is_cut: bool,
}

impl Failed {
    /// Reads everything that is kept.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn read<F: FailedEventArchive>(
        failed: &F,
        in_time: impl Fn() -> bool,
    ) -> Result<Self, TrainerError> {
        let mut found = Self::default();
        for prefix in [FAILED, DISCARDED] {
            for object in failed.list(prefix).await? {
                if !in_time() {
                    found.is_cut = true;
                    return Ok(found);
                }
                // What is deleted meanwhile was too old.
                let Some(document) = failed.read(&object.key).await? else { continue };
                if prefix == FAILED { found.take_event(&document) } else { found.take_batch(&document) }
            }
        }
        Ok(found)
    }

    fn take_event(&mut self, document: &[u8]) {
        let Ok(event) = serde_json::from_slice::<FailedEvent>(document) else { return };
        if event.stream == StreamName::Events {
            let payload = BASE64.decode(event.payload_base64.as_bytes()).unwrap_or_default();
            note(&mut self.certain, &payload);
        }
    }

    fn take_batch(&mut self, document: &[u8]) {
        let Ok(batch) = DiscardedBatch::parse(document) else { return };
        batch.records.iter().flatten().for_each(|record| note(&mut self.uncertain, &record.data));
    }

    /// How many failures these lines have, and how many of them a batch that was given up on holds. Texts that are no events
    /// may be the same in several hours: none has more failures than copies in this one.
    pub(super) fn of(&self, lines: &BTreeMap<u64, u64>) -> (u64, u64) {
        let sum = |kept: &BTreeMap<u64, u64>| {
            lines.iter().filter_map(|(line, copies)| Some(*kept.get(line)?.min(copies))).sum()
        };
        (sum(&self.certain), sum(&self.uncertain))
    }
}

/// A record that is not text fails as a whole and is archived as lines.
fn note(kept: &mut BTreeMap<u64, u64>, data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        *kept.entry(hash(line)).or_default() += 1;
    }
}
