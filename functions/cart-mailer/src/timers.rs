//! Timers of the rules: a line in the stream lets the profiler look again. The mailer changes no profile itself.
//!
//! A timer stays in the due index until the profiler has looked. A run that finds it again before that puts the same line
//! again, and the profile knows its id.

use crate::error::MailerError;
use crate::process::{MailTables, Mailer, Report, Run};
use crate::send::{SendAccount, SendEmail};
use beckon_domain::{Profile, ProfileKey};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{Due, load_each};
use beckon_wire::stream::{Line, encode};

impl<T, S, M, A> Mailer<T, S, M, A>
where
    T: MailTables,
    S: EventStream,
    M: SendEmail,
    A: SendAccount,
{
    /// Puts the timers of the rules that are due on this page of the index. Returns whose cart may be due: who cannot be
    /// read is among them, because a reminder looks for itself.
    pub(crate) async fn put_timers(&self, run: &Run, page: &[Due], report: &mut Report) -> Vec<ProfileKey> {
        let keys: Vec<ProfileKey> = page.iter().map(|due| due.key.clone()).collect();
        let load = |keys: Vec<ProfileKey>, read| async move { self.tables.load(&keys, read).await };
        let mut found = match load_each(keys.clone(), load, || true).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = ?error, "timers not looked at");
                report.failed_count += page.len();
                return Vec::new();
            }
        };
        let (mut records, mut carts, mut bought) = (Vec::new(), Vec::new(), Vec::new());
        for key in keys {
            let profile = match found.remove(&key) {
                Some(Ok(stored)) => stored.map(|stored| stored.profile),
                _ => {
                    carts.push(key);
                    continue;
                }
            };
            let Some(profile) = profile else { continue };
            match timer(&key, &profile, run) {
                Ok(timer) => records.extend(timer),
                Err(error) => {
                    tracing::warn!(error = ?error, error.transient = error.is_transient(), "timer not put");
                    report.failed_count += 1;
                }
            }
            if profile.cart_due_at(run.ruleset.policy()).is_some_and(|at| at <= run.now) {
                carts.push(key.clone());
            }
            if profile.conversion_due_at().is_some_and(|at| at <= run.now) {
                bought.push((key, profile.conversions));
            }
        }
        self.put_records(records, report).await;
        for (key, conversions) in bought {
            self.record_conversions(run, &key, &conversions, report).await;
        }
        carts
    }

    async fn put_records(&self, records: Vec<NewRecord>, report: &mut Report) {
        let count = records.len();
        if count == 0 {
            return;
        }
        match self.stream.put(records).await {
            Ok(()) => report.timer_count += count,
            Err(error) => {
                tracing::warn!(error = ?error, error.transient = error.is_transient(), "timers not put");
                report.failed_count += count;
            }
        }
    }
}

/// The record that lets the rules look at a profile again, if it is time.
fn timer(key: &ProfileKey, profile: &Profile, run: &Run) -> Result<Vec<NewRecord>, MailerError> {
    let Some(due_at) = profile.rules_due_at().filter(|at| *at <= run.now) else { return Ok(Vec::new()) };
    let line = Line::rules_due(key, due_at, run.now);
    Ok(NewRecord::of_key(key.as_str(), encode(std::slice::from_ref(&line))?))
}
