//! A batch is taken apart: records into signals, signals into what each item and each category gets of them.

use crate::slots::SlotPart;
use beckon_batch::lines::{Reading, failed_line};
use beckon_batch::{Record, read_lines};
use beckon_domain::ProductId;
use beckon_domain::mark::SequenceNumber;
use beckon_recommend::engagement::SlotDay;
use beckon_recommend::popularity::Delivered;
use beckon_recommend::{Signal, SignalKind};
use beckon_store::tables::TrendKey;
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use beckon_wire::signal::SignalLine;
use beckon_wire::slot_signal::{self, SignalSaid};
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

    /// The item whose standing in lists the part may change: what was looked at next changes none.
    pub fn offered(&self) -> Option<ProductId> {
        let TrendKey::Item(product) = &self.key else { return None };
        let is_own = |one: &Delivered| one.signal.kind != SignalKind::Next;
        self.delivered.iter().any(is_own).then(|| product.clone())
    }
}

/// A batch taken apart.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Per item, then per category, in key order.
    pub parts: Vec<Part>,
    /// Per day and slot.
    pub(crate) slots: Vec<SlotPart>,
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
    let mut slots: BTreeMap<SlotDay, Vec<_>> = BTreeMap::new();
    for record in records {
        let lines = read_lines(record, reading, slot_signal::read);
        batch.line_count += lines.count;
        batch.failed.extend(lines.failed.into_iter().map(|failed| (lines.sequence.clone(), failed)));
        for (position, said) in lines.read {
            let signal = match said {
                SignalSaid::Product(signal) => signal,
                SignalSaid::Slot(signal) => {
                    let arrived_at = record.arrived_at.unwrap_or(signal.at);
                    let of = slots.entry(SlotDay::of(&signal)).or_default();
                    of.push(Delivered { position, arrived_at, signal });
                    continue;
                }
            };
            let category = of_category(&signal);
            let item = TrendKey::Item(signal.product.clone());
            let arrived_at = record.arrived_at.unwrap_or(signal.at);
            if let Some((category, signal)) = category {
                let delivered = Delivered { position: position.clone(), arrived_at, signal };
                parts.entry(category).or_default().push(delivered);
            }
            parts.entry(item).or_default().push(Delivered { position, arrived_at, signal });
        }
    }
    batch.slots = slots.into_iter().map(|(of, delivered)| SlotPart { of, delivered }).collect();
    batch.parts = parts.into_iter().map(|(key, delivered)| Part { key, delivered }).collect();
    batch
}

/// What a category is told of a signal: that it was, and not which products go together.
fn of_category(signal: &Signal) -> Option<(TrendKey, Signal)> {
    let category = signal.category.clone().filter(|_| signal.kind != SignalKind::Next)?;
    Some((TrendKey::Category(category), Signal { others: Vec::new(), called: None, ..signal.clone() }))
}

/// The failed event that a valid signal becomes when it cannot be counted for a reason of ours.
#[must_use]
pub fn failed(delivered: &Delivered, reason: FailedReason, detail: &str, failed_at: i64) -> FailedEvent {
    let signal = &delivered.signal;
    let payload = serde_json::to_vec(&SignalLine::from(signal)).unwrap_or_default();
    let why = (reason, detail);
    failed_line(&delivered.position, signal.product.as_str(), &payload, why, (StreamName::Signals, failed_at))
}
