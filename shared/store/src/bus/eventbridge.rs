//! EventBridge: PutEvents, with what it refused put again in order.

use super::{BusEvent, EventBus, SOURCE};
use crate::error::{ErrorKind, StoreError, kind_of_code};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use std::time::Duration;

/// Events of one PutEvents at most (AWS's limit).
const EVENTS_MAX: usize = 10;
/// Bytes of one PutEvents at most (AWS's limit: 256 KiB).
const BYTES_MAX: usize = 256 * 1024;
/// What the time of an entry counts (AWS's user guide, "Calculating PutEvents event entry size").
const TIME_BYTES: usize = 14;
/// Attempts for events that were refused for now.
const ATTEMPTS_MAX: u32 = 4;

const OPERATION: &str = "put events on the bus";

/// A bus of EventBridge.
#[derive(Clone, Debug)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

/// An event that was not taken, and why.
struct Refused {
    index: usize,
    kind: ErrorKind,
    code: String,
}

impl EventBridgeBus {
    /// The bus of this name, by a function's AWS configuration.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig, name: impl Into<String>) -> Self {
        Self::new(Client::new(config), name)
    }

    /// The bus of this name, behind a client.
    #[must_use]
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// One PutEvents. Returns what was refused.
    async fn put_once(&self, events: &[BusEvent]) -> Result<Vec<Refused>, StoreError> {
        let entries = events.iter().map(|event| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(SOURCE)
                .detail_type(event.detail_type)
                .time(DateTime::from_millis(event.at.as_ms()))
                .detail(&event.detail)
                .build()
        });
        let request = self.client.put_events().set_entries(Some(entries.collect()));
        let answer = request.send().await.map_err(|error| StoreError::from_sdk(OPERATION, error))?;
        let results = answer.entries();
        if results.len() != events.len() {
            let detail = format!("the answer speaks for {} events of {}", results.len(), events.len());
            return Err(StoreError::new(OPERATION, ErrorKind::Ambiguous, detail));
        }
        Ok(results.iter().enumerate().filter_map(|(index, result)| refused(index, result)).collect())
    }

    /// Puts one chunk until all of it is taken. What is refused for good ends it at once: trying again changes nothing.
    async fn put_chunk(&self, mut events: Vec<BusEvent>) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            let refused = self.put_once(&events).await?;
            let Some(worst) = refused.iter().max_by_key(|refused| refused.kind == ErrorKind::Refused) else {
                return Ok(());
            };
            if attempt == ATTEMPTS_MAX || worst.kind == ErrorKind::Refused {
                let (count, total, code) = (refused.len(), events.len(), &worst.code);
                let detail =
                    format!("{count} of {total} events were refused after {attempt} attempts: {code}");
                return Err(StoreError::new(OPERATION, worst.kind, detail));
            }
            events = refused.iter().filter_map(|refused| events.get(refused.index).cloned()).collect();
            tokio::time::sleep(Duration::from_millis(25 << attempt)).await;
            attempt += 1;
        }
    }
}

/// An event is acknowledged by its id; no error alone acknowledges nothing.
fn refused(index: usize, result: &PutEventsResultEntry) -> Option<Refused> {
    match (result.error_code(), result.event_id()) {
        (None, Some(_)) => None,
        (code, _) => {
            let code = code.unwrap_or_default();
            Some(Refused { index, kind: kind_of_code(code), code: code.to_owned() })
        }
    }
}

fn size(event: &BusEvent) -> usize {
    TIME_BYTES + SOURCE.len() + event.detail_type.len() + event.detail.len()
}

impl EventBus for EventBridgeBus {
    async fn put(&self, events: Vec<BusEvent>) -> Result<(), StoreError> {
        let (mut chunk, mut chunk_bytes) = (Vec::new(), 0);
        for event in events {
            let bytes = size(&event);
            let is_full = chunk.len() == EVENTS_MAX || chunk_bytes + bytes > BYTES_MAX;
            if is_full && !chunk.is_empty() {
                self.put_chunk(std::mem::take(&mut chunk)).await?;
                chunk_bytes = 0;
            }
            chunk_bytes += bytes;
            chunk.push(event);
        }
        if chunk.is_empty() { Ok(()) } else { self.put_chunk(chunk).await }
    }
}
