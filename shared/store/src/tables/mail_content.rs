//! ConfigTable and AuditTable: the content of mails, kept as rulesets are: by version, with what is live and every change.

use super::{LiveRuleset, RulesetChange, RulesetDocument, Save};
use crate::error::StoreError;
use std::future::Future;

/// Content: the JSON document with its files, and its version.
pub type MailDocument = RulesetDocument;
/// A change of what is live.
pub type MailChange = RulesetChange;
/// What is live, and since which change.
pub type LiveMail = LiveRuleset;

/// ConfigTable and AuditTable as whoever changes the content of mails sees them.
pub trait MailContentStore: Send + Sync {
    /// What is live. A strong read.
    fn live_mail_content(&self) -> impl Future<Output = Result<Option<LiveMail>, StoreError>> + Send;

    /// Keeps `document` as a version, makes it live and writes the change down, all or nothing, if `change.number` follows
    /// the latest change. The caller has checked the document.
    fn change_mail_content(
        &self,
        document: &MailDocument,
        change: &MailChange,
    ) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Changes, newest first, at most `limit`. A strong read.
    fn mail_content_changes(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<MailChange>, StoreError>> + Send;
}
