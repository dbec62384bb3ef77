//! Events whose record nears the mapping's age limit: what is not applied is kept as failed, before the mapping would
//! discard it.

use crate::batch::{Part, Work, failed};
use crate::error::ProcessError;
use crate::guard::Expiry;
use crate::process::{CONCURRENCY, Outcome, PartEnd, Profiler};
use crate::settle::ATTEMPTS_MAX;
use crate::tally::Tally;
use beckon_batch::TimeLeft;
use beckon_domain::policy::Policy;
use beckon_domain::{Profile, Timestamp};
use beckon_store::ErrorKind;
use beckon_store::bus::EventBus;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ExperimentStore, ProfileStore, Read, Save, Stored};
use beckon_wire::failed::FailedReason;
use futures_util::StreamExt;

/// A part with its profile, read strongly.
type Loaded = (Part, Option<Stored>);

/// A profile in which nothing can change behind our back any more.
struct Fenced {
    stored: Option<Stored>,
    /// What arrived at this instant or before, and is not applied, may be kept as failed.
    until: Timestamp,
}

impl<T, S, F, B> Profiler<T, S, F, B>
where
    T: ProfileStore + ConfigStore + ExperimentStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    /// Takes out of the parts what expires and is not applied, and keeps it as failed. Returns what is left to settle: the
    /// parts that were touched with their profile, and the others as they were. Without a policy nothing can be fenced.
    pub(crate) async fn set_aside_expiring(
        &self,
        parts: Vec<Part>,
        policy: Option<&Policy>,
        time: TimeLeft,
        outcome: &mut Outcome,
    ) -> (Vec<Loaded>, Vec<Part>) {
        let Some(expiry) = self.expiry() else { return (Vec::new(), parts) };
        let (expiring, others): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|p| p.expires(expiry.until));
        let expiring = expiring.into_iter().map(|part| {
            let (end, mut tally) = (PartEnd::of(&part), Tally::default());
            Box::pin(async move {
                let result = self.set_part_aside(part, expiry, (policy, time), &mut tally).await;
                (end, tally, result)
            })
        });
        let mut done = futures_util::stream::iter(expiring).buffered(CONCURRENCY);
        let mut loaded = Vec::new();
        while let Some((end, tally, result)) = done.next().await {
            match result {
                Ok(rest) => {
                    outcome.tally.add(tally);
                    // Without events nothing is left to settle.
                    loaded.extend(rest.filter(|(part, _)| !part.work.is_empty()));
                }
                Err(error) => outcome.settled(end, tally, Err(error)),
            }
        }
        (loaded, others)
    }

    /// Only marks tell what is applied. When they cannot be read the part stays, and comes again: what may have been
    /// applied is nothing that this profiler keeps as failed.
    async fn set_part_aside(
        &self,
        mut part: Part,
        expiry: Expiry,
        (policy, time): (Option<&Policy>, TimeLeft),
        tally: &mut Tally,
    ) -> Result<Option<Loaded>, ProcessError> {
        let Some(Fenced { stored, until }) = self.fenced(&part, expiry, policy, time).await? else {
            self.set_aside(&part, tally).await?;
            return Ok(None);
        };
        // What is applied stays in the part: what it made others hear of may still have to be put.
        let profile = stored.as_ref().map(|s| &s.profile);
        let is_expired = |work: &Work| work.expires(until) && !is_applied(profile, work);
        let (mut expired, rest): (Vec<_>, Vec<_>) = part.work.into_iter().partition(is_expired);
        let mut reason = FailedReason::Expired;
        if let Some(linked) = profile.filter(|p| p.link.is_some() && !expired.is_empty()) {
            // An earlier delivery may have forwarded them. So all are, and the documents say it: no event has two ends.
            self.forward(linked, &part.key, &mut expired, tally).await?;
            reason = FailedReason::Forwarded;
        }
        let now_ms = self.clock.now().as_ms();
        for work in &expired {
            let detail = "the record neared the age at which the stream's mapping discards it";
            self.keep(&failed(work, &part.key, reason, detail, now_ms)).await?;
            tally.fail(reason);
        }
        part.work = rest;
        Ok(Some((part, stored)))
    }

    /// The profile, of which no write that is still under way can land. `None` when it cannot be read and never will be.
    async fn fenced(
        &self,
        part: &Part,
        expiry: Expiry,
        policy: Option<&Policy>,
        time: TimeLeft,
    ) -> Result<Option<Fenced>, ProcessError> {
        for _ in 0..ATTEMPTS_MAX {
            if time.is_over(self.clock.now()) {
                return Err(ProcessError::OutOfTime);
            }
            let stored = match self.tables.load(std::slice::from_ref(&part.key), Read::Strong).await {
                Ok(mut stored) => stored.remove(&part.key),
                Err(error) if error.kind == ErrorKind::Corrupt => {
                    tracing::error!(error = ?error, profile = ?part.key, "profile cannot be read");
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            let profile = stored.as_ref().map(|s| &s.profile);
            let open = |until| part.work.iter().any(|w| w.expires(until) && !is_applied(profile, w));
            if !open(expiry.until) {
                return Ok(Some(Fenced { stored, until: expiry.until }));
            }
            let Some(policy) = policy else {
                // Later ones wait until they can be fenced, or until it is over.
                return only_landed(stored, expiry, part);
            };
            match self.raise_version(part, stored.as_ref(), policy).await {
                Ok(Some(stored)) => {
                    return Ok(Some(Fenced { stored: Some(stored), until: expiry.until }));
                }
                Ok(None) => {}
                Err(error) if error.is_transient() => return only_landed(stored, expiry, part),
                Err(error) => return Err(error),
            }
        }
        Err(ProcessError::Contended { attempts: ATTEMPTS_MAX })
    }

    /// Writes the profile as it is: what was read before finds another version from now on. `None` on a conflict.
    async fn raise_version(
        &self,
        part: &Part,
        stored: Option<&Stored>,
        policy: &Policy,
    ) -> Result<Option<Stored>, ProcessError> {
        // One that is made for this only is forgotten like any other: some time after its latest event was received.
        let received_at = part.work.iter().map(|work| work.item.event.received_at).max().unwrap_or_default();
        let empty = || Profile { last_received_at: received_at, ..Profile::default() };
        let profile = stored.map_or_else(empty, |s| s.profile.clone());
        let read_version = stored.map(|s| s.version);
        match self.tables.save(&part.key, &profile, read_version, profile.due_at(policy)).await? {
            Save::Saved => Ok(Some(Stored { profile, version: read_version.unwrap_or_default() + 1 })),
            Save::Conflict => Ok(None),
        }
    }

    /// The records that near the age limit now.
    pub(crate) fn expiry(&self) -> Option<Expiry> {
        Expiry::at(self.clock.now(), self.record_age_max)
    }

    /// Whether this is not to be written any more, because something of it is to be kept as failed. Asked after the
    /// profile was read and before it is written: whoever sets aside later raises the version, and the write fails.
    pub(crate) fn is_expiring(&self, profile: Option<&Profile>, work: &[Work]) -> bool {
        let Some(expiry) = self.expiry() else { return false };
        work.iter().any(|w| w.expires(expiry.until) && !is_applied(profile, w))
    }
}

/// What to do with a profile that takes no write: only what no write can reach any more is kept as failed, and unless
/// that is all, the part comes again.
fn only_landed(stored: Option<Stored>, expiry: Expiry, part: &Part) -> Result<Option<Fenced>, ProcessError> {
    let profile = stored.as_ref().map(|s| &s.profile);
    let waits = |w: &Work| w.expires(expiry.until) && !w.expires(expiry.landed) && !is_applied(profile, w);
    if part.work.iter().any(waits) {
        return Err(ProcessError::Expiring);
    }
    Ok(Some(Fenced { stored, until: expiry.landed }))
}

pub(crate) fn is_applied(profile: Option<&Profile>, work: &Work) -> bool {
    profile.is_some_and(|p| p.marks.covers(&work.item.position))
}
