//! Faults between admin and its tables.

use super::{Faults, Faulty, store_error};
use beckon_domain::Timestamp;
use beckon_store::StoreError;
use beckon_store::tables::{
    Keep, LiveMail, LiveRuleset, MailChange, MailContentStore, MailDocument, RulesetChange, RulesetDocument,
    RulesetStore, Save,
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

impl<T: RulesetStore> RulesetStore for Faulty<T> {
    async fn live_ruleset(&self) -> Result<Option<LiveRuleset>, StoreError> {
        self.faults.around_rollout("live_ruleset", self.inner.live_ruleset()).await
    }

    async fn put_ruleset(&self, document: &RulesetDocument, now: Timestamp) -> Result<Keep, StoreError> {
        self.faults.around_rollout("put_ruleset", self.inner.put_ruleset(document, now)).await
    }

    async fn ruleset(&self, version: &str) -> Result<Option<RulesetDocument>, StoreError> {
        self.faults.around_rollout("ruleset", self.inner.ruleset(version)).await
    }

    async fn change_ruleset(
        &self,
        document: &RulesetDocument,
        change: &RulesetChange,
    ) -> Result<Save, StoreError> {
        self.faults.around_rollout("change_ruleset", self.inner.change_ruleset(document, change)).await
    }

    async fn ruleset_changes(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RulesetChange>, StoreError> {
        self.faults.around_rollout("ruleset_changes", self.inner.ruleset_changes(before, limit)).await
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
