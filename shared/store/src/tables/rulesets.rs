//! ConfigTable and AuditTable: rulesets and experiments by version, which one of each is live, and every change of it.
//!
//! A ruleset and the document of all experiments are kept in the same way, so one form serves both; [`DocumentKind`] says
//! which one is meant.

use super::{LiveModel, MailDocument, ModelKind, Save};
use crate::error::{ErrorKind, StoreError};
use beckon_domain::Timestamp;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::future::Future;
use std::io::{Read as _, Write as _};

/// Bytes that a ruleset may have when it is compressed: an item holds at most 400 KB with its names (AWS's limit).
pub const RULESET_PACKED_BYTES_MAX: usize = 380 * 1024;
/// Bytes that a ruleset may have when it is read again: as many as the rule language takes.
pub const RULESET_BYTES_MAX: usize = 1024 * 1024;

/// What is kept by version, with one version of each that is live.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DocumentKind {
    /// The ruleset.
    Ruleset,
    /// All experiments.
    Experiments,
}

impl DocumentKind {
    /// Its stable name: the key under which it is kept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ruleset => "ruleset",
            Self::Experiments => "experiments",
        }
    }
}

/// The document of all experiments, kept as a ruleset is.
pub type ExperimentsDocument = RulesetDocument;

/// What is live of each kind, read together.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ActiveDocuments {
    /// The ruleset; `None` when none was ever published.
    pub ruleset: Option<RulesetDocument>,
    /// The experiments; `None` when none were ever published.
    pub experiments: Option<ExperimentsDocument>,
}

/// A ruleset document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RulesetDocument {
    /// Version: the hash of its text.
    pub version: String,
    /// The YAML.
    pub body: String,
}

/// How a ruleset became live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// Somebody published it.
    Publish,
    /// Somebody went back to it.
    Rollback,
}

impl ChangeKind {
    /// The stable name of the kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Rollback => "rollback",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Publish, Self::Rollback].into_iter().find(|kind| kind.name() == name)
    }
}

/// How a ruleset's own tests ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TestCount {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
}

/// A change of what is live: written once, with the change itself, and never altered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RulesetChange {
    /// Its number: 1 for the first, without gaps.
    pub number: u64,
    /// Unique id: tells one's own write, whose answer got lost, from somebody else's.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// How.
    pub kind: ChangeKind,
    /// The version that was live before.
    pub from: Option<String>,
    /// The version that is live since.
    pub to: String,
    /// Who: the source of the key, or the command.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why, in the caller's words.
    pub note: Option<String>,
    /// How the ruleset's tests ended.
    pub tests: TestCount,
    /// Whether it became live although tests failed.
    pub forced: bool,
}

/// What is live, and since which change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveRuleset {
    /// Number of the latest change; 0 when it became live before changes were numbered.
    pub number: u64,
    /// The version that was live before.
    pub from: Option<String>,
    /// The ruleset.
    pub document: RulesetDocument,
}

/// What became of a version that was to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// It is there.
    Kept,
    /// It cannot be.
    Not(NotKept),
}

/// Why a version cannot be kept, and what to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotKept {
    /// The text has so many bytes.
    #[error("it has {0} bytes, and {RULESET_BYTES_MAX} are allowed: split it or shorten it")]
    TooLong(usize),
    /// The text has so many bytes when it is compressed.
    #[error("it has {0} bytes when compressed, and {RULESET_PACKED_BYTES_MAX} fit into an item: shorten it")]
    TooLarge(usize),
    /// Versions are shortened hashes, and another text has this one.
    #[error("another text has its version: change a comment in it")]
    Taken,
}

/// ConfigTable as the functions on the data path see it.
pub trait ConfigStore: Send + Sync {
    /// The ruleset and the experiments that are live. One read, which may be a moment old.
    fn active_documents(&self) -> impl Future<Output = Result<ActiveDocuments, StoreError>> + Send;

    /// The model of a kind that is live; `None` when none was ever published. One read, which may be a moment old.
    fn live_model(
        &self,
        kind: ModelKind,
    ) -> impl Future<Output = Result<Option<LiveModel>, StoreError>> + Send;

