//! What stays of a person whose data were erased: a tombstone, which keeps what is still under way from bringing anything
//! back.
//!
//! The profile's item stays with its marks, so that redelivered records are known, with the numbers that the books need,
//! and with an [`Erasure`]. While that stands, everything of the key is dropped: events, merge records, forwarded events,
//! timers. Segment calls it "suppress with delete". A person may be let back ([`Profile::released`]); what happened or was
//! received before stays out even then.

use crate::event::{Event, EventKind};
use crate::fold::Item;
use crate::id::ErasureId;
use crate::key::ProfileKey;
use crate::profile::Profile;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// That a person's data were erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Erasure {
    /// Which request asked for it.
    pub request: ErasureId,
    /// When: nothing from before comes back, ever.
    pub at: Timestamp,
    /// Until when everything of the key is dropped, unless the person is let back before.
    pub until: Timestamp,
    /// When the person was let back.
    pub released_at: Option<Timestamp>,
    /// Events that were dropped.
    pub kept_out: u64,
    /// Records of Beckon's own that were dropped.
    pub internal_kept_out: u64,
}

impl Erasure {
    /// An erasure, of which nothing was dropped yet.
    #[must_use]
    pub fn new(request: ErasureId, at: Timestamp, until: Timestamp) -> Self {
        Self { request, at, until, released_at: None, kept_out: 0, internal_kept_out: 0 }
    }

    /// Whether what happened at one instant and was received at another stays out. What is redriven has a new time of
    /// receipt and keeps the time at which it happened, so both are asked: what happened while the tombstone stood stays
    /// out as well, however late it is put again.
    #[must_use]
    pub fn keeps_out(&self, occurred_at: Timestamp, received_at: Timestamp) -> bool {
        occurred_at.min(received_at) <= self.released_at.unwrap_or(self.until)
    }

    /// Whether another erasure changes nothing that this one does not do already.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.released_at.is_none() && self.at >= other.at && self.until >= other.until
    }
}

impl ProfileKey {
    /// What records of requests say instead of a key: whoever has the id again can tell whether a record is about it.
    #[must_use]
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        data_encoding::HEXLOWER.encode(&Sha256::digest(self.as_str().as_bytes())[..8])
    }
}

impl Profile {
    /// Its tombstone. The numbers of events stay, because the books would not balance without them.
    #[must_use]
    pub fn erased(&self, erasure: &Erasure) -> Self {
        let before = self.erasure.as_ref();
        let erasure = Erasure {
            kept_out: before.map_or(0, |before| before.kept_out),
            internal_kept_out: before.map_or(0, |before| before.internal_kept_out),
            ..erasure.clone()
        };
        Self { tallies: self.tallies, marks: self.marks.clone(), erasure: Some(erasure), ..Self::default() }
    }

    /// The person is let back at this instant; `None` when no tombstone stands.
    #[must_use]
    pub fn released(&self, at: Timestamp) -> Option<Self> {
        let erasure = self.erasure.clone().filter(|erasure| erasure.released_at.is_none())?;
        let erasure = Erasure { released_at: Some(at), ..erasure };
        let last_received_at = self.last_received_at.max(at);
        Some(Self { erasure: Some(erasure), last_received_at, ..self.clone() })
    }

    /// Whether this is a tombstone and nothing else.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        let stands = self.erasure.as_ref().is_some_and(|erasure| erasure.released_at.is_none());
        stands && self.last_received_at == Timestamp::EPOCH
    }

    /// Whether an event stays out.
    pub(crate) fn keeps_out(&self, event: &Event) -> bool {
        self.erasure.as_ref().is_some_and(|erasure| erasure.keeps_out(event.occurred_at, event.received_at))
    }

    /// Drops an item. Returns the visitor whose state it would have brought: who that is, is known now, so it goes too.
    pub(crate) fn keep_out(&mut self, item: &Item) -> Option<ProfileKey> {
        let erasure = self.erasure.as_mut()?;
        let counter = if item.internal { &mut erasure.internal_kept_out } else { &mut erasure.kept_out };
        *counter += 1;
        match &item.event.kind {
            EventKind::Merge { from, .. } => Some(from.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
