//! The use case: an event becomes the ledger's, a suppression, a figure, and may be the one that closes the brake.

use crate::error::FeedbackError;
use crate::ledger::mail_event;
use beckon_domain::reputation::Outcome;
use beckon_domain::{ContactHash, Timestamp};
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_runtime::{Clock, Metrics, Secrets};
use beckon_store::tables::{
    MailFact, OutreachStore, ReminderId, ReputationStore, Sending, Suppression, SuppressionReason,
    SuppressionStore, SwitchStore, observe,
};
use beckon_store::{ErrorKind, StoreError};
use beckon_wire::ses::{Bounce, SesEvent, SesEventKind};
use std::collections::BTreeMap;

/// How often a count is tried: counts of the same hour that come at the same time refuse each other.
const COUNT_ATTEMPTS: u32 = 6;

/// The tables that mail feedback needs.
pub trait FeedbackTables: OutreachStore + SuppressionStore + ReputationStore + SwitchStore {}

impl<T: OutreachStore + SuppressionStore + ReputationStore + SwitchStore> FeedbackTables for T {}

/// Everything that mail feedback needs.
#[derive(Clone, Debug)]
pub struct Feedback<T> {
    /// OutreachTable and AuditTable.
    pub tables: T,
    /// Pepper, under which addresses are hashed.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
    /// Where it is told what a delivery came to.
    pub metrics: Metrics,
}

/// What a delivery came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Events that were taken over.
    pub event_count: usize,
    /// Documents that say nothing that is needed here.
    pub ignored_count: usize,
    /// Facts that were new to the figures, by what happened.
    pub counted: BTreeMap<Outcome, usize>,
    /// Recipients who are not mailed any more, known before or not.
    pub suppressed_count: usize,
    /// Whether the brake closed.
    pub closed: bool,
}

impl Report {
    /// Facts that were new to the figures.
    #[must_use]
    pub fn counted_count(&self) -> usize {
        self.counted.values().sum()
    }

    /// The metrics of a delivery.
    pub(crate) fn measures(&self) -> Measures {
        let mut measures = Measures::of(Function::MailFeedback);
        for (outcome, count) in &self.counted {
            measures.add_by(Metric::MailEvents, word(*outcome), *count as u64);
        }
        measures.add(Metric::Suppressions, self.suppressed_count as u64);
        measures
    }
}

/// What happened, as the dimension `Reason` has it.
const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => "sent",
        Outcome::Delivered => "delivered",
        Outcome::HardBounced => "bounced",
        Outcome::Complained => "complained",
    }
}

impl<T: FeedbackTables> Feedback<T> {
    /// Takes an event over. Each step may be taken again, so the figures come last: what is counted is done.
    ///
    /// # Errors
    /// When a table fails: the same event again does the rest.
    pub async fn take_over(&self, event: &SesEvent, report: &mut Report) -> Result<(), FeedbackError> {
        let now = self.clock.now();
        let contacts: Vec<ContactHash> =
            event.recipients.iter().map(|address| self.secrets.pepper.contact(address)).collect();
        if let Some((episode, step)) = event.reminder
            && let Some(told) = mail_event(event)
        {
            observe(&self.tables, &ReminderId { episode, step }, &told, event.at.min(now), now).await?;
        }
        if let Some(reason) = suppression_reason(event.kind) {
            let suppression = Suppression { reason, at: event.at.min(now) };
            for contact in &contacts {
                self.tables.suppress(contact, suppression).await?;
            }
            report.suppressed_count += contacts.len();
        }
        if let Some(outcome) = outcome(event.kind) {
            let sending = self.tables.sending().await?;
            let new_count = self.count(event, outcome, &contacts, (&sending, now)).await?;
            *report.counted.entry(outcome).or_default() += new_count;
            if outcome != Outcome::Delivered {
                report.closed |= self.brake(sending).await?;
            }
        }
        report.event_count += 1;
        Ok(())
    }

    /// Counts what happened once for each recipient. Returns how many of them were new.
    async fn count(
        &self,
        event: &SesEvent,
        outcome: Outcome,
        contacts: &[ContactHash],
        (sending, now): (&Sending, Timestamp),
    ) -> Result<usize, FeedbackError> {
        let since = sending.counting_since();
        let counting_since = if event.sent_at >= since { since } else { Timestamp::EPOCH };
        let mut new_count = 0;
        let nobody = contacts.is_empty().then_some(None);
        for recipient in contacts.iter().map(Some).chain(nobody) {
            let fact = MailFact {
                id: MailFact::id_of(&event.message_id, event.kind.name(), recipient),
                outcome,
                // A clock that is ahead must not count into an hour that the window has not reached.
                at: event.at.min(now),
                counting_since,
            };
            new_count += usize::from(self.count_once(&fact, now).await?);
        }
        Ok(new_count)
    }

    async fn count_once(&self, fact: &MailFact, now: Timestamp) -> Result<bool, StoreError> {
        let mut attempt = 1;
        loop {
            match self.tables.count_fact(fact, now).await {
                Err(error) if error.kind == ErrorKind::Throttled && attempt < COUNT_ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }
}

/// Why the recipients must not be mailed any more.
const fn suppression_reason(kind: SesEventKind) -> Option<SuppressionReason> {
    match kind {
        SesEventKind::Bounce(Bounce::Permanent | Bounce::OnSuppressionList) => {
            Some(SuppressionReason::Bounced)
        }
        SesEventKind::Complaint { .. } => Some(SuppressionReason::Complained),
        SesEventKind::Subscription { unsubscribed: true } => Some(SuppressionReason::Unsubscribed),
        _ => None,
    }
}

/// What counts for the reputation. What SES knew before and did not send is no news to anybody.
const fn outcome(kind: SesEventKind) -> Option<Outcome> {
    match kind {
        SesEventKind::Send => Some(Outcome::Sent),
        SesEventKind::Delivery => Some(Outcome::Delivered),
        SesEventKind::Bounce(Bounce::Permanent) => Some(Outcome::HardBounced),
        SesEventKind::Complaint { is_new: true } => Some(Outcome::Complained),
        _ => None,
    }
}
