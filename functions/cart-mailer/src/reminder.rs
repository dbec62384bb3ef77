//! One reminder: what [`Attempt`] says is done, and what came of it is told to the attempt. Then the profiler is told.

use crate::error::MailerError;
use crate::pace::BACK_OFF;
use crate::process::{MailTables, Mailer, Report, Run};
use crate::send::{Email, SendAccount, SendEmail, SendError};
use crate::situation::Reading;
use beckon_domain::abandonment::{Plan, SkipReason};
use beckon_domain::code::DiscountCode;
use beckon_domain::event::TimerOutcome;
use beckon_domain::outreach::{Answer, Attempt, Claim, Do, End, Heard, Mailed, Offer};
use beckon_domain::{ProfileKey, Reminder, ReminderId, ReminderStatus, Timestamp};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{HistoryChange, LedgerChange, Save};
use beckon_wire::stream::{Line, encode};

/// How often a skip is written against somebody who changes the same row.
const SKIP_ATTEMPTS: u32 = 3;

/// Which timer ran out: of whose cart, for which reminder.
#[derive(Clone, Copy)]
struct Timer<'a> {
    key: &'a ProfileKey,
    id: ReminderId,
    number: u32,
}

/// What an attempt knows beside itself.
struct Course {
    reading: Reading,
    /// The version of the row that was read or written last.
    version: Option<u64>,
    /// What an earlier claim offered by a code that this reminder holds.
    held: Option<Offer>,
    email: Option<Email>,
}

