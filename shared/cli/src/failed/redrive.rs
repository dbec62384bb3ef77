//! Putting failed events into the stream again: a new sequence number, the same event id.
//!
//! The ring of a profile knows an event id for 24 hours, so an event that is put twice counts once. The note that an event
//! was put again is written after the stream has acknowledged it, never before: if the note gets lost the event is put
//! again once more, which the ring finds. Nothing is deleted.

use super::document::{Content, Item, UNCERTAIN, payload};
use crate::error::CliError;
use beckon_domain::Timestamp;
use beckon_store::objects::FailedEventArchive;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_wire::failed::{FailedEvent, FailedReason, StreamName};
use beckon_wire::stream::{VERSION, read};
use serde_json::{Value, json};

/// Documents put and noted at a time: so many may be put once more after an interruption.
const CHUNK: usize = 100;

/// What is asked for: some ids, a reason, or, when both are empty, everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// These.
    pub ids: Vec<String>,
    /// Everything of this reason.
    pub reason: Option<String>,
    /// Also batches of which nobody knows whether they were applied.
    pub uncertain: bool,
}

/// What will be done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// What is put again, in the order in which it stood in the stream.
    pub items: Vec<Item>,
    /// What was not named and is not put, a sentence each.
    pub passed_over: Vec<String>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Redriven {
    /// Documents.
    pub document_count: usize,
    /// Lines that somebody had sent.
    pub line_count: u64,
    /// Lines that Beckon itself had put.
    pub internal_count: u64,
}

/// Chooses what to put again. What was named and cannot be put is refused whole, before anything happens; what was not
/// named is passed over.
///
/// # Errors
/// What was named and cannot be put again, and why.
pub fn plan(items: &[Item], request: &Request) -> Result<Plan, CliError> {
    let mut plan = Plan::default();
    if let Some(reason) = &request.reason {
        known_reason(reason)?;
    }
    for id in &request.ids {
        let item = find(items, id)?;
        if let Some(why) = why_not(item, request.uncertain) {
            return Err(CliError::usage(format!("{id} is not put again: {why}")));
        }
        if item.is_redriven {
            return Err(CliError::usage(format!(
                "{id} was put again before; if it failed once more it is listed under a new id"
            )));
        }
        if !plan.items.contains(item) {
            plan.items.push(item.clone());
        }
    }
    if request.ids.is_empty() {
        choose(items, request, &mut plan)?;
    }
    plan.items.sort_by_key(Item::position);
    Ok(plan)
}

fn choose(items: &[Item], request: &Request, plan: &mut Plan) -> Result<(), CliError> {
    for item in items.iter().filter(|item| !item.is_redriven) {
        if request.reason.as_deref().is_some_and(|reason| reason != item.reason()) {
            continue;
        }
        match why_not(item, request.uncertain) {
            None => plan.items.push(item.clone()),
            Some(why) if request.reason.is_some() => {
                return Err(CliError::usage(format!("{} is not put again: {why}", item.id())));
            }
            Some(why) => plan.passed_over.push(format!("{} is not put again: {why}", item.id())),
        }
    }
    Ok(())
}

/// Refuses a word that no document has as its reason.
pub(super) fn known_reason(reason: &str) -> Result<(), CliError> {
    if reason == UNCERTAIN || FailedReason::of_code(reason).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = FailedReason::ALL.iter().map(|r| r.code()).chain([UNCERTAIN]).collect();
    Err(CliError::usage(format!("there is no reason {reason}: choose one of {}", known.join(", "))))
}

/// The document of this id or object key.
pub(super) fn find<'a>(items: &'a [Item], id: &str) -> Result<&'a Item, CliError> {
    items.iter().find(|item| item.id() == id || item.key == id).ok_or_else(|| {
        CliError::usage(format!("no failed event has the id {id}: see `beckon failed list --redriven`"))
    })
}

