//! The ports of the mailer and of contact data, behind the network; and the post office, which knows what was sent twice.

use super::bugs::Bug;
use super::fault::Fault;
use super::ground::{Fate, LateWrite, Net, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::abandonment::SkipReason;
use beckon_domain::{ContactHash, ProfileKey, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{
    Contact, ContactStore, OutreachStore, Reminder, ReminderId, ReminderStatus, Sending, SendingSwitch,
};
use cart_mailer::send::{Email, SendEmail, SendError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

impl ContactStore for SimTables {
    async fn put_contact(&self, key: &ProfileKey, contact: &Contact) -> Result<bool, StoreError> {
        const NAME: &str = "put a contact";
        let fate = self.net.arrive(NAME, Reach::All, false).await;
        if matches!(fate, Fate::Throttled | Fate::Lost) {
            return Err(store_error(NAME, fate));
        }
        let changed = self.inner.put_contact(key, contact).await?;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(changed) }
    }

    async fn contact(&self, key: &ProfileKey, now: Timestamp) -> Result<Option<Contact>, StoreError> {
        const NAME: &str = "read a contact";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.contact(key, now).await,
            fate => Err(store_error(NAME, fate)),
        }
    }
}

impl OutreachStore for SimTables {
    async fn claim(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        const NAME: &str = "claim a reminder";
        let fate = self.net.arrive(NAME, Reach::All, true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let (profile, owner) = (profile.clone(), owner.to_owned());
                self.net.lock().land_late(LateWrite::Claim { id: *id, profile, owner, now, lease_until });
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        let claimed = self.inner.claim(id, profile, owner, now, lease_until).await?;
        self.net.leave().await;
        let ignored = self.net.lock().bug == Bug::ClaimIgnored;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(claimed || ignored) }
    }

    async fn advance(
        &self,
        id: &ReminderId,
        owner: &str,
        status: ReminderStatus,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const NAME: &str = "advance a reminder";
        let fate = self.net.arrive(NAME, Reach::All, true).await;
        match fate {
            Fate::Throttled | Fate::Lost => return Err(store_error(NAME, fate)),
            Fate::Late => {
                let owner = owner.to_owned();
                self.net.lock().land_late(LateWrite::Advance { id: *id, owner, status, now });
                return Err(store_error(NAME, fate));
            }
            Fate::Through | Fate::AnswerLost => {}
        }
        let advanced = self.inner.advance(id, owner, status, now).await?;
        self.net.leave().await;
        let ignored = self.net.lock().bug == Bug::ClaimIgnored;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(advanced || ignored) }
    }

    async fn give_up_sending(
        &self,
        id: &ReminderId,
        began_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const NAME: &str = "give up a send";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.give_up_sending(id, began_until, now).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn record_skip(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        reason: SkipReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const NAME: &str = "record a skip";
        let fate = self.net.arrive(NAME, Reach::All, false).await;
        if matches!(fate, Fate::Throttled | Fate::Lost) {
            return Err(store_error(NAME, fate));
        }
        self.inner.record_skip(id, profile, reason, now).await?;
        if fate == Fate::AnswerLost { Err(store_error(NAME, fate)) } else { Ok(()) }
    }

    async fn reminder(&self, id: &ReminderId) -> Result<Option<Reminder>, StoreError> {
        const NAME: &str = "read a reminder";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.reminder(id).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        const NAME: &str = "read a suppression";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.is_suppressed(contact).await,
            fate => Err(store_error(NAME, fate)),
        }
    }
}

impl SendingSwitch for SimTables {
    async fn sending(&self) -> Result<Sending, StoreError> {
        const NAME: &str = "read the switch of sending";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.sending().await,
            fate => Err(store_error(NAME, fate)),
        }
    }
}

/// Where mail goes: it counts what it took for each reminder. Clones share the counts.
#[derive(Clone)]
pub(crate) struct PostOffice {
    net: Net,
    taken: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl PostOffice {
    /// An empty one.
    pub(crate) fn new(net: &Net) -> Self {
        Self { net: net.clone(), taken: Arc::default() }
    }

    /// Mails taken.
    pub(crate) fn count(&self) -> u64 {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).values().map(|n| u64::from(*n)).sum()
    }

    /// Mails are few, so that a send fails now and then in any weather.
    fn fails(&self) -> bool {
        let mut ground = self.net.lock();
        let in_calm = ground.dice.chance(30);
        if in_calm {
            ground.count(Fault::SendFailed);
        }
        in_calm || ground.strikes(Fault::SendFailed)
    }

    fn take(&self, email: &Email) {
        let tags: Vec<&str> = email.tags.iter().map(|(_, value)| value.as_str()).collect();
        let reminder = tags.join("/");
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(reminder.clone()).or_default();
        *count += 1;
        let mut ground = self.net.lock();
        ground.trace.mix_text(&reminder);
        if *count > 1 {
            ground.book.violated(|| format!("the reminder {reminder} was sent {count} times"));
        }
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
        self.take(email);
        self.net.leave().await;
        if failed || fate == Fate::AnswerLost {
            return Err(SendError::Unknown("injected".to_owned()));
        }
        Ok("taken".to_owned())
    }
}
