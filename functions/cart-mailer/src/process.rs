//! The use case: everything that is due, part by part, page by page. A cart may be due, or a timer of the rules, or both.

use crate::error::MailerError;
use crate::mail::ActiveMailContent;
use crate::pace::{Pace, RUN_TIME_MAX};
use crate::send::{SendAccount, SendEmail, account};
use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp};
use beckon_rules::{Page, Person, Ruleset};
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_runtime::{Clock, Metrics, Secrets, fresh_id};
use beckon_store::propensity::{ActivePropensity, Predictor};
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::EventStream;
use beckon_store::tables::{
    CodeStore, ConfigStore, ContactStore, ConversionStore, DUE_SHARD_COUNT, Due, LimitsStore, OutreachStore,
    ProductStore, ProfileStore, SendingSwitch,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries of one page of the due index.
const PAGE: u32 = 100;
/// Carts looked at in one run; the rest is left to the next one, so that a backlog cannot outlast a minute for ever.
const RUN_COUNT_MAX: usize = 2_000;
/// Entries looked at in one run: a timer of the rules costs a line in the stream and no call of its own.
const RUN_ENTRY_COUNT_MAX: usize = 20_000;

/// The tables that the cart mailer needs.
pub trait MailTables:
    ProfileStore
    + ContactStore
    + OutreachStore
    + ConversionStore
    + CodeStore
    + ConfigStore
    + ProductStore
    + SendingSwitch
    + LimitsStore
{
}

impl<T> MailTables for T where
    T: ProfileStore
        + ContactStore
        + OutreachStore
        + ConversionStore
        + CodeStore
        + ConfigStore
        + ProductStore
        + SendingSwitch
        + LimitsStore
{
}

/// Everything the cart mailer needs.
#[derive(Clone)]
pub struct Mailer<T, S, M, A> {
    /// ProfileTable, ContactTable, OutreachTable, CatalogTable and ConfigTable.
    pub tables: T,
    /// Where `Timer Due` goes, and timers of the rules.
    pub stream: S,
    /// The send port.
    pub sender: M,
    /// What SES allows.
    pub account: A,
    /// Whether it waits between sends, as the account's rate wants; not on a laptop, where nothing is sent.
    pub is_paced: bool,
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
    /// Where it is told what a run came to.
    pub metrics: Metrics,
}

/// What a run did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Entries of the due index looked at.
    pub due_count: usize,
    /// Timers of the rules that were put into the stream.
    pub timer_count: usize,
    /// Orders that followed a reminder and were written down.
    pub conversion_count: usize,
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
    /// Whether SES takes nothing more for now.
    pub throttled: bool,
    /// Whether sending is paused, by a person or by the brake.
    pub is_paused: bool,
    /// Free codes of the pool that has the fewest; `None` where they were not counted.
    pub codes_left: Option<u64>,
    /// The run's budget of mails, once there is one to send.
    pub(crate) pace: Option<Pace>,
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

    /// The metrics of a run.
    fn measures(&self) -> Measures {
        let mut measures = Measures::of(Function::CartMailer);
        measures.add(Metric::MailsSent, self.sent_count as u64);
        measures.add(Metric::RemindersFailed, self.failed_count as u64);
        for (why, count) in &self.not_sent {
            measures.add_by(Metric::MailsNotSent, why, *count as u64);
        }
        if let Some(left) = self.codes_left {
            measures.set(Metric::CodesLeft, left);
        }
        measures
    }

    /// Counts a reminder that was not sent.
    pub(crate) fn not_sent(&mut self, why: &str) {
        *self.not_sent.entry(why.to_owned()).or_default() += 1;
    }

    /// Whether this run may send no more. Asks SES what it allows before the first mail of a run.
    pub(crate) async fn is_spent<T: MailTables, S, M, A: SendAccount>(
        &mut self,
        mailer: &Mailer<T, S, M, A>,
        run: &Run,
    ) -> bool {
        if self.stopped || self.throttled {
            return true;
        }
        if self.pace.is_none() {
            let limits = account::look(&mailer.tables, &mailer.account, run.now).await;
            if limits.as_ref().is_some_and(|limits| !limits.is_sending_enabled) {
                tracing::error!("SES has paused this account: nothing is sent until it is resumed there");
                self.stopped = true;
                return true;
            }
            self.pace = Some(Pace::of(limits.as_ref(), run.now));
        }
        self.pace.is_none_or(|pace| pace.is_used_up())
    }
}

impl<T, S, M, A> Mailer<T, S, M, A> {
    pub(crate) async fn wait(&self, time: DurationMs) {
        if self.is_paced && time > DurationMs::ZERO {
            tokio::time::sleep(std::time::Duration::from_millis(time.as_ms())).await;
        }
    }
}

impl Run {
    /// Whom a mail is about: there is no page.
    pub(crate) fn person<'a>(&self, profile: &'a Profile, key: &ProfileKey) -> Person<'a> {
        let predictor = self.predictor.as_deref();
        Person {
            profile: Some(profile),
            is_known: profile.is_known(key),
            page: Page::default(),
            propensity: predictor.map(|model| model.score(profile, self.now, self.ruleset.policy())),
        }
    }
}

impl<T, S, M, A> Mailer<T, S, M, A>
where
    T: MailTables,
    S: EventStream,
    M: SendEmail,
    A: SendAccount,
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
        report.codes_left = self.count_pools(&run).await;
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
        self.metrics.tell(&report.measures(), self.clock.now());
        Ok(report)
    }

    async fn settle_shard(&self, run: &Run, shard: u32, report: &mut Report) -> Result<(), MailerError> {
        let mut after: Option<Due> = None;
        loop {
            let page = self.tables.due(shard, run.now, after.as_ref(), PAGE).await?;
            if run.ruleset.reminder().is_some() && !page.is_empty() {
                // Each page anew: whoever pauses it does not wait for a long run.
                report.is_paused = self.tables.sending().await?.is_paused();
            }
            report.due_count += page.len();
            // A page may hold timers that were put before and are not applied yet: what is behind them is looked at too.
            for key in self.put_timers(run, &page, report).await {
                let is_over = self.clock.now().since(run.now) >= RUN_TIME_MAX;
                if report.is_full() || is_over {
                    return Ok(());
                }
                if run.ruleset.reminder().is_some() && !report.stopped && !report.throttled {
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
        if let Err(error) = Box::pin(self.remind(run, key, report)).await {
            tracing::warn!(error = ?error, error.transient = error.is_transient(), "reminder not settled");
            report.failed_count += 1;
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
