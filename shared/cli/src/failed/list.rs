//! `beckon failed list`.

use super::document::{Content, Item, payload};
use super::redrive::{counted, known_reason};
use crate::error::CliError;
use beckon_domain::Timestamp;
use beckon_wire::failed::FailedEvent;
use beckon_wire::failed::discarded::DiscardedBatch;
use beckon_wire::format_time;
use clap::Args;
use serde_json::{Value, json};

/// Characters of a profile key that tell two apart.
const KEY_CHARS: usize = 9;

/// Arguments of `beckon failed list`.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Only what failed for this reason; `uncertain` for batches that the mapping gave up on
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Also what was put into the stream again
    #[arg(long)]
    redriven: bool,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints what is kept.
pub(super) fn run(args: &ListArgs, items: &[Item], place: &str) -> Result<(), CliError> {
    if let Some(reason) = &args.reason {
        known_reason(reason)?;
    }
    let of_reason = |item: &&Item| args.reason.as_deref().is_none_or(|reason| reason == item.reason());
    let (shown, hidden): (Vec<&Item>, Vec<&Item>) =
        items.iter().filter(of_reason).partition(|item| args.redriven || !item.is_redriven);
    if args.json {
        let documents: Vec<Value> = shown.into_iter().map(as_json).collect();
        crate::say(format_args!("{:#}", json!({ "place": place, "failed": documents })));
        return Ok(());
    }
    for line in table(&shown) {
        crate::say(line);
    }
    let shown: Vec<Item> = shown.into_iter().cloned().collect();
    let hidden = match hidden.len() {
        0 => String::new(),
        count => format!("; {count} put again before (--redriven shows them)"),
    };
    crate::say(format_args!("{} in {place}{hidden}", counted(&shown)));
    Ok(())
}

/// Events as a table; batches below it, each under its id, which is long.
fn table(items: &[&Item]) -> Vec<String> {
    let mut events = vec![["ID", "REASON", "FAILED AT", "BYTES", "PROFILE"].map(ToOwned::to_owned).to_vec()];
    let (mut batches, mut rest) = (Vec::new(), Vec::new());
    for item in items {
        match &item.content {
            Content::Event(event) => events.push(event_row(item, event)),
            Content::Batch(batch) => {
                batches.push(format!("{}{}", item.id(), noted(item)));
                batches.push(batch_line(batch));
            }
            Content::Unreadable(why) => rest.push(format!("{}: {why}", item.key)),
        }
    }
    let mut lines = if events.len() > 1 { aligned(&events) } else { Vec::new() };
    if !batches.is_empty() {
        lines.push(
            "uncertain: Lambda's mapping gave up on these batches; some of them may be applied".to_owned(),
        );
        lines.extend(batches);
    }
    lines.extend(rest);
    lines
}

fn noted(item: &Item) -> &'static str {
    if item.is_redriven { " (put again)" } else { "" }
}

fn event_row(item: &Item, event: &FailedEvent) -> Vec<String> {
    vec![
        event.id.clone(),
        format!("{}{}", event.reason.code(), noted(item)),
        format_time(Timestamp::from_ms(event.failed_at)),
        payload(event).len().to_string(),
        shortened(&event.partition_key),
    ]
}

fn batch_line(batch: &DiscardedBatch) -> String {
    let DiscardedBatch {
        condition, discarded_at, shard, first_sequence, last_sequence, record_count, ..
    } = batch;
    format!(
        "  {condition} at {discarded_at}; records: {record_count}; {shard}, {first_sequence} to {last_sequence}"
    )
}

/// Enough of a key to tell two profiles apart.
pub(super) fn shortened(key: &str) -> String {
    let mut short: String = key.chars().take(KEY_CHARS).filter(|c| !c.is_control()).collect();
    if key.chars().count() > KEY_CHARS {
        short.push('…');
    }
    short
}

pub(crate) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn as_json(item: &Item) -> Value {
    let mut value =
        json!({ "id": item.id(), "reason": item.reason(), "key": item.key, "redriven": item.is_redriven });
    let more = match &item.content {
        Content::Event(event) => json!({
            "detail": event.detail,
            "failed_at": format_time(Timestamp::from_ms(event.failed_at)),
            "bytes": payload(event).len(),
            "profile": event.partition_key,
        }),
        Content::Batch(batch) => json!({
            "detail": batch.condition,
            "failed_at": batch.discarded_at,
            "bytes": item.bytes,
            "records": batch.record_count,
            "shard": batch.shard,
            "first_sequence": batch.first_sequence,
            "last_sequence": batch.last_sequence,
        }),
        Content::Unreadable(why) => json!({ "detail": why, "bytes": item.bytes }),
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}
