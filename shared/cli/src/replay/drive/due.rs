//! Time that passes between rows: reminders and timers of the rules fall due, the mailer runs, and its answers are applied.

use super::{Drive, unreadable};
use crate::error::CliError;
use crate::stack::Tables;
use beckon_domain::outreach::Series;
use beckon_domain::{DurationMs, Profile, Timestamp};
use beckon_store::tables::{DUE_SHARD_COUNT, Due, Read};
use serde_json::Value;

/// Runs of the mailer at one instant: one run takes some thousands of those that are due.
const RUNS_MAX: u32 = 1_000;

impl<T: Tables> Drive<T> {
    /// Lets time pass up to just before `at`, stopping wherever a reminder or a timer falls due. What happens at the very instant
    /// belongs to the window before it, so events come first.
    pub(super) async fn pass_to(&mut self, at: Timestamp) -> Result<(), CliError> {
        let (mut before, mut runs) = (None, 0);
        while let Some(due_at) = self.earliest_due().await?.filter(|due_at| *due_at < at) {
            runs = if before == Some(due_at) { runs + 1 } else { 1 };
            if runs > RUNS_MAX {
                return Err(CliError::failed("a reminder or a timer stays due after the mailer has run"));
            }
            before = Some(due_at);
            // Where batches are large, a cart is found later than it was due: time does not run back.
            let now = due_at.max(self.setup.stack.clock.now());
            if now >= at {
                break;
            }
            self.setup.hand.set(now);
            self.note_due(now).await?;
            let report = self.setup.stack.tick().await?;
            self.count(&report);
            self.deliver().await?;
        }
        Ok(())
    }

    /// Lets time pass until the last cart could be due.
    pub(super) async fn pass_to_end(&mut self, last_at: Timestamp) -> Result<(), CliError> {
        let end = last_at + self.setup.idle.unwrap_or(DurationMs::ZERO);
        self.pass_to(end + DurationMs::from_ms(1)).await
    }

    /// Writes down what the mailer is about to find.
    async fn note_due(&mut self, now: Timestamp) -> Result<(), CliError> {
        let Some(idle) = self.setup.idle.filter(|_| self.setup.journal.is_some()) else { return Ok(()) };
        let first = Series::only(idle);
        for shard in 0..DUE_SHARD_COUNT {
            for due in self.due(shard, now, u32::MAX).await? {
                let key = std::slice::from_ref(&due.key);
                let mut found =
                    self.setup.tables.load(key, Read::Strong).await.map_err(|e| unreadable(&e))?;
                let is_left =
                    |p: &Profile| p.link.is_none() && p.cart.due_at(&first).is_some_and(|at| at <= now);
                let stored = found.remove(&due.key).filter(|stored| is_left(&stored.profile));
                if let (Some(journal), Some(stored)) = (&mut self.setup.journal, stored) {
                    journal.due(&due.key, &stored.profile, idle);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, report: &Value) {
        self.abandonment_count += report["sent"].as_u64().unwrap_or_default();
        for (reason, count) in report["notSent"].as_object().into_iter().flatten() {
            let count = count.as_u64().unwrap_or_default();
            self.abandonment_count += count;
            *self.not_sent.entry(reason.clone()).or_default() += count;
        }
    }

    async fn due(&self, shard: u32, until: Timestamp, limit: u32) -> Result<Vec<Due>, CliError> {
        let page = self.setup.tables.due(shard, until, None, limit).await;
        page.map_err(|e| CliError::caused("the due index cannot be read", &e))
    }

    pub(super) async fn earliest_due(&self) -> Result<Option<Timestamp>, CliError> {
        let mut earliest: Option<Timestamp> = None;
        for shard in 0..DUE_SHARD_COUNT {
            let at = self.due(shard, Timestamp::from_ms(i64::MAX), 1).await?.first().map(|due| due.at);
            earliest = earliest.into_iter().chain(at).min();
        }
        Ok(earliest)
    }
}
