//! One reminder: plan, claim, look again, send, record, tell the profiler.
//!
//! No row yet → `CLAIMED → SENDING → SENT`, or SUPPRESSED, FAILED, UNKNOWN. A claim that is not followed by a send may be
//! taken over after its lease; SENDING never is, because SES has no idempotency token.

use crate::error::MailerError;
use crate::mail::{Material, Offered};
use crate::process::{Mailer, Run};
use crate::send::{Email, SendEmail, SendError};
use beckon_domain::abandonment::{Plan, Situation, SkipReason, plan};
use beckon_domain::event::TimerOutcome;
use beckon_domain::{DurationMs, EpisodeId, Profile, ProfileKey};
use beckon_rules::{Page, Person};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{
    ConfigStore, Contact, ContactStore, OutreachStore, ProfileStore, Read, ReminderId, ReminderStatus,
};
use beckon_wire::stream::{Line, encode};
use std::collections::BTreeMap;

/// How long a claim holds without a send.
const LEASE: DurationMs = DurationMs::from_minutes(2);
/// After this time a send that never ended is UNKNOWN.
const SENDING_MAX: DurationMs = DurationMs::from_minutes(15);
/// The only step, until there are series.
const STEP: u8 = 1;

/// How a due entry ended in this run.
pub(crate) enum Ended {
    /// Mailed.
    Sent,
    /// Not mailed, by a status or reason.
    NotSent(String),
    /// SES takes nothing until somebody acts.
    Stopped(String),
    /// Nothing to do: no longer due, or another run has it.
    Nothing,
}

/// Which timer ran out: of whose cart, in which episode.
#[derive(Clone, Copy)]
struct Timer<'a> {
    key: &'a ProfileKey,
    episode: EpisodeId,
    number: u32,
}

impl Timer<'_> {
    const fn reminder(&self) -> ReminderId {
        ReminderId { episode: self.episode, step: STEP }
    }
}

/// What is read, with strong reads, before a decision to send.
struct Reading {
    profile: Profile,
    contact: Option<Contact>,
    plan: Plan,
}

impl Reading {
    /// Which timer of the cart's episode runs.
    fn timer(&self) -> u32 {
        self.profile.cart.episode.as_ref().map_or(0, |episode| episode.timer)
    }
}

