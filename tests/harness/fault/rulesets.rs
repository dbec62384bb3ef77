//! Faults between admin and its tables.

use super::{Faults, Faulty, store_error};
use beckon_domain::Timestamp;
use beckon_store::StoreError;
use beckon_store::tables::{
    DocumentKind, Keep, LiveMail, LiveRuleset, MailChange, MailContentStore, MailDocument, RulesetChange,
    RulesetDocument, RulesetStore, Save,
};
use std::future::Future;

impl Faults {
    /// The same, with the calls that change rulesets. Without this they always get through and are not counted: every
    /// stack starts with some.
    #[must_use]
    pub fn with_rollouts(self) -> Self {
        self.lock().rollouts = true;
        self
    }

    async fn around_rollout<R>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<R, StoreError>> + Send,
    ) -> Result<R, StoreError> {
        let counts = self.lock().rollouts;
        if counts { self.around(name, call, store_error).await } else { call.await }
    }
}

/// Rulesets and experiments are told apart in the list of calls.
const fn named(kind: DocumentKind, ruleset: &'static str, experiments: &'static str) -> &'static str {
    match kind {
        DocumentKind::Ruleset => ruleset,
        DocumentKind::Experiments => experiments,
    }
}

impl<T: RulesetStore> RulesetStore for Faulty<T> {
    async fn live_document(&self, kind: DocumentKind) -> Result<Option<LiveRuleset>, StoreError> {
        let name = named(kind, "live_ruleset", "live_experiments");
        self.faults.around_rollout(name, self.inner.live_document(kind)).await
    }

    async fn put_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        now: Timestamp,
    ) -> Result<Keep, StoreError> {
        let name = named(kind, "put_ruleset", "put_experiments");
        self.faults.around_rollout(name, self.inner.put_document(kind, document, now)).await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        version: &str,
    ) -> Result<Option<RulesetDocument>, StoreError> {
        let name = named(kind, "ruleset", "experiments");
        self.faults.around_rollout(name, self.inner.document(kind, version)).await
    }

    async fn change_document(
        &self,
        kind: DocumentKind,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Save, StoreError> {
        let name = named(kind, "change_ruleset", "change_experiments");
        self.faults.around_rollout(name, self.inner.change_document(kind, document, change)).await
    }

    async fn document_changes(
        &self,
        kind: DocumentKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RulesetChange>, StoreError> {
        let name = named(kind, "ruleset_changes", "experiments_changes");
        self.faults.around_rollout(name, self.inner.document_changes(kind, before, limit)).await
    }
}

impl<T: MailContentStore> MailContentStore for Faulty<T> {
    async fn live_mail_content(&self) -> Result<Option<LiveMail>, StoreError> {
        self.faults.around_rollout("live_mail_content", self.inner.live_mail_content()).await
    }

    async fn change_mail_content(
        &self,
        document: &MailDocument,
        change: &MailChange,
    ) -> Result<Save, StoreError> {
        self.faults
            .around_rollout("change_mail_content", self.inner.change_mail_content(document, change))
            .await
    }

    async fn mail_content_changes(&self, limit: u32) -> Result<Vec<MailChange>, StoreError> {
        self.faults.around_rollout("mail_content_changes", self.inner.mail_content_changes(limit)).await
    }
}
