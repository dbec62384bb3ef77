//! A batch is taken apart: records into signals, signals into what each item and each category gets of them.

use beckon_batch::lines::{Reading, failed_line};
use beckon_batch::{Record, read_lines};
use beckon_domain::mark::SequenceNumber;
use beckon_recommend::popularity::Delivered;
use beckon_store::tables::TrendKey;
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use beckon_wire::signal::SignalLine;
use std::collections::BTreeMap;

/// What of a batch one item or one category gets, in stream order.
#[derive(Clone, Debug)]
pub struct Part {
    /// The item or category.
    pub key: TrendKey,
    /// Its signals.
    pub delivered: Vec<Delivered>,
}

impl Part {
    /// The number from which on it comes again if it is not done.
    pub fn first_sequence(&self) -> Option<SequenceNumber> {
        self.delivered.iter().map(|one| &one.position.sequence).min().cloned()
    }
}

/// A batch taken apart.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Per item, then per category, in key order.
    pub parts: Vec<Part>,
    /// What can never be counted, with the sequence number it stands at, when it has one.
    pub failed: Vec<(Option<SequenceNumber>, FailedEvent)>,
    /// Lines in all records.
    pub line_count: u64,
}

/// Takes a batch apart.
#[must_use]
pub fn split(records: &[Record<'_>], epoch: &str, failed_at: i64) -> Batch {
    let reading = Reading { epoch, stream: StreamName::Signals, at_ms: failed_at };
    let mut batch = Batch::default();
    let mut parts: BTreeMap<TrendKey, Vec<Delivered>> = BTreeMap::new();
    for record in records {
        let lines = read_lines(record, reading, SignalLine::parse);
        batch.line_count += lines.count;
        batch.failed.extend(lines.failed.into_iter().map(|failed| (lines.sequence.clone(), failed)));
        for (position, signal) in lines.read {
            let category = signal.category.clone().map(TrendKey::Category);
            let item = TrendKey::Item(signal.product.clone());
            let arrived_at = record.arrived_at.unwrap_or(signal.at);
            let delivered = Delivered { position, arrived_at, signal };
            if let Some(category) = category {
                parts.entry(category).or_default().push(delivered.clone());
            }
            parts.entry(item).or_default().push(delivered);
        }
    }
    batch.parts = parts.into_iter().map(|(key, delivered)| Part { key, delivered }).collect();
    batch
}

/// The failed event that a valid signal becomes when it cannot be counted for a reason of ours.
#[must_use]
pub fn failed(delivered: &Delivered, reason: FailedReason, detail: &str, failed_at: i64) -> FailedEvent {
    let signal = &delivered.signal;
    let payload = serde_json::to_vec(&SignalLine::from(signal)).unwrap_or_default();
    let why = (reason, detail);
    failed_line(&delivered.position, signal.product.as_str(), &payload, why, (StreamName::Signals, failed_at))
}
