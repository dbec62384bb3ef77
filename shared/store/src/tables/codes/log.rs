//! Who put codes into a pool.

use crate::error::StoreError;
use beckon_domain::Timestamp;
use beckon_domain::code::PoolName;
use std::future::Future;

/// What was done to a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeAction {
    /// Codes were uploaded.
    Upload,
    /// Codes were made.
    Generate,
    /// Free codes were deleted.
    Delete,
}

impl CodeAction {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Generate => "generate",
            Self::Delete => "delete",
        }
    }

    /// The action of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Upload, Self::Generate, Self::Delete].into_iter().find(|action| action.name() == word)
    }
}

/// A record of what was done to a pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeChange {
    /// The pool.
    pub pool: PoolName,
    /// Which import.
    pub import: String,
    /// Which part of it. The same part again is recorded once.
    pub part: u64,
    /// What was done.
    pub action: CodeAction,
    /// When.
    pub at: Timestamp,
    /// Who: the source of the key.
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why, in the caller's words.
    pub note: Option<String>,
    /// Codes that were added or deleted.
    pub codes: u64,
    /// Rows that gave no code: bad ones and those that are known.
    pub refused: u64,
}

impl CodeChange {
    /// The newest of these, the newest first.
    #[must_use]
    pub(crate) fn newest(mut changes: Vec<Self>, limit: u32) -> Vec<Self> {
        changes.sort_by(|a, b| (b.at, &b.import, b.part).cmp(&(a.at, &a.import, a.part)));
        changes.truncate(limit as usize);
        changes
    }
}

/// AuditTable's changes of pools.
pub trait CodeLog: Send + Sync {
    /// Writes down a change, once and never altered. Returns whether it was new.
    fn record_codes(&self, change: &CodeChange) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The latest changes of a pool, newest first.
    fn code_changes(
        &self,
        pool: &PoolName,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<CodeChange>, StoreError>> + Send;
}
