//! What is kept of failed events, read: the profiler's documents, and batches that Lambda's mapping gave up on.

use crate::error::CliError;
use beckon_domain::mark::SequenceNumber;
use beckon_store::objects::{FailedEventArchive, Kept, REDRIVEN_PREFIX};
use beckon_wire::failed::FailedEvent;
use beckon_wire::failed::discarded::{self, DiscardedBatch};
use data_encoding::BASE64;
use futures_util::{StreamExt, TryStreamExt};
use std::collections::BTreeSet;

/// The word for a batch of which nobody knows whether it was applied.
pub const UNCERTAIN: &str = "uncertain";
/// Where the profiler keeps its documents.
const FAILED_PREFIX: &str = "failed/";
/// Documents read at the same time.
const CONCURRENCY: usize = 16;

/// What a document says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// An event that the profiler kept.
    Event(FailedEvent),
    /// A batch that the mapping gave up on.
    Batch(DiscardedBatch),
    /// Neither, and why.
    Unreadable(String),
}

/// A kept document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its object key.
    pub key: String,
    /// Size of the document.
    pub bytes: u64,
    /// Whether it was put into the stream again.
    pub is_redriven: bool,
    /// What it says.
    pub content: Content,
}

impl Item {
    /// What `list` shows and `show` and `redrive` take.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.content {
            Content::Event(event) => &event.id,
            Content::Batch(_) | Content::Unreadable(_) => &self.key,
        }
    }

    /// The reason in one word.
    #[must_use]
    pub fn reason(&self) -> &str {
        match &self.content {
            Content::Event(event) => event.reason.code(),
            Content::Batch(_) => UNCERTAIN,
            Content::Unreadable(_) => "unreadable",
        }
    }

    /// Where it stood in the stream: what was put first is put again first.
    pub(super) fn position(&self) -> (String, Option<SequenceNumber>, u32) {
        match &self.content {
            Content::Event(event) => {
                let mut parts = event.id.rsplitn(3, '-');
                let offset = parts.next().and_then(|offset| offset.parse().ok()).unwrap_or_default();
                let sequence = parts.next().and_then(SequenceNumber::parse);
                (parts.next().unwrap_or_default().to_owned(), sequence, offset)
            }
            Content::Batch(batch) => (batch.shard.clone(), SequenceNumber::parse(&batch.first_sequence), 0),
            Content::Unreadable(_) => (String::new(), None, 0),
        }
    }
}

/// The payload of a failed event; nothing when it is not base64, which no release writes.
#[must_use]
pub fn payload(event: &FailedEvent) -> Vec<u8> {
    BASE64.decode(event.payload_base64.as_bytes()).unwrap_or_default()
}

/// Everything that is kept, in the order of the keys.
///
/// # Errors
/// When the store does not answer.
pub async fn read_all(archive: &impl FailedEventArchive) -> Result<Vec<Item>, CliError> {
    let list = async |prefix| {
        let kept = archive.list(prefix).await;
        kept.map_err(|e| CliError::caused("the failed events cannot be listed", &e))
    };
    let redriven: BTreeSet<String> = list(REDRIVEN_PREFIX).await?.into_iter().map(|kept| kept.key).collect();
    let mut kept = list(FAILED_PREFIX).await?;
    kept.extend(list(discarded::PREFIX).await?);
    let reading = kept.into_iter().map(|kept| read(archive, kept, &redriven));
    let items: Vec<Option<Item>> =
        futures_util::stream::iter(reading).buffered(CONCURRENCY).try_collect().await?;
    Ok(items.into_iter().flatten().collect())
}

/// One document; `None` when its time was over since the keys were listed.
async fn read(
    archive: &impl FailedEventArchive,
    kept: Kept,
    redriven: &BTreeSet<String>,
) -> Result<Option<Item>, CliError> {
    let Kept { key, bytes, .. } = kept;
    let document = archive.read(&key).await;
    let document = document.map_err(|e| CliError::caused(&format!("{key} cannot be read"), &e))?;
    Ok(document.map(|document| {
        let is_redriven = redriven.contains(&beckon_store::objects::redriven_key(&key));
        let content = content(&key, &document);
        Item { key, bytes, is_redriven, content }
    }))
}

fn content(key: &str, document: &[u8]) -> Content {
    if key.starts_with(discarded::PREFIX) {
        return match DiscardedBatch::parse(document) {
            Ok(batch) => Content::Batch(batch),
            Err(error) => Content::Unreadable(error.to_string()),
        };
    }
    match serde_json::from_slice(document) {
        Ok(event) => Content::Event(event),
        Err(error) => Content::Unreadable(format!(
            "not a failed event of this release ({:?} error at line {})",
            error.classify(),
            error.line()
        )),
    }
}
