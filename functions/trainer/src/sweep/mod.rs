//! The sweep: what only a scan finds of people who were erased is taken out, and what comes late.
//!
//! It runs each hour beside the trainings, because it reads the same archive. Each scan of a request is made soon after it was
//! asked for, and again each day while its tombstones stand: links and reminders that were under way, lines that were
//! delivered late, failed events. Whatever ends in the middle goes on where it was, or begins anew.

mod archive;
mod failed;
mod lines;
mod tables;

use crate::error::TrainerError;
use crate::reconcile::Reconciler;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_runtime::Clock;
use beckon_store::archive::{ArchiveObjects, RewriteArchive};
use beckon_store::objects::{FailedEventArchive, RewriteObjects};
use beckon_store::tables::{
    ContactStore, ErasureRequest, ErasureStore, PersonStore, ProfileStore, Save, Versioned,
};
use beckon_store::{ErrorKind, StoreError};
use serde::Serialize;

/// How long after a scan the next one is due: a little less than a day, so that an hourly run makes one each day.
const AGAIN_AFTER: DurationMs = DurationMs::from_hours(20);
/// Tries of a write that others overtake.
const TRIES: u32 = 5;

/// Everything the sweep needs.
#[derive(Clone)]
pub struct Sweeper<T, A, F> {
    /// ProfileTable, ContactTable, OutreachTable and ConfigTable.
    pub tables: T,
    /// The archive of the stream.
    pub archive: A,
    /// Failed events.
    pub failed: F,
    /// The time.
    pub clock: Clock,
}

impl<T: Clone, A: Clone, F: Clone> Sweeper<T, A, F> {
    /// What reconciles on the same stores.
    #[must_use]
    pub fn reconciler(&self) -> Reconciler<T, A, F> {
        let Self { tables, archive, failed, clock } = self.clone();
        Reconciler { tables, archive, failed, clock }
    }
}

/// What a sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepReport {
    /// Requests whose tombstones stand.
    pub requests: usize,
    /// Profiles that became tombstones.
    pub profiles: u64,
    /// Items of OutreachTable.
    pub outreach: u64,
    /// Archived lines.
    pub archive_lines: u64,
    /// Failed events.
    pub failed_events: u64,
    /// Whether the time was over before everything was looked through; the next run goes on.
    pub is_cut: bool,
}

/// A request with the version that was read or written last.
pub(crate) type Kept = Versioned<ErasureRequest>;

/// The tables that the sweep needs.
pub trait SweptTables: ProfileStore + ContactStore + PersonStore + ErasureStore {}

impl<T: ProfileStore + ContactStore + PersonStore + ErasureStore> SweptTables for T {}

impl<T, A, F> Sweeper<T, A, F>
where
    T: SweptTables,
    A: ArchiveObjects + RewriteArchive,
    F: FailedEventArchive + RewriteObjects,
{
    /// Sweeps once, and begins nothing new after `until`.
    ///
    /// # Errors
    /// When a store fails; what was done is done, and the next run does the rest.
    pub async fn run(&self, until: Option<Timestamp>) -> Result<SweepReport, TrainerError> {
        let now = self.clock.now();
        let (over, mut open): (Vec<Kept>, Vec<Kept>) =
            self.tables.erasures().await?.into_iter().partition(|kept| kept.state.until <= now);
        for kept in &over {
            self.tables.delete_erasure(&kept.state.id).await?;
        }
        let mut report = SweepReport { requests: open.len(), ..SweepReport::default() };
        if !open.is_empty() {
            self.sweep_tables(&mut open, until, &mut report).await?;
            self.sweep_failed(&mut open, until, &mut report).await?;
            self.sweep_archive(&mut open, until, &mut report).await?;
            tracing::info!(
                erasure.count = report.requests,
                erasure.profile_count = report.profiles,
                erasure.outreach_count = report.outreach,
                erasure.line_count = report.archive_lines,
                erasure.failed_count = report.failed_events,
                erasure.is_cut = report.is_cut,
                "what was left of erased people is swept"
            );
        }
        Ok(report)
    }

    pub(crate) fn is_over(&self, until: Option<Timestamp>) -> bool {
        until.is_some_and(|until| self.clock.now() >= until)
    }

    /// Whether a scan is due that was last begun then.
    fn is_due(&self, last: Option<Timestamp>) -> bool {
        last.is_none_or(|last| self.clock.now().since(last) >= AGAIN_AFTER)
    }

    /// Writes a request. What others did in between is kept.
    pub(crate) async fn save(&self, kept: &mut Kept) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            if self.tables.save_erasure(&kept.state, Some(kept.version)).await? == Save::Saved {
                kept.version += 1;
                return Ok(());
            }
            let stored = self.tables.erasures().await?;
            let Some(stored) = stored.into_iter().find(|stored| stored.state.id == kept.state.id) else {
                break;
            };
            kept.version = stored.version;
            kept.state.keys.extend(stored.state.keys);
            kept.state.contacts.extend(stored.state.contacts);
            kept.state.released_at = kept.state.released_at.or(stored.state.released_at);
            kept.state.erased_at = kept.state.erased_at.or(stored.state.erased_at);
        }
        Err(StoreError::new("write a request to erase", ErrorKind::Throttled, "it was written each time"))
    }
}

/// The keys of a request.
pub(crate) fn keys_of(request: &ErasureRequest) -> Vec<ProfileKey> {
    request.keys.iter().cloned().collect()
}
