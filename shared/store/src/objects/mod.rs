//! The failed-event store: what was accepted and can never be applied, kept with its reason.

use crate::error::StoreError;
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