impl<T, S, M, A> Mailer<T, S, M, A>
where
    T: MailTables,
    S: EventStream,
    M: SendEmail,
    A: SendAccount,
{
    /// Brings the next reminder of a cart as far as it gets in this run.
    pub(crate) async fn remind(
        &self,
        run: &Run,
        key: &ProfileKey,
        report: &mut Report,
    ) -> Result<(), MailerError> {
        let Some(reading) = self.read(run, key, None).await? else { return Ok(()) };
        let number = reading.timer();
        if matches!(reading.plan, Plan::Skip(_, SkipReason::Holdout)) {
            self.put_exposures(run, key, &reading.profile).await?;
        }
        match reading.plan {
            Plan::NotDue(_) => Ok(()),
            Plan::Skip(id, reason) => {
                let outcome = match reason {
                    SkipReason::NoContact | SkipReason::Unverified => TimerOutcome::NoContact,
                    SkipReason::HeldOut => TimerOutcome::HeldOut,
                    _ => TimerOutcome::Skipped,
                };
                self.skip(run, Timer { key, id, number }, (reason, None), Some(outcome), report).await
            }
            Plan::Defer(id, reason, until) => {
                let outcome = TimerOutcome::Later { until };
                self.skip(run, Timer { key, id, number }, (reason, Some(until)), Some(outcome), report).await
            }
            Plan::Remind(id) if report.is_paused => {
                // It stays due: sending may go on any minute.
                let paused = (SkipReason::Paused, Some(run.now));
                self.skip(run, Timer { key, id, number }, paused, None, report).await
            }
            Plan::Remind(id) => {
                if report.is_spent(self, run).await {
                    return Ok(());
                }
                self.put_exposures(run, key, &reading.profile).await?;
                self.attempt(run, Timer { key, id, number }, reading, report).await
            }
        }
    }

    /// Writes down why no mail goes out, and answers the timer.
    async fn skip(
        &self,
        run: &Run,
        timer: Timer<'_>,
        (reason, until): (SkipReason, Option<Timestamp>),
        outcome: Option<TimerOutcome>,
        report: &mut Report,
    ) -> Result<(), MailerError> {
        for _ in 0..SKIP_ATTEMPTS {
            let before = self.tables.reminder(&timer.id).await?;
            let state = before.as_ref().map(|kept| &kept.state);
            let Some(row) = Reminder::skip(state, timer.key, reason, until, run.now) else { break };
            let held = state.and_then(Reminder::held_offer);
            let read_version = before.as_ref().map(|kept| kept.version);
            let change = LedgerChange { id: timer.id, row, read_version, history: None, code: None };
            if self.tables.save_reminder(&change, run.now).await? == Save::Saved {
                self.give_back(held).await?;
                break;
            }
        }
        if let Some(outcome) = outcome {
            self.put_timer(run, timer, outcome).await?;
        }
        report.not_sent(reason.code());
        Ok(())
    }

    async fn attempt(
        &self,
        run: &Run,
        timer: Timer<'_>,
        reading: Reading,
        report: &mut Report,
    ) -> Result<(), MailerError> {
        let Some((_, recipient)) = reading.contact.clone() else { return Ok(()) };
        let claim = Claim {
            profile: timer.key.clone(),
            owner: run.id.clone(),
            now: run.now,
            recipient,
            offer: reading.offer.clone(),
            cart_value: reading.profile.cart.value(),
            on_unknown: run.ruleset.reminder().map(|r| r.series.on_unknown).unwrap_or_default(),
        };
        let mut course = Course { reading, version: None, held: None, email: None };
        let (mut attempt, mut next) = Attempt::begin(timer.id, claim);
        loop {
            let heard = match next {
                Do::Read => {
                    let row = self.tables.reminder(&timer.id).await?;
                    course.version = row.as_ref().map(|kept| kept.version);
                    course.held = row.as_ref().and_then(|kept| kept.state.held_offer());
                    Heard::Row(row.map(|kept| Box::new(kept.state)))
                }
                Do::Save(row) => Heard::Saved(self.write(run, timer.id, *row, &mut course).await?),
                Do::LookAgain => Heard::Plan(self.look_again(run, timer, &mut course).await?),
                Do::Send => Heard::Answer(self.send(course.email.as_ref(), report).await),
                Do::End(end) => return self.end(run, timer, end, report).await,
            };
            next = attempt.hear(heard, self.clock.now());
        }
    }

    /// Writes the row if it is still what was read. A claim enters the address's history in the same write; a mail that was
    /// certainly not sent leaves it.
    async fn write(
        &self,
        run: &Run,
        id: ReminderId,
        row: Reminder,
        course: &mut Course,
    ) -> Result<bool, MailerError> {
        let history = match &row.status {
            ReminderStatus::Claimed { .. } => {
                let has_discount = row.offer.is_some();
                let mailed = Mailed { reminder: id, at: run.now, has_discount };
                let (history, read_version) = &course.reading.history;
                row.recipient.clone().map(|recipient| HistoryChange {
                    recipient,
                    history: history.with(mailed),
                    read_version: *read_version,
                })
            }
            ReminderStatus::Sending { .. } | ReminderStatus::Sent { .. } | ReminderStatus::Unknown { .. } => {
                None
            }
            ReminderStatus::Failed { .. }
            | ReminderStatus::Suppressed { .. }
            | ReminderStatus::Deferred { .. }
            | ReminderStatus::Cancelled { .. } => match row.recipient.clone() {
                Some(recipient) => self.tables.history(&recipient).await?.map(|kept| HistoryChange {
                    recipient,
                    history: kept.state.without(id),
                    read_version: Some(kept.version),
                }),
                None => None,
            },
        };
        let is_claim = matches!(row.status, ReminderStatus::Claimed { .. });
        // A code that this reminder holds from an earlier claim is offered again, and no other one is taken.
        let code = course.reading.free.clone().filter(|_| is_claim && course.held.is_none());
        if is_claim {
            course.reading.offer = row.offer.clone();
        }
        let gives_back = row.offer.is_none();
        let change = LedgerChange { id, row, read_version: course.version, history, code };
        let saved = self.tables.save_reminder(&change, run.now).await? == Save::Saved;
        if saved {
            course.version = Some(course.version.unwrap_or(0) + 1);
        }
        if saved && gives_back {
            self.give_back(course.reading.offer.take()).await?;
        }
        Ok(saved)
    }

    /// Gives the code of a mail back that was certainly not sent.
    async fn give_back(&self, offer: Option<Offer>) -> Result<(), MailerError> {
        let Some(offer) = offer.filter(|offer| offer.pool.is_some()) else { return Ok(()) };
        let Ok(code) = DiscountCode::new(&offer.code) else { return Ok(()) };
        if let Some(held) = self.tables.held(&code).await? {
            self.tables.return_held(&held).await?;
        }
        Ok(())
    }

    /// The claim is ours: everything is read once more, and the mail is written of what it says then.
    async fn look_again(
        &self,
        run: &Run,
        timer: Timer<'_>,
        course: &mut Course,
    ) -> Result<Plan, MailerError> {
        let promised = course.reading.offer.take();
        let Some(reading) = self.read(run, timer.key, Some(promised.as_ref())).await? else {
            return Ok(Plan::NotDue(Some(SkipReason::Empty)));
        };
        let plan = reading.plan;
        if plan == Plan::Remind(timer.id) {
            let offer = promised.as_ref();
            course.email = Some(self.compose(run, (timer.key, timer.id), &reading, offer).await?);
        }
        course.reading = Reading { offer: promised, ..reading };
        Ok(plan)
    }

    /// Calls SES, at the account's pace. Only a throttled call, which was certainly not taken, is made again.
    async fn send(&self, email: Option<&Email>, report: &mut Report) -> Answer {
        let Some(email) = email else { return Answer::NotNow };
        if let Some(pace) = &mut report.pace {
            let wait = pace.take(self.clock.now());
            self.wait(wait).await;
        }
        let mut back_off = BACK_OFF.into_iter();
        loop {
            return match self.sender.send(email).await {
                Ok(message_id) => Answer::Taken(message_id),
                Err(SendError::Throttled(reason)) => match back_off.next() {
                    Some(wait) => {
                        self.wait(wait).await;
                        continue;
                    }
                    None => {
                        tracing::warn!(reason, "SES takes no more for now; the next run goes on");
                        report.throttled = true;
                        Answer::NotNow
                    }
                },
                Err(SendError::NotNow(reason)) => {
                    tracing::warn!(reason, "SES did not take a mail for now");
                    Answer::NotNow
                }
                Err(SendError::Stopped(reason)) => Answer::Stopped(reason),
                Err(SendError::Refused(reason)) => Answer::Refused(reason),
                Err(SendError::Unknown(reason)) => Answer::Unknown(reason),
            };
        }
    }

    async fn end(
        &self,
        run: &Run,
        timer: Timer<'_>,
        end: End,
        report: &mut Report,
    ) -> Result<(), MailerError> {
        match end {
            End::Nothing => {}
            End::Sent => {
                report.sent_count += 1;
                self.put_timer(run, timer, TimerOutcome::Done).await?;
            }
            End::NotSent { why, timer: outcome } => {
                if let Some(outcome) = outcome {
                    self.put_timer(run, timer, outcome).await?;
                }
                report.not_sent(&why);
            }
            End::Throttled => report.not_sent("NOT_NOW"),
            End::Stopped(reason) => {
                tracing::error!(reason, "sending is stopped; the run ends");
                report.stopped = true;
            }
        }
        Ok(())
    }

    async fn put_timer(&self, run: &Run, timer: Timer<'_>, outcome: TimerOutcome) -> Result<(), MailerError> {
        let line = Line::timer(timer.key, timer.id, timer.number, outcome, run.now);
        let datas = encode(std::slice::from_ref(&line))?;
        self.stream.put(NewRecord::of_key(&line.key, datas)).await?;
        Ok(())
    }
}
