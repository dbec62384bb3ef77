//! The failed-event store: what was accepted and can never be applied, kept with its reason.

use crate::error::StoreError;
use beckon_domain::Timestamp;
use std::future::Future;

pub mod folder;
pub mod memory;
pub mod s3;

/// Where failed events are kept. A failed event is a JSON document under an id; the same id is kept once.
pub trait FailedEventStore: Send + Sync {
    /// Keeps a document. Written again, it is kept once.
    fn keep(
        &self,
        id: &str,
        reason: &str,
        document: Vec<u8>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// An object that is kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kept {
    /// Its key: `failed/<reason>/<id>.json`, or where Lambda's mapping put it.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written, where the store knows that.
    pub at: Option<Timestamp>,
}

/// The kept events, for a person who looks at them and puts them into the stream again, and for the trainer, which counts them
/// and takes out who was erased.
pub trait FailedEventArchive: Send + Sync {
    /// Every object whose key begins with this prefix, in the order of the keys.
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<Kept>, StoreError>> + Send;

    /// The first of them, so many at most.
    fn list_first(
        &self,
        prefix: &str,
        count_max: usize,
    ) -> impl Future<Output = Result<Vec<Kept>, StoreError>> + Send;

    /// An object; `None` when there is none of that key.
    fn read(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Notes beside an object that it was put into the stream again: an object of its own, under [`redriven_key`]. The
    /// object itself stays, because a late redelivery may write it anew, and it must not look untouched then.
    fn note_redriven(&self, key: &str, note: Vec<u8>) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Objects of which a part is taken out, because the person it is of was erased.
pub trait RewriteObjects: Send + Sync {
    /// Puts a document in the place of an object, or deletes the object when there is none. Done again, it comes to the
    /// same.
    fn rewrite(
        &self,
        key: &str,
        document: Option<Vec<u8>>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Where the notes are.
pub const REDRIVEN_PREFIX: &str = "redriven/";

/// The key of the note that an object was put into the stream again.
#[must_use]
pub fn redriven_key(key: &str) -> String {
    format!("{REDRIVEN_PREFIX}{key}")
}

/// The object key of a failed event: grouped by reason, safe as a file name.
fn object_key(id: &str, reason: &str) -> String {
    let safe = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
    };
    // A folder named by nothing but dots is this one or the one above; one without a name is none.
    let folder = safe(reason);
    let folder = if folder.chars().all(|c| c == '.') { format!("_{folder}") } else { folder };
    format!("failed/{folder}/{}.json", safe(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_key_cannot_leave_its_folder() {
        assert_eq!(object_key("../../etc/x", "a/b"), "failed/a_b/.._.._etc_x.json");
        assert_eq!(object_key("x", ".."), "failed/_../x.json");
        assert_eq!(object_key("x", ""), "failed/_/x.json");
    }
}
