//! The use case: everything that is due, part by part, page by page. A cart may be due, or a timer of the rules, or both.

use crate::error::MailerError;
use crate::mail::ActiveMailContent;
use crate::reminder::Ended;
use crate::send::SendEmail;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_rules::Ruleset;
use beckon_runtime::{Clock, Secrets, fresh_id};
use beckon_store::propensity::{ActivePropensity, Predictor};
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ContactStore, DUE_SHARD_COUNT, Due, OutreachStore, ProfileStore};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries of one page of the due index.
const PAGE: u32 = 100;
/// Carts looked at in one run; the rest is left to the next one, so that a backlog cannot outlast a minute for ever.
const RUN_COUNT_MAX: usize = 2_000;
/// Entries looked at in one run: a timer of the rules costs a line in the stream and no call of its own.
const RUN_ENTRY_COUNT_MAX: usize = 20_000;

/// Everything the cart mailer needs.
#[derive(Clone)]
pub struct Mailer<T, S, M> {
    /// ProfileTable, ContactTable, OutreachTable and ConfigTable.
    pub tables: T,
    /// Where `Timer Due` goes, and timers of the rules.
    pub stream: S,
    /// The send port.
    pub sender: M,
    /// The live ruleset.
    pub rulesets: ActiveRuleset,
    /// The live content of mails.
    pub content: ActiveMailContent,
    /// The live propensity model.
    pub propensity: ActivePropensity,
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
    /// Timers of the rules that were put into the stream.
    pub timer_count: usize,
    /// Carts looked at.
    pub cart_count: usize,
    /// E-mails that SES accepted.
    pub sent_count: usize,
    /// Reminders that ended otherwise, by status or reason.
    pub not_sent: BTreeMap<String, usize>,
    /// Reminders that did not get to their end, and timers that were not put; the next run tries again.
    pub failed_count: usize,
    /// Whether SES takes nothing until somebody acts.
    pub stopped: bool,
}

/// What one run knows from its start to its end.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) ruleset: Arc<Ruleset>,
    pub(crate) predictor: Option<Arc<Predictor>>,
    pub(crate) now: Timestamp,
}

impl Report {
    fn is_full(&self) -> bool {
        self.cart_count >= RUN_COUNT_MAX || self.due_count >= RUN_ENTRY_COUNT_MAX
    }
}

impl<T, S, M> Mailer<T, S, M>
where
    T: ProfileStore + ContactStore + OutreachStore + ConfigStore,
    S: EventStream,
    M: SendEmail,
{
    /// Brings every due reminder to its end, and lets the rules look at whom a timer of theirs is due for. Two overlapping
    /// runs send each reminder at most once, and put a timer under the same id.
    ///
    /// # Errors
    /// When the ruleset or the due index cannot be read; single reminders that fail are counted in the report.
    pub async fn run(&self) -> Result<Report, MailerError> {
        let now = self.clock.now();
        let ruleset = self.rulesets.get(&self.tables, now).await.map_err(MailerError::Ruleset)?;
        let mut report = Report::default();
        let predictor = match ruleset.reminder() {
            Some(_) => self.propensity.get(&self.tables, now).await,
            None => None,
        };
        let run = Run { id: fresh_id(), ruleset, predictor, now };
        for shard in shards_from(now) {
            if !report.is_full() {
                self.settle_shard(&run, shard, &mut report).await?;
            }
        }
        if report.is_full() {
            tracing::warn!(
                run.due_count = report.due_count,
                "more is due than one run takes; the next goes on"
            );
        }
        if report.due_count > 0 {
            tracing::info!(
                run.id = run.id,
                run.due_count = report.due_count,
                run.timer_count = report.timer_count,
                mail.sent_count = report.sent_count,
                mail.not_sent = ?report.not_sent,
                mail.failed_count = report.failed_count,
                "what was due is settled"
            );
        }
        Ok(report)
    }

    async fn settle_shard(&self, run: &Run, shard: u32, report: &mut Report) -> Result<(), MailerError> {
        let mut after: Option<Due> = None;
        loop {
            let page = self.tables.due(shard, run.now, after.as_ref(), PAGE).await?;
            report.due_count += page.len();
            // A page may hold timers that were put before and are not applied yet: what is behind them is looked at too.
            for key in self.put_timers(run, &page, report).await {
                if report.is_full() {
                    return Ok(());
                }
                if run.ruleset.reminder().is_some() && !report.stopped {
                    self.settle(run, &key, report).await;
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize && !report.is_full() => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    async fn settle(&self, run: &Run, key: &ProfileKey, report: &mut Report) {
        report.cart_count += 1;
        match self.remind(run, key).await {
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

/// The parts of the due index, in an order that begins elsewhere each minute: what fills one part and cannot be settled
/// must not stand before the others for ever.
fn shards_from(now: Timestamp) -> impl Iterator<Item = u32> {
    let minute = now.as_ms().div_euclid(DurationMs::from_minutes(1).as_ms().cast_signed());
    let first = u32::try_from(minute.rem_euclid(i64::from(DUE_SHARD_COUNT))).unwrap_or_default();
    (0..DUE_SHARD_COUNT).map(move |index| (first + index) % DUE_SHARD_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_index_is_first_in_some_minute() {
        let minute = |n: u64| shards_from(Timestamp::EPOCH + DurationMs::from_minutes(n)).collect::<Vec<_>>();
        let firsts: std::collections::BTreeSet<u32> = (0..8).map(|n| minute(n)[0]).collect();
        assert_eq!(firsts.len(), DUE_SHARD_COUNT as usize);
        assert_eq!(minute(3).into_iter().collect::<std::collections::BTreeSet<_>>(), firsts);
    }
}