    /// The content of mails that is live; `None` when none was ever published, as where nobody can publish any. One read,
    /// which may be a moment old.
    fn active_mail_content(&self) -> impl Future<Output = Result<Option<MailDocument>, StoreError>> + Send {
        std::future::ready(Ok(None))
    }

    /// A version of the content of mails that was published at some time; `None` when none was called so. One read.
    fn mail_content(
        &self,
        _version: &str,
    ) -> impl Future<Output = Result<Option<MailDocument>, StoreError>> + Send {
        std::future::ready(Ok(None))
    }
}

/// ConfigTable and AuditTable as whoever changes rulesets and experiments sees them.
pub trait RulesetStore: Send + Sync {
    /// What is live of a kind. A strong read.
    fn live_document(
        &self,
        kind: DocumentKind,
    ) -> impl Future<Output = Result<Option<LiveRuleset>, StoreError>> + Send;

    /// Keeps a version. The same version again changes nothing.
    fn put_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        now: Timestamp,
    ) -> impl Future<Output = Result<Keep, StoreError>> + Send;

    /// A version that was kept.
    fn document(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> impl Future<Output = Result<Option<RulesetDocument>, StoreError>> + Send;

    /// Makes `document` live and writes the change down, both or neither, if `change.number` follows the latest change of
    /// its kind. The caller has checked the document and kept it.
    fn change_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Changes of a kind, newest first, with numbers below `before`, at most `limit`. A strong read.
    fn document_changes(
        &self,
        kind: DocumentKind,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<RulesetChange>, StoreError>> + Send;

    /// The ruleset that is live. A strong read.
    fn live_ruleset(&self) -> impl Future<Output = Result<Option<LiveRuleset>, StoreError>> + Send {
        self.live_document(DocumentKind::Ruleset)
    }

    /// Changes of the ruleset, as [`Self::document_changes`].
    fn ruleset_changes(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<RulesetChange>, StoreError>> + Send {
        self.document_changes(DocumentKind::Ruleset, before, limit)
    }
}

/// A ruleset's text as it is stored: gzip.
pub(crate) fn pack_body(body: &str) -> Result<Vec<u8>, NotKept> {
    if body.len() > RULESET_BYTES_MAX {
        return Err(NotKept::TooLong(body.len()));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
    // A writer in memory does not fail; an empty text is what it would have left.
    if packed.is_empty() || packed.len() > RULESET_PACKED_BYTES_MAX {
        return Err(NotKept::TooLarge(packed.len()));
    }
    Ok(packed)
}

/// The text of a stored ruleset.
pub(crate) fn unpack_body(operation: &'static str, packed: &[u8]) -> Result<String, StoreError> {
    let mut body = String::new();
    // What is larger than anything that is written was not written by us: it must not fill the memory.
    let read = GzDecoder::new(packed).take(RULESET_BYTES_MAX as u64 + 1).read_to_string(&mut body);
    read.map_err(|e| StoreError::new(operation, ErrorKind::Corrupt, e))?;
    if body.len() > RULESET_BYTES_MAX {
        return Err(StoreError::new(
            operation,
            ErrorKind::Corrupt,
            "the text is larger than any that is kept",
        ));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_text_that_would_fill_the_memory_is_corrupt() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![b' '; 64 * RULESET_BYTES_MAX]).unwrap();
        let error = unpack_body("read a ruleset", &bomb.finish().unwrap()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt);
        assert_eq!(unpack_body("read a ruleset", b"no gzip").unwrap_err().kind, ErrorKind::Corrupt);
    }

    #[test]
    fn a_text_of_the_largest_size_is_kept_and_a_larger_one_is_told_the_limit() {
        let largest = "x".repeat(RULESET_BYTES_MAX);
        let packed = pack_body(&largest).unwrap();
        assert_eq!(unpack_body("read a ruleset", &packed).unwrap(), largest);
        let refused = pack_body(&(largest + "x")).unwrap_err().to_string();
        assert!(refused.contains("1048577 bytes, and 1048576 are allowed"), "{refused}");
    }
}
