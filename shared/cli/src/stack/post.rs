//! The post of a stack without SES: what the recording sender took is delivered, and mail feedback hears of it.

use crate::ses_events::{Happened, SesMail};
use beckon_domain::DurationMs;
use beckon_runtime::{Clock, Metrics, Secrets};
use cart_mailer::send::recording::{Recorded, RecordingSender};
use mail_feedback::{Feedback, FeedbackTables};
use std::sync::atomic::{AtomicU64, Ordering};

/// How long a delivery takes.
const ON_THE_WAY: DurationMs = DurationMs::from_secs(3);

/// Who tells mail feedback.
pub(super) struct Post<T> {
    feedback: Feedback<T>,
    /// Mails that were told of.
    told_count: AtomicU64,
}

impl<T: FeedbackTables + Clone> Post<T> {
    pub(super) fn new(tables: &T, secrets: &Secrets, clock: &Clock) -> Self {
        let feedback = Feedback {
            tables: tables.clone(),
            secrets: secrets.clone(),
            clock: clock.clone(),
            metrics: Metrics::default(),
        };
        Self { feedback, told_count: AtomicU64::new(0) }
    }

    /// Tells metrics from now on.
    pub(super) fn set_metrics(&mut self, metrics: Metrics) {
        self.feedback.metrics = metrics;
    }

    /// Mail feedback, for whoever has more to tell it.
    pub(super) const fn feedback(&self) -> &Feedback<T> {
        &self.feedback
    }

    /// Tells of every mail that is new. What a table does not take is told again the next time.
    pub(super) async fn deliver(&self, sender: &RecordingSender) {
        for (number, recorded) in sender.mails_after(self.told_count.load(Ordering::SeqCst)) {
            if self.tell(&recorded).await.is_err() {
                return;
            }
            self.told_count.fetch_max(number, Ordering::SeqCst);
        }
    }

    async fn tell(&self, recorded: &Recorded) -> Result<(), mail_feedback::FeedbackError> {
        let mail = SesMail {
            message_id: &recorded.id,
            to: &recorded.email.to,
            sent_at: recorded.at,
            tags: &recorded.email.tags,
        };
        for (happened, at) in [(Happened::Sent, recorded.at), (Happened::Delivered, recorded.at + ON_THE_WAY)]
        {
            mail_feedback::handle(&self.feedback, mail.event(happened, at)).await?;
        }
        Ok(())
    }
}
