//! The post office: takes mails as SES does, with answers that get lost, and tells later what became of each: late, twice,
//! in any order, or never.

use super::fault::Fault;
use super::ground::{Fate, Ground, Net, Reach};
use super::outreach::reminder_of;
use crate::ses_events::{Happened, SesMail};
use beckon_domain::{DurationMs, Pepper, ReminderId, Timestamp};
use cart_mailer::send::{Email, SendEmail, SendError};
use serde_json::Value;

/// An event of a mail, on its way to mail feedback.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// As EventBridge delivers it.
    pub(crate) event: Value,
    /// Of which reminder.
    pub(crate) id: ReminderId,
    /// Of which of its mails.
    pub(crate) nth: usize,
}

/// Where mail goes.
#[derive(Clone)]
pub(crate) struct PostOffice {
    pub(crate) net: Net,
    pub(crate) pepper: Pepper,
}

impl PostOffice {
    /// Mails are few, so that a send fails now and then in any weather.
    fn fails(&self) -> bool {
        let mut ground = self.net.lock();
        let in_calm = ground.dice.chance(30);
        if in_calm {
            ground.count(Fault::SendFailed);
        }
        in_calm || ground.strikes(Fault::SendFailed)
    }

    /// SES takes its time, now and then: for longer than a claim is held.
    fn is_slow(&self) -> Option<DurationMs> {
        let mut ground = self.net.lock();
        if !ground.dice.chance(30) {
            return None;
        }
        ground.count(Fault::SlowSend);
        Some(DurationMs::from_ms(ground.dice.between(1_000, 400_000)))
    }

    fn take(&self, email: &Email) {
        let mut ground = self.net.lock();
        let ground = &mut *ground;
        let Some(id) = reminder_of(&email.tags) else {
            return ground.book.violated(|| "a mail does not say which reminder it is".to_owned());
        };
        let now = ground.clock.now();
        let address = self.pepper.contact(&email.to);
        let (nth, broken) = ground.book.mail.take(id, &address, &ground.notes, now);
        ground.trace.mix_text(&id.decision_id());
        let shown = ground.book.mail.shown.take(id, &email.text);
        if let Some(broken) = broken.or(shown) {
            ground.book.violated(|| broken);
        }
        ground.tell_of(id, nth, email, now);
    }
}

impl Ground {
    /// What became of a mail is told after a while. Now and then nothing of it is, or all of it late.
    fn tell_of(&mut self, id: ReminderId, nth: usize, email: &Email, sent_at: Timestamp) {
        let message_id = format!("{}.{nth}", id.decision_id());
        let mail = SesMail { message_id: &message_id, to: &email.to, sent_at, tags: &email.tags };
        let is_lost = self.dice.chance(5);
        let late = if self.dice.chance(12) { self.dice.between(3_600_000, 10_800_000) } else { 0 };
        for (happened, within_ms) in became_of(self.dice.below(1_000)) {
            if is_lost || self.dice.chance(2) {
                self.count(Fault::EventLost);
                continue;
            }
            if late > 0 {
                self.count(Fault::EventLate);
            }
            let at = sent_at + DurationMs::from_ms(self.dice.below(within_ms));
            let event = mail.event(happened, at);
            let again = self.dice.chance(50);
            for _ in 0..=u64::from(again) {
                let delay = DurationMs::from_ms(late + self.dice.between(20, within_ms));
                let telling = Telling { event: event.clone(), id, nth };
                let order = self.order();
                self.post.insert((at + delay, order), telling);
            }
            if again {
                self.count(Fault::EventTwice);
            }
        }
    }
}

/// What becomes of a mail, and within how many milliseconds each of it happens.
fn became_of(throw: u64) -> Vec<(Happened, u64)> {
    let sent = (Happened::Sent, 20_000);
    let delivered = (Happened::Delivered, 60_000);
    match throw {
        0..12 => vec![sent, (Happened::HardBounced, 240_000)],
        12..24 => vec![sent, delivered, (Happened::Complained, 1_800_000)],
        24..34 => vec![sent, (Happened::SoftBounced, 240_000)],
        34..44 => vec![sent, (Happened::Rejected, 20_000)],
        44..150 => vec![sent, delivered, (Happened::Opened, 1_800_000)],
        _ => vec![sent, delivered],
    }
}

impl SendEmail for PostOffice {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        let fate = self.net.arrive("send a mail", Reach::All, false).await;
        match fate {
            Fate::Throttled => return Err(SendError::NotNow("injected".to_owned())),
            Fate::Lost => return Err(SendError::Unknown("injected".to_owned())),
            _ => {}
        }
        let failed = self.fails();
        if failed && self.net.lock().dice.chance(500) {
            return Err(SendError::NotNow("injected".to_owned()));
        }
        if let Some(time) = self.is_slow() {
            self.net.hold_up(time).await;
        }
        self.take(email);
        if failed || fate == Fate::AnswerLost {
            self.net.lock().book.mail.unheard_count += 1;
            return Err(SendError::Unknown("injected".to_owned()));
        }
        self.net.leave().await;
        Ok("taken".to_owned())
    }
}
