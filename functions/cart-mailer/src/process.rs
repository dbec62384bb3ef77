//! The use case: everything that is due, part by part, page by page.

use crate::error::MailerError;
use crate::reminder::Ended;
use crate::send::SendEmail;
use beckon_domain::Timestamp;
use beckon_rules::Ruleset;
use beckon_runtime::{Clock, Secrets, fresh_id};
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ContactStore, DUE_SHARD_COUNT, Due, OutreachStore, ProfileStore};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries of one page of the due index.
const PAGE: u32 = 100;
/// Entries looked at in one run; the rest is left to the next one, so that a backlog cannot outlast a minute for ever.
const RUN_COUNT_MAX: usize = 2_000;

/// Everything the cart mailer needs.
#[derive(Clone)]
pub struct Mailer<T, S, M> {
    /// ProfileTable, ContactTable, OutreachTable and ConfigTable.
    pub tables: T,
    /// Where `Timer Due` goes.
    pub stream: S,
    /// The send port.
    pub sender: M,
    /// The live ruleset.
    pub rulesets: ActiveRuleset,
    /// Pepper, for codes and unsubscribe links.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
    /// From, with or without a name.
    pub from: String,
    /// Where unsubscribe links lead, without a slash at the end.
    pub public_url: String,
}

/// What a run did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Entries of the due index looked at.
    pub due_count: usize,
    /// E-mails that SES accepted.
    pub sent_count: usize,
    /// Reminders that ended otherwise, by status or reason.
    pub not_sent: BTreeMap<String, usize>,
    /// Reminders that did not get to their end; the next run tries again.
    pub failed_count: usize,
    /// Whether SES takes nothing until somebody acts.
    pub stopped: bool,
}

/// What one run knows from its start to its end.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) ruleset: Arc<Ruleset>,
    pub(crate) now: Timestamp,
}

impl<T, S, M> Mailer<T, S, M>
where
    T: ProfileStore + ContactStore + OutreachStore + ConfigStore,
    S: EventStream,
    M: SendEmail,
{
    /// Brings every due reminder to its end. Two overlapping runs send each reminder at most once.
    ///
    /// # Errors
    /// When the ruleset or the due index cannot be read; single reminders that fail are counted in the report.
    pub async fn run(&self) -> Result<Report, MailerError> {
        let now = self.clock.now();
        let ruleset = self.rulesets.get(&self.tables, now).await.map_err(MailerError::Ruleset)?;
        let mut report = Report::default();
        if ruleset.reminder().is_none() {
            return Ok(report);
        }
        let run = Run { id: fresh_id(), ruleset, now };
        'shards: for shard in 0..DUE_SHARD_COUNT {
            let mut after: Option<Due> = None;
            loop {
                let page = self.tables.due(shard, now, after.as_ref(), PAGE).await?;
                for due in &page {
                    self.settle(&run, due, &mut report).await;
                    if report.stopped || report.due_count >= RUN_COUNT_MAX {
                        break 'shards;
                    }
                }
                match page.last() {
                    Some(last) if page.len() == PAGE as usize => after = Some(last.clone()),
                    _ => break,
                }
            }
        }
        if report.due_count >= RUN_COUNT_MAX {
            tracing::warn!(
                run.due_count = report.due_count,
                "more is due than one run takes; the next goes on"
            );
        }
        if report.due_count > 0 {
            tracing::info!(
                run.id = run.id,
                run.due_count = report.due_count,
                mail.sent_count = report.sent_count,
                mail.not_sent = ?report.not_sent,
                mail.failed_count = report.failed_count,
                "reminders settled"
            );
        }
        Ok(report)
    }

    async fn settle(&self, run: &Run, due: &Due, report: &mut Report) {
        report.due_count += 1;
        match self.remind(run, due).await {
            Ok(Ended::Sent) => report.sent_count += 1,
            Ok(Ended::NotSent(reason)) => *report.not_sent.entry(reason).or_default() += 1,
            Ok(Ended::Stopped(reason)) => {
                tracing::error!(reason, "sending is stopped; the run ends");
                report.stopped = true;
            }
            Ok(Ended::Nothing) => {}
            Err(error) => {
                tracing::warn!(error = ?error, error.transient = error.is_transient(), "reminder not settled");
                report.failed_count += 1;
            }
        }
    }
}
