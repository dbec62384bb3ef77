//! Whether mail is sent at all: the switch, who turned it, and what SES allows.

use super::Save;
use crate::error::StoreError;
use beckon_domain::Timestamp;
use beckon_domain::reputation::Figures;
use beckon_domain::send_limits::SendLimits;
use std::future::Future;

/// In whose name sending is paused when bounces or complaints are too many.
pub const BRAKE: &str = "brake";

/// A turn of the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SwitchAction {
    /// Nothing is sent from now on.
    Pause,
    /// Sending goes on.
    Resume,
}

impl SwitchAction {
    /// The stable name of the turn.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// The turn of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pause, Self::Resume].into_iter().find(|action| action.name() == name)
    }
}

/// A change of the switch: written once, with the change itself, and never altered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchChange {
    /// Its number: 1 for the first, without gaps.
    pub number: u64,
    /// Unique id: tells one's own write, whose answer got lost, from somebody else's.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: SwitchAction,
    /// Who: the source of the key, or [`BRAKE`].
    pub who: String,
    /// Who, in the caller's words.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the window showed then.
    pub figures: Figures,
    /// Since when figures count: the latest resume, this one included; 1970 when there was none.
    pub counting_since: Timestamp,
}

/// Whether mail is sent.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sending {
    /// The latest change; none was ever made when it is missing, and mail is sent.
    pub latest: Option<SwitchChange>,
}

impl Sending {
    /// The change that paused it, while it is paused.
    #[must_use]
    pub fn pause(&self) -> Option<&SwitchChange> {
        self.latest.as_ref().filter(|change| change.action == SwitchAction::Pause)
    }

    /// Whether nothing may be sent.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.pause().is_some()
    }

    /// Number of the latest change; 0 when there was none.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.latest.as_ref().map_or(0, |change| change.number)
    }

    /// Since when figures count: the latest resume. What became of mails from before does not close the brake again.
    #[must_use]
    pub fn counting_since(&self) -> Timestamp {
        self.latest.as_ref().map_or(Timestamp::EPOCH, |change| change.counting_since)
    }
}

/// OutreachTable: the switch, as the mailer sees it (`switch#mail` / `-`). It looks at the beginning of each run, so a
/// pause is in force within one tick of the schedule.
pub trait SendingSwitch: Send + Sync {
    /// Whether mail is sent. A strong read.
    fn sending(&self) -> impl Future<Output = Result<Sending, StoreError>> + Send;
}

/// OutreachTable and AuditTable: the switch, as whoever turns it sees it.
pub trait SwitchStore: SendingSwitch {
    /// Turns the switch and writes it down, both or neither, if `change.number` follows the latest change.
    fn change_sending(&self, change: &SwitchChange) -> impl Future<Output = Result<Save, StoreError>> + Send;

    /// Changes, newest first, at most `limit`. A strong read.
    fn sending_changes(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<SwitchChange>, StoreError>> + Send;
}

/// OutreachTable: what SES allows, as the mailer last heard (`account#mail` / `-`).
pub trait LimitsStore: Send + Sync {
    /// Writes down what SES allows.
    fn record_limits(
        &self,
        limits: &SendLimits,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What SES allowed, and when it was asked; nothing before the mailer's first run.
    fn limits(&self) -> impl Future<Output = Result<Option<(SendLimits, Timestamp)>, StoreError>> + Send;
}
