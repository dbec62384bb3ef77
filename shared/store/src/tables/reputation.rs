//! What became of mails, counted by the hour.

use crate::error::StoreError;
use beckon_domain::reputation::{Figures, Outcome};
use beckon_domain::{ContactHash, DurationMs, Timestamp};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::future::Future;

/// How long it is remembered that something was counted: longer than any queue in between keeps an event (14 days).
pub const FACT_RETENTION: DurationMs = DurationMs::from_days(30);
/// How long the figures of an hour are kept.
pub const FIGURES_RETENTION: DurationMs = DurationMs::from_days(90);

/// Something that became of one mail to one recipient, to be counted once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailFact {
    /// Its id: a hash of the mail, what happened, and to whom. Hexadecimal.
    pub id: String,
    /// What happened.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Which counting it belongs to: that which began then ([`super::Sending::counting_since`]); 1970 when its mail was sent
    /// before the counting of now began.
    pub counting_since: Timestamp,
}

impl MailFact {
    /// The id of what happened (`kind`, as SES names it) to a mail at a recipient: the same whenever it is told again.
    #[must_use]
    pub fn id_of(message_id: &str, kind: &str, recipient: Option<&ContactHash>) -> String {
        let mut hash = Sha256::new();
        for part in [message_id, kind, recipient.map_or("", ContactHash::as_str)] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        HEXLOWER.encode(&hash.finalize()[..16])
    }
}

/// OutreachTable: figures of an hour (`reputation` / `<yyyymmddhh>#<counting since>#<part>`), and what was counted
/// (`mail-fact#<id>` / `-`).
pub trait ReputationStore: Send + Sync {
    /// Counts a fact, unless it was counted before; both or neither is written down. Returns whether it was new.
    fn count_fact(
        &self,
        fact: &MailFact,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What was counted from the hour that begins at `first_hour` on, in the counting that began at `counting_since`.
    /// A strong read.
    fn figures(
        &self,
        first_hour: Timestamp,
        counting_since: Timestamp,
    ) -> impl Future<Output = Result<Figures, StoreError>> + Send;
}
