//! Mail feedback behind the network: what SES told is given to the real function, again and again until it is taken over.

use super::bugs::Bug;
use super::fault::Fault;
use super::ground::{Fate, Net, Reach};
use super::ports::{SimTables, store_error};
use super::post::Telling;
use super::world::{Ended, Waiting, Work, World};
use beckon_domain::reputation::Figures;
use beckon_domain::{ContactHash, DurationMs, Timestamp};
use beckon_store::StoreError;
use beckon_store::switching::{Turn, turn};
use beckon_store::tables::{
    MailFact, ReputationStore, Save, SendingSwitch, Suppression, SuppressionReason, SuppressionStore,
    SwitchAction, SwitchChange, SwitchStore,
};
use futures_util::FutureExt;

/// How long a person leaves sending paused that the brake paused.
const BRAKED: DurationMs = DurationMs::from_minutes(20);

/// The fate of a call that answers with what takes effect.
pub(super) async fn reach<T>(
    net: &Net,
    name: &'static str,
    effect: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let fate = net.arrive(name, Reach::All, false).await;
    if matches!(fate, Fate::Throttled | Fate::Lost) {
        return Err(store_error(name, fate));
    }
    let answer = effect.await?;
    if fate == Fate::AnswerLost { Err(store_error(name, fate)) } else { Ok(answer) }
}

impl SuppressionStore for SimTables {
    async fn suppress(&self, contact: &ContactHash, suppression: Suppression) -> Result<(), StoreError> {
        let is_left = self.net.lock().bug == Bug::ErasedUnsuppressed;
        let effect = async {
            if is_left && suppression.reason == SuppressionReason::Erased {
                return Ok(());
            }
            self.inner.suppress(contact, suppression).await?;
            self.net.lock().book.mail.suppressed(contact);
            Ok(())
        };
        reach(&self.net, "suppress an address", effect).await
    }

    async fn suppression(&self, contact: &ContactHash) -> Result<Option<Suppression>, StoreError> {
        reach(&self.net, "read a suppression", self.inner.suppression(contact)).await
    }

    /// Nobody takes anything back in a simulation.
    async fn resubscribe(&self, _: &ContactHash, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }
}

impl ReputationStore for SimTables {
    async fn count_fact(&self, fact: &MailFact, now: Timestamp) -> Result<bool, StoreError> {
        reach(&self.net, "count what became of a mail", self.inner.count_fact(fact, now)).await
    }

    async fn figures(&self, first_hour: Timestamp, counting_since: Timestamp) -> Result<Figures, StoreError> {
        reach(&self.net, "read the figures of mail", self.inner.figures(first_hour, counting_since)).await
    }
}

impl SwitchStore for SimTables {
    async fn change_sending(&self, change: &SwitchChange) -> Result<Save, StoreError> {
        let effect = async {
            let saved = self.inner.change_sending(change).await?;
            if saved == Save::Saved {
                self.net.lock().book.mail.paused(change.action == SwitchAction::Pause);
            }
            Ok(saved)
        };
        reach(&self.net, "turn the switch of sending", effect).await
    }

    async fn sending_changes(&self, limit: u32) -> Result<Vec<SwitchChange>, StoreError> {
        self.inner.sending_changes(limit).await
    }
}

impl World {
    /// An event is delivered.
    pub(crate) fn tell(&mut self, telling: Telling) {
        let (feedback, event) = (self.feedback.clone(), telling.event.clone());
        let call = async move { Ended::Told(mail_feedback::handle(&feedback, event).await.is_ok()) };
        self.start(Work::Feedback(Box::new(telling)), None, Box::pin(call));
    }

    /// A delivery has ended: taken over, or to come again.
    pub(crate) fn was_told(&mut self, telling: Telling, ended: &Ended) {
        let now = self.now();
        if matches!(ended, Ended::Told(true)) {
            self.net.lock().book.mail.told(telling.id, telling.nth, now);
            let sending = self.tables.inner.sending().now_or_never().and_then(Result::ok);
            let is_braked = sending.is_some_and(|sending| sending.is_paused());
            if is_braked && !self.waiting.values().any(|what| matches!(what, Waiting::Resume)) {
                self.wait(now + BRAKED, Waiting::Resume);
            }
            return;
        }
        let mut ground = self.net.lock();
        let pause = DurationMs::from_ms(ground.dice.between(1_000, 120_000));
        let order = ground.order();
        ground.post.insert((now + pause, order), telling);
    }

    /// A person turns the switch of sending.
    pub(crate) fn turn_sending(&mut self, action: SwitchAction) {
        let tables = &self.tables.inner;
        let Some(Ok(before)) = tables.sending().now_or_never() else { return };
        let asked = Turn {
            id: format!("turn-{}", before.number()),
            action,
            who: "backend".to_owned(),
            by: None,
            reason: None,
            figures: Figures::default(),
        };
        drop(turn(tables, before, asked, self.now()).now_or_never());
        self.net.lock().book.mail.paused(action == SwitchAction::Pause);
    }

    /// A person unsubscribes: at once.
    pub(crate) fn unsubscribe(&mut self, customer: usize) {
        let address = self.mailer.secrets.pepper.contact(&super::script::address(customer));
        let suppression = Suppression { reason: SuppressionReason::Unsubscribed, at: self.now() };
        drop(self.tables.inner.suppress(&address, suppression).now_or_never());
        let mut ground = self.net.lock();
        ground.book.mail.suppressed(&address);
        ground.count(Fault::Unsubscribed);
    }
}
