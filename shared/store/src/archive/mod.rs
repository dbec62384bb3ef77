//! The archive of the event stream: every line as it came, in compressed objects by the hour of arrival.
//!
//! On AWS Firehose writes it to a bucket and no function knows of it; [`folder`] writes the same layout on a laptop, and
//! [`s3`] reads a bucket. An object is gzip of JSON lines, a newline after each, and its key is
//! `events/YYYY/MM/DD/HH/<name>.gz` (UTC). Keys in their order are the order of arrival. Lines carry profile keys and no
//! name, address or id of a person, as the stream does.

use crate::error::StoreError;
use crate::objects::Kept;
use beckon_domain::Timestamp;
use std::future::Future;

pub mod folder;
pub mod memory;
pub mod reader;
pub mod s3;

/// What the key of every archived object begins with.
pub const PREFIX: &str = "events/";

/// Whether a key is that of an archived object: what is compressed, or plain lines that a person has unpacked.
#[must_use]
pub fn is_object(key: &str) -> bool {
    key.ends_with(".gz") || key.ends_with(".jsonl")
}

/// The hour's part of a key: `events/YYYY/MM/DD/HH`. An instant that no calendar has is in the first hour of 1970.
fn hour_of(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("events/%Y/%m/%d/%H").to_string()
}

/// What the keys of the objects of an instant's hour (UTC) begin with.
#[must_use]
pub fn hour_prefix(at: Timestamp) -> String {
    hour_of(at) + "/"
}

/// What the keys of the objects of a day (UTC) begin with.
#[must_use]
pub fn day_prefix(at: Timestamp) -> String {
    let mut day = hour_of(at);
    day.truncate(day.len().saturating_sub(2));
    day
}

/// The archive as whoever learns from it sees it.
pub trait ArchiveObjects: Send + Sync {
    /// Every object whose key begins with a prefix and that may be one of an archive, in the order of the keys.
    fn list_archived(&self, prefix: &str) -> impl Future<Output = Result<Vec<Kept>, StoreError>> + Send;

    /// A whole object as it lies there, compressed or plain; `None` when there is none of that key.
    fn read_archived(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
}

/// The archive as whoever takes a person out of it sees it.
pub trait RewriteArchive: Send + Sync {
    /// Puts a document in the place of an object, or deletes the object when there is none. Done again, it comes to the
    /// same.
    fn rewrite_archived(
        &self,
        key: &str,
        document: Option<Vec<u8>>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
