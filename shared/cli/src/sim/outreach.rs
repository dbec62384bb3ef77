//! The ports of the mailer and of contact data, behind the network.

use super::bugs::Bug;
use super::ground::{Fate, Ground, LateWrite, Reach};
use super::mail_bugs::{self, Twisted};
use super::ports::{SimTables, store_error};
use beckon_domain::outreach::History;
use beckon_domain::send_limits::SendLimits;
use beckon_domain::{ContactHash, DurationMs, EpisodeId, ProfileKey, ReminderStatus, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{
    Contact, ContactStore, ConversionRow, ConversionStore, LedgerChange, LimitsStore, OutreachStore,
    PersonStore, Reminder, ReminderId, Save, Sending, SendingSwitch, Versioned,
};

impl ContactStore for SimTables {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        const NAME: &str = "put a contact";
        let fate = self.net.arrive(NAME, Reach::All, false).await;
        if matches!(fate, Fate::Throttled | Fate::Lost) {
            return Err(store_error(NAME, fate));
        }
        if self.net.lock().bug == Bug::ErasedContactTaken {
            self.inner.release_contact(key, Timestamp::EPOCH).await?;
            let contact = Contact { at: contact.at + DurationMs::from_days(400), ..contact.clone() };
            return self.inner.put_contact(key, &contact).await;
        }
        let changed = self.inner.put_contact(key, contact).await?;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(changed) }
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        const NAME: &str = "read a contact";
        self.net.lock().notes.mail.looks_at = Some(key.clone());
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.contact(key, now).await,
            fate => Err(store_error(NAME, fate)),
        }
    }
}

impl OutreachStore for SimTables {
    async fn reminder(&self, id: &ReminderId) -> Result<Option<Versioned<Reminder>>, StoreError> {
        const NAME: &str = "read a reminder";
        self.net.meddle().await;
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => {
                let mut row = self.inner.reminder(id).await?;
                mail_bugs::twist_row(&self.net, &mut row);
                Ok(row)
            }
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn history(&self, recipient: &ContactHash) -> Result<Option<Versioned<History>>, StoreError> {
        const NAME: &str = "read the history of an address";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.history(recipient).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn save_reminder(&self, change: &LedgerChange, now: Timestamp) -> Result<Save, StoreError> {
        const NAME: &str = "save a reminder";
        let fate = self.net.arrive(NAME, Reach::All, true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let change = Box::new(change.clone());
                self.net.lock().land_late(LateWrite::Ledger { change, now });
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        let saved = match mail_bugs::twist_change(&self.net, &self.inner, change) {
            Twisted::Forgotten => Save::Saved,
            Twisted::Changed(change) => self.inner.save_reminder(&change, now).await?,
        };
        self.net.leave().await;
        if fate == Fate::AnswerLost {
            return Err(store_error(NAME, fate));
        }
        let mut ground = self.net.lock();
        let ignored = ground.bug == Bug::ClaimIgnored;
        let saved = if ignored { Save::Saved } else { saved };
        if saved == Save::Saved && matches!(change.row.status, ReminderStatus::Claimed { .. }) {
            let Ground { book, notes, .. } = &mut *ground;
            book.mail.claimed(&mut notes.mail, change.id, &change.row.profile);
        }
        Ok(saved)
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        const NAME: &str = "read a suppression";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => {
                let is_suppressed = self.inner.is_suppressed(contact).await?;
                Ok(mail_bugs::twist_suppression(&self.net, contact, is_suppressed))
            }
            fate => Err(store_error(NAME, fate)),
        }
    }
}

impl ConversionStore for SimTables {
    async fn record_conversion(&self, row: &ConversionRow, now: Timestamp) -> Result<bool, StoreError> {
        const NAME: &str = "write an order of a reminder down";
        let fate = self.net.arrive(NAME, Reach::All, false).await;
        if matches!(fate, Fate::Throttled | Fate::Lost) {
            return Err(store_error(NAME, fate));
        }
        let is_new = self.inner.record_conversion(row, now).await?;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(is_new) }
    }
}

impl SendingSwitch for SimTables {
    async fn sending(&self) -> Result<Sending, StoreError> {
        const NAME: &str = "read the switch of sending";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through if self.net.lock().bug == Bug::PauseIgnored => Ok(Sending::default()),
            Fate::Through => self.inner.sending().await,
            fate => Err(store_error(NAME, fate)),
        }
    }
}

impl LimitsStore for SimTables {
    async fn record_limits(&self, limits: &SendLimits, now: Timestamp) -> Result<(), StoreError> {
        self.inner.record_limits(limits, now).await
    }

    async fn limits(&self) -> Result<Option<(SendLimits, Timestamp)>, StoreError> {
        self.inner.limits().await
    }
}

/// Which reminder a mail is, by its tags.
pub(crate) fn reminder_of(tags: &[(String, String)]) -> Option<ReminderId> {
    let tag = |name: &str| tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    Some(ReminderId { episode: EpisodeId::parse(tag("episode")?)?, step: tag("step")?.parse().ok()? })
}