impl<T, S, M> Mailer<T, S, M>
where
    T: ProfileStore + ContactStore + OutreachStore + ConfigStore,
    S: EventStream,
    M: SendEmail,
{
    pub(crate) async fn remind(&self, run: &Run, key: &ProfileKey) -> Result<Ended, MailerError> {
        let Some(reading) = self.read(run, key).await? else { return Ok(Ended::Nothing) };
        match reading.plan {
            Plan::NotDue => Ok(Ended::Nothing),
            Plan::Skip(episode, reason) => {
                let timer = Timer { key, episode, number: reading.timer() };
                self.skip(run, timer, reason).await
            }
            Plan::Remind(episode) => {
                let timer = Timer { key, episode, number: reading.timer() };
                if self.tables.claim(&timer.reminder(), key, &run.id, run.now, run.now + LEASE).await? {
                    self.send_claimed(run, timer).await
                } else {
                    self.follow(run, timer).await
                }
            }
        }
    }

    async fn read(&self, run: &Run, key: &ProfileKey) -> Result<Option<Reading>, MailerError> {
        let Some(stored) = self.tables.load(std::slice::from_ref(key), Read::Strong).await?.remove(key)
        else {
            return Ok(None);
        };
        let contact = self.tables.contact(key, run.now).await?.filter(|c| c.verified && c.email.is_some());
        let is_suppressed = match contact.as_ref().and_then(|c| c.email.as_deref()) {
            Some(email) => self.tables.is_suppressed(&self.secrets.pepper.contact(email)).await?,
            None => false,
        };
        let profile = stored.profile;
        let person = run.person(&profile, key);
        let situation = Situation {
            has_contact: contact.is_some(),
            is_suppressed,
            is_eligible: run.ruleset.reminder_applies(&person, run.now),
        };
        let plan = plan(&profile, situation, run.ruleset.policy(), run.now);
        Ok(Some(Reading { profile, contact, plan }))
    }

    async fn skip(&self, run: &Run, timer: Timer<'_>, reason: SkipReason) -> Result<Ended, MailerError> {
        self.tables.record_skip(&timer.reminder(), timer.key, reason, run.now).await?;
        let outcome =
            if reason == SkipReason::NoContact { TimerOutcome::NoContact } else { TimerOutcome::Done };
        self.put_timer(run, timer, outcome).await?;
        Ok(Ended::NotSent(reason.code().to_owned()))
    }

    /// The claim is ours: look once more, then send.
    async fn send_claimed(&self, run: &Run, timer: Timer<'_>) -> Result<Ended, MailerError> {
        let id = timer.reminder();
        let reading = self.read(run, timer.key).await?;
        let (profile, contact) = match reading {
            Some(Reading { profile, contact: Some(contact), plan: Plan::Remind(episode) })
                if episode == id.episode =>
            {
                (profile, contact)
            }
            _ => {
                // Bought, changed or refused in this very moment. The next run plans afresh.
                self.release(run, id).await?;
                return Ok(Ended::Nothing);
            }
        };
        let email = self.compose(run, timer, (&profile, &contact)).await?;
        let sending = ReminderStatus::Sending { owner: run.id.clone() };
        if !self.tables.advance(&id, &run.id, sending, self.clock.now()).await? {
            return Ok(Ended::Nothing);
        }
        let (status, ended) = match self.sender.send(&email).await {
            Ok(message_id) => (ReminderStatus::Sent { message_id }, Ended::Sent),
            Err(SendError::Refused(reason)) => {
                (ReminderStatus::Failed { reason }, Ended::NotSent("FAILED".to_owned()))
            }
            Err(SendError::Unknown(reason)) => {
                (ReminderStatus::Unknown { reason }, Ended::NotSent("UNKNOWN".to_owned()))
            }
            Err(SendError::NotNow(reason)) => {
                self.release(run, id).await?;
                return Ok(Ended::NotSent(format!("NOT_NOW: {reason}")));
            }
            Err(SendError::Stopped(reason)) => {
                self.release(run, id).await?;
                return Ok(Ended::Stopped(reason));
            }
        };
        self.tables.advance(&id, &run.id, status, self.clock.now()).await?;
        self.put_timer(run, timer, TimerOutcome::Done).await?;
        Ok(ended)
    }

    /// Lets go of a claim: the next run may have it at once.
    async fn release(&self, run: &Run, id: ReminderId) -> Result<(), MailerError> {
        let free = ReminderStatus::Claimed { owner: run.id.clone(), lease_until: run.now };
        self.tables.advance(&id, &run.id, free, run.now).await?;
        Ok(())
    }

    /// The reminder is not ours to send. If it has ended, before this change of the cart or without the profiler having
    /// heard, the timer is answered; a send that never ended is given up.
    async fn follow(&self, run: &Run, timer: Timer<'_>) -> Result<Ended, MailerError> {
        let id = timer.reminder();
        let Some(row) = self.tables.reminder(&id).await? else { return Ok(Ended::Nothing) };
        let ended = match row.status {
            ReminderStatus::Claimed { .. } => return Ok(Ended::Nothing),
            ReminderStatus::Sending { .. } => {
                if !self.tables.give_up_sending(&id, run.now - SENDING_MAX, run.now).await? {
                    return Ok(Ended::Nothing);
                }
                "UNKNOWN".to_owned()
            }
            status => format!("ALREADY_{}", status.name()),
        };
        self.put_timer(run, timer, TimerOutcome::Done).await?;
        Ok(Ended::NotSent(ended))
    }

    async fn compose(
        &self,
        run: &Run,
        timer: Timer<'_>,
        (profile, contact): (&Profile, &Contact),
    ) -> Result<Email, MailerError> {
        let id = timer.reminder();
        let pepper = &self.secrets.pepper;
        let to = contact.email.clone().unwrap_or_default();
        let unsubscribe_url =
            format!("{}/u/{}", self.public_url, pepper.unsubscribe_token(&pepper.contact(&to)));
        let discount = run.ruleset.discount_for(&run.person(profile, timer.key), run.now);
        let code = discount.as_ref().map(|d| pepper.discount_code(&d.code_prefix, &id.episode));
        let offered = discount.as_ref().zip(code.as_deref()).map(|(discount, code)| Offered {
            percent: discount.percent,
            code,
            valid_until: run.now + discount.valid_for,
        });
        let material = Material {
            profile,
            contact,
            ruleset: &run.ruleset,
            facts: &BTreeMap::new(),
            discount: offered,
            sender: &self.from,
            unsubscribe_url: &unsubscribe_url,
            reminder: (&id.episode, id.step),
            now: run.now,
        };
        let content = self.content.get(&self.tables, run.now).await?;
        let rendered = material.render(&content)?;
        Ok(Email {
            from: self.from.clone(),
            to,
            subject: rendered.subject.into_string(),
            text: rendered.text,
            html: rendered.html,
            headers: vec![
                ("List-Unsubscribe".to_owned(), format!("<{unsubscribe_url}>")),
                ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
            ],
            tags: vec![
                ("episode".to_owned(), id.episode.to_string()),
                ("step".to_owned(), id.step.to_string()),
            ],
        })
    }

    async fn put_timer(&self, run: &Run, timer: Timer<'_>, outcome: TimerOutcome) -> Result<(), MailerError> {
        let episode = timer.episode.to_string();
        let line = Line::timer(timer.key, &episode, timer.number, outcome, run.now);
        let datas = encode(std::slice::from_ref(&line))?;
        self.stream.put(NewRecord::of_key(&line.key, datas)).await?;
        Ok(())
    }
}

impl Run {
    /// Whom a mail is about: there is no page.
    fn person<'a>(&self, profile: &'a Profile, key: &ProfileKey) -> Person<'a> {
        let predictor = self.predictor.as_deref();
        Person {
            profile: Some(profile),
            is_known: profile.is_known(key),
            page: Page::default(),
            propensity: predictor.map(|model| model.score(profile, self.now, self.ruleset.policy())),
        }
    }
}
