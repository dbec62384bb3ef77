//! `beckon failed show`.

use super::document::{Content, Item, payload};
use super::place::Place;
use super::redrive::find;
use crate::error::CliError;
use beckon_domain::Timestamp;
use beckon_wire::failed::discarded::DiscardedBatch;
use beckon_wire::format_time;
use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::Value;

/// Arguments of `beckon failed show`.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// An id, as `list` shows it
    #[arg(value_name = "ID")]
    id: String,
}

/// Prints one document whole.
pub(super) fn run(args: &ShowArgs, items: &[Item], place: &Place) -> Result<(), CliError> {
    let item = find(items, &args.id)?;
    // Beside the answer, so that a pipe gets the answer alone.
    eprintln!("beckon: what follows may hold data of the shop; mind where you put it");
    for line in lines(item) {
        crate::say(line);
    }
    if item.is_redriven {
        crate::say(format_args!("put into the stream of {place} again"));
    }
    Ok(())
}

fn lines(item: &Item) -> Vec<String> {
    let mut lines = Vec::new();
    match &item.content {
        Content::Event(event) => {
            let failed_at = format_time(Timestamp::from_ms(event.failed_at));
            lines.push(format!("id       {}", event.id));
            lines.push(format!("reason   {}: {}", event.reason.code(), event.detail));
            lines.push(format!("failed   {failed_at}"));
            lines.push(format!("key      {}", event.partition_key));
            lines.push("payload".to_owned());
            lines.extend(readable(&payload(event)));
        }
        Content::Batch(batch) => batch_lines(batch, &mut lines),
        Content::Unreadable(why) => lines.push(format!("{}: {why}", item.key)),
    }
    lines
}

fn batch_lines(batch: &DiscardedBatch, lines: &mut Vec<String>) {
    lines.push(format!("uncertain  {} records, {}", batch.record_count, batch.condition));
    lines.push(format!("given up   {}", batch.discarded_at));
    lines.push(format!("shard      {}", batch.shard));
    lines.push(format!("first      {}", batch.first_sequence));
    lines.push(format!("last       {}", batch.last_sequence));
    lines.push(
        "Lambda's mapping gave up on this batch. An invocation may have applied some of it before. Put again, its \
         records have new numbers, which no mark covers; only the event ids tell, and a profile knows those of the last \
         24 hours, at most 512. Put it again with --uncertain if counting an event twice is better than missing it."
            .to_owned(),
    );
    for record in batch.records.iter().flatten() {
        lines.push(format!("record   {} of {}", record.sequence, record.partition_key));
        lines.extend(readable(&record.data));
    }
}

/// JSON laid out; any other text as it is, without control characters; anything else as hex.
fn readable(data: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(data) else {
        return vec![format!("(not UTF-8, in hex) {}", HEXLOWER.encode(data))];
    };
    let laid_out = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(value) => format!("{value:#}"),
        Err(_) => line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
    };
    text.split('\n').map(laid_out).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_laid_out_and_cannot_steer_a_terminal() {
        assert_eq!(readable(b"{\"a\":1}"), ["{\n  \"a\": 1\n}"]);
        assert_eq!(readable(b"not\x1b[31m an event"), ["not [31m an event"]);
        assert_eq!(readable(&[0xff, 0x00]), ["(not UTF-8, in hex) ff00"]);
    }
}
