//! Who would get what, and why not: every cart that is due, or soon will be, planned as a run would plan it. Nothing is
//! written, nothing is sent.

use crate::error::MailerError;
use crate::process::{MailTables, Mailer, Run};
use beckon_domain::abandonment::Plan;
use beckon_domain::{DurationMs, ProfileKey, ReminderId, Timestamp};
use beckon_runtime::fresh_id;
use beckon_store::tables::{DUE_SHARD_COUNT, Due, Read};
use std::collections::BTreeMap;

/// Entries of one page of the due index.
const PAGE: u32 = 100;
/// Carts planned at most.
const PLANNED_COUNT_MAX: usize = 2_000;

/// What would become of one cart's next reminder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// Whose: the beginning of the profile key.
    pub profile: String,
    /// When it is due.
    pub due_at: Timestamp,
    /// Which step of the series.
    pub step: u8,
    /// `send`, `skip` or `wait`.
    pub plan: &'static str,
    /// Why it would not go out.
    pub reason: Option<&'static str>,
    /// Until when it would wait.
    pub until: Option<Timestamp>,
    /// The subject of the mail.
    pub subject: Option<String>,
    /// Different products that it would show.
    pub item_count: usize,
    /// What they are worth.
    pub value: Option<String>,
    /// Per cent that it would offer.
    pub percent: Option<u8>,
}

/// What a run would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DryRun {
    /// By cart, earliest first.
    pub planned: Vec<Planned>,
    /// How many by reason; those that would go out under `SEND`.
    pub counts: BTreeMap<&'static str, usize>,
    /// Whether every cart that is due was planned.
    pub complete: bool,
    /// Whether sending is paused: then nothing goes out until it is resumed.
    pub is_paused: bool,
}

impl<T: MailTables, S, M, A> Mailer<T, S, M, A> {
    /// Plans what is due now or within a time, as if that time had come and nothing else had happened.
    ///
    /// # Errors
    /// When something cannot be read, or a mail cannot be written of it.
    pub async fn dry_run(&self, within: DurationMs) -> Result<DryRun, MailerError> {
        let now = self.clock.now();
        let ruleset = self.rulesets.get(&self.tables, now).await.map_err(MailerError::Ruleset)?;
        let predictor = match ruleset.reminder() {
            Some(_) => self.propensity.get(&self.tables, now).await,
            None => None,
        };
        let mut run = Run { id: fresh_id(), ruleset, predictor, now };
        let is_paused = self.tables.sending().await?.is_paused();
        let mut dry = DryRun { complete: true, is_paused, ..DryRun::default() };
        for key in self.due_carts(&run, now + within, &mut dry).await? {
            let Some(due_at) = self.cart_due_at(&run, &key).await?.filter(|at| *at <= now + within) else {
                continue;
            };
            run.now = now.max(due_at);
            if let Some(planned) = self.planned(&run, &key, due_at).await? {
                *dry.counts.entry(planned.reason.unwrap_or("SEND")).or_default() += 1;
                dry.planned.push(planned);
            }
        }
        dry.planned.sort_by(|a, b| (a.due_at, &a.profile).cmp(&(b.due_at, &b.profile)));
        Ok(dry)
    }

    async fn due_carts(
        &self,
        run: &Run,
        until: Timestamp,
        dry: &mut DryRun,
    ) -> Result<Vec<ProfileKey>, MailerError> {
        let mut keys = Vec::new();
        if run.ruleset.reminder().is_none() {
            return Ok(keys);
        }
        for shard in 0..DUE_SHARD_COUNT {
            let mut after: Option<Due> = None;
            loop {
                let page = self.tables.due(shard, until, after.as_ref(), PAGE).await?;
                keys.extend(page.iter().map(|due| due.key.clone()));
                match page.last() {
                    Some(last) if page.len() == PAGE as usize && keys.len() < PLANNED_COUNT_MAX => {
                        after = Some(last.clone());
                    }
                    _ => break,
                }
            }
        }
        dry.complete = keys.len() < PLANNED_COUNT_MAX;
        keys.truncate(PLANNED_COUNT_MAX);
        Ok(keys)
    }

    async fn cart_due_at(&self, run: &Run, key: &ProfileKey) -> Result<Option<Timestamp>, MailerError> {
        let found = self.tables.load(std::slice::from_ref(key), Read::Strong).await?.remove(key);
        Ok(found.and_then(|stored| stored.profile.cart_due_at(run.ruleset.policy())))
    }

    async fn planned(
        &self,
        run: &Run,
        key: &ProfileKey,
        due_at: Timestamp,
    ) -> Result<Option<Planned>, MailerError> {
        let Some(reading) = self.read(run, key, None).await? else { return Ok(None) };
        let told = |id: ReminderId, plan, reason, until| Planned {
            profile: key.shortened().to_owned(),
            due_at,
            step: id.step,
            plan,
            reason,
            until,
            subject: None,
            item_count: reading.profile.cart.lines.len(),
            value: reading.profile.cart.value().map(|value| value.to_string()),
            percent: None,
        };
        Ok(match reading.plan {
            Plan::NotDue(_) => None,
            Plan::Skip(id, reason) => Some(told(id, "skip", Some(reason.code()), None)),
            Plan::Defer(id, reason, until) => Some(told(id, "wait", Some(reason.code()), Some(until))),
            Plan::Remind(id) => {
                let email = self.compose(run, (key, id), &reading, reading.offer.as_ref()).await?;
                let percent = reading.offer.as_ref().map(|offer| offer.percent);
                Some(Planned { subject: Some(email.subject), percent, ..told(id, "send", None, None) })
            }
        })
    }
}

/// A dry run as JSON.
#[must_use]
pub fn told(dry: &DryRun) -> serde_json::Value {
    let row = |planned: &Planned| {
        serde_json::json!({
            "profile": planned.profile,
            "dueAt": beckon_wire::format_time(planned.due_at),
            "step": planned.step,
            "plan": planned.plan,
            "reason": planned.reason,
            "until": planned.until.map(beckon_wire::format_time),
            "subject": planned.subject,
            "items": planned.item_count,
            "value": planned.value,
            "discountPercent": planned.percent,
        })
    };
    serde_json::json!({
        "complete": dry.complete,
        "paused": dry.is_paused,
        "counts": dry.counts,
        "planned": dry.planned.iter().map(row).collect::<Vec<_>>(),
    })
}
