//! The brake: sending pauses by itself when too many mails come back or are called spam. A person lets it go again.

use crate::error::FeedbackError;
use crate::process::{Feedback, FeedbackTables};
use beckon_domain::reputation::{Verdict, first_hour};
use beckon_runtime::fresh_id;
use beckon_store::switching::{Turn, Turned, turn};
use beckon_store::tables::switch::BRAKE;
use beckon_store::tables::{Sending, SwitchAction};

/// How often the window is looked at again when somebody else turned the switch in between.
const ATTEMPTS: u32 = 3;

impl<T: FeedbackTables> Feedback<T> {
    /// Closes the brake if the figures of the window say so. Returns whether it did.
    pub(crate) async fn brake(&self, mut sending: Sending) -> Result<bool, FeedbackError> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            if sending.is_paused() {
                return Ok(false);
            }
            let figures = self.tables.figures(first_hour(now), sending.counting_since()).await?;
            let Verdict::Close(cause) = figures.verdict() else { return Ok(false) };
            let words = cause.words(figures);
            let close = Turn {
                id: fresh_id(),
                action: SwitchAction::Pause,
                who: BRAKE.to_owned(),
                by: None,
                reason: Some(words.clone()),
                figures,
            };
            match turn(&self.tables, sending, close, now).await? {
                Turned::Changed(change) => {
                    tracing::warn!(
                        mail.sends = figures.sends,
                        mail.bounces = figures.bounces,
                        mail.complaints = figures.complaints,
                        switch.change = change.number,
                        "too many mails came back or were called spam"
                    );
                    tracing::error!(reason = words, "the brake is closed");
                    return Ok(true);
                }
                Turned::Already(_) => return Ok(false),
                Turned::Overtaken => sending = self.tables.sending().await?,
            }
        }
        // Whoever turns it so often is at it.
        Ok(false)
    }
}
