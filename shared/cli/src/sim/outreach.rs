//! The ports of the mailer and of contact data, behind the network; and the post office, which knows what was sent twice.

use super::bugs::Bug;
use super::fault::Fault;
use super::ground::{Fate, LateWrite, Net, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::outreach::History;
use beckon_domain::send_limits::SendLimits;
use beckon_domain::{ContactHash, ProfileKey, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{
    Contact, ContactStore, LedgerChange, LimitsStore, OutreachStore, Reminder, ReminderId, Save, Sending,
    SendingSwitch, Versioned,
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
    async fn reminder(&self, id: &ReminderId) -> Result<Option<Versioned<Reminder>>, StoreError> {
        const NAME: &str = "read a reminder";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.reminder(id).await,
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
        let saved = self.inner.save_reminder(change, now).await?;
        self.net.leave().await;
        if fate == Fate::AnswerLost {
            return Err(store_error(NAME, fate));
        }
        let ignored = self.net.lock().bug == Bug::ClaimIgnored;
        Ok(if ignored { Save::Saved } else { saved })
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

impl LimitsStore for SimTables {
    async fn record_limits(&self, limits: &SendLimits, now: Timestamp) -> Result<(), StoreError> {
        self.inner.record_limits(limits, now).await
    }

    async fn limits(&self) -> Result<Option<(SendLimits, Timestamp)>, StoreError> {
        self.inner.limits().await
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