/// Why a document must not be put into the stream again.
fn why_not(item: &Item, uncertain: bool) -> Option<String> {
    match &item.content {
        Content::Unreadable(why) => Some(why.clone()),
        Content::Event(FailedEvent { stream: StreamName::Signals, .. }) => {
            Some("it is a signal, and only events can be put again".to_owned())
        }
        Content::Batch(batch) if batch.is_of_signals() => {
            Some("it is a batch of signals, and only events can be put again".to_owned())
        }
        Content::Event(event) => match event.reason.hopeless() {
            Some(why) => Some(why.to_owned()),
            None => still_unknown(event),
        },
        Content::Batch(batch) if batch.records.is_none() => Some(
            "the mapping kept no payload; read its numbers from the stream while they are there".to_owned(),
        ),
        Content::Batch(_) if !uncertain => Some(
            "whether it was applied is not certain, and an event older than 24 hours would count twice; \
             say --uncertain to put it again all the same"
                .to_owned(),
        ),
        Content::Batch(_) => None,
    }
}

/// A version that this release does not know either would fail again.
fn still_unknown(event: &FailedEvent) -> Option<String> {
    if event.reason != FailedReason::UnknownVersion {
        return None;
    }
    let payload = payload(event);
    let text = String::from_utf8_lossy(&payload);
    let error = read(&text, &event.partition_key).err()?;
    Some(format!("{error}: deploy a release that reads it, and use its command"))
}

/// Puts the documents again, in their order, and notes each when the stream has acknowledged it.
///
/// # Errors
/// When the stream or the store did not do it; says how many were put and noted before.
pub async fn carry_out(
    archive: &impl FailedEventArchive,
    stream: &impl EventStream,
    items: &[Item],
    now: Timestamp,
) -> Result<Redriven, CliError> {
    let mut done = Redriven::default();
    for chunk in items.chunks(CHUNK) {
        let mut put = Redriven { document_count: chunk.len(), ..Redriven::default() };
        let records: Vec<NewRecord> = chunk.iter().flat_map(|item| records(item, now, &mut put)).collect();
        let so_far = format!("{} of {} were put again and noted", done.document_count, items.len());
        stream.put(records).await.map_err(|e| {
            CliError::caused(&format!("the stream did not take it all ({so_far}; do it again)"), &e)
        })?;
        for item in chunk {
            let note = json!({ "id": item.id(), "redriven_at": now.as_ms() }).to_string();
            archive.note_redriven(&item.key, note.into_bytes()).await.map_err(|e| {
                let what = format!(
                    "{} was put again and could not be noted ({so_far}; do it again within 24 hours)",
                    item.id()
                );
                CliError::caused(&what, &e)
            })?;
        }
        done.document_count += put.document_count;
        done.line_count += put.line_count;
        done.internal_count += put.internal_count;
    }
    Ok(done)
}

/// The records of a document, as they are put now.
fn records(item: &Item, now: Timestamp, count: &mut Redriven) -> Vec<NewRecord> {
    let mut record = |partition_key: &str, data: &[u8]| NewRecord {
        partition_key: partition_key.to_owned(),
        data: received_again(data, now, count),
    };
    match &item.content {
        Content::Event(event) => vec![record(&event.partition_key, &payload(event))],
        Content::Batch(batch) => {
            let records = batch.records.iter().flatten();
            records.map(|r| record(&r.partition_key, &r.data)).collect()
        }
        Content::Unreadable(_) => Vec::new(),
    }
}

/// The lines as they are, received now: a ring remembers an id from its receipt on, and would at once forget one that was
/// received days ago. When the event happened stays as it is.
pub(crate) fn received_again(data: &[u8], now: Timestamp, count: &mut Redriven) -> Vec<u8> {
    let lines = data.split(|byte| *byte == b'\n').map(|text| {
        let mut line: Value = serde_json::from_slice(text).unwrap_or_default();
        let counter =
            if line["internal"] == true { &mut count.internal_count } else { &mut count.line_count };
        *counter += 1;
        if line["v"] != VERSION || !line["received_at"].is_i64() {
            return text.to_vec();
        }
        line["received_at"] = json!(now.as_ms());
        line.to_string().into_bytes()
    });
    lines.collect::<Vec<_>>().join(&b'\n')
}

/// `3 failed events and 1 uncertain batch`.
#[must_use]
pub fn counted(items: &[Item]) -> String {
    let batches = items.iter().filter(|item| matches!(item.content, Content::Batch(_))).count();
    let number = |count: usize, one: &str, more: &str| {
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { more }))
    };
    let parts = [
        number(items.len() - batches, "failed event", "failed events"),
        number(batches, "uncertain batch", "uncertain batches"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "no failed events".to_owned() } else { parts.join(" and ") }
}
