//! The scan of the tables: visitors whose link was under way, claims of others to be the person, reminders that were written
//! by a run that had begun before.

use super::{Kept, SweepReport, Sweeper, SweptTables, keys_of};
use crate::error::TrainerError;
use beckon_domain::{DurationMs, Erasure, ProfileKey, Timestamp};
use beckon_store::archive::{ArchiveObjects, RewriteArchive};
use beckon_store::erasing::{erase_profile, erase_traces, forget_claim};
use beckon_store::objects::{FailedEventArchive, RewriteObjects};
use beckon_store::tables::Stored;

/// Profiles of one page.
const PAGE: u32 = 500;
/// How long after a request the tables are scanned again: longer than a stream keeps a record by default, and a link or a
/// reminder can be under way.
const LATE_MAX: DurationMs = DurationMs::from_days(8);

impl<T, A, F> Sweeper<T, A, F>
where
    T: SweptTables,
    A: ArchiveObjects + RewriteArchive,
    F: FailedEventArchive + RewriteObjects,
{
    pub(super) async fn sweep_tables(
        &self,
        open: &mut [Kept],
        until: Option<Timestamp>,
        report: &mut SweepReport,
    ) -> Result<(), TrainerError> {
        let began = self.clock.now();
        let is_due = |kept: &&mut Kept| {
            let swept = kept.state.swept.tables_at;
            swept.is_none() || (self.is_due(swept) && began.since(kept.state.at) <= LATE_MAX)
        };
        let mut due: Vec<&mut Kept> = open.iter_mut().filter(is_due).collect();
        if due.is_empty() {
            return Ok(());
        }
        if !self.find_profiles(&mut due, until).await? {
            report.is_cut = true;
            return Ok(());
        }
        for kept in due {
            let before = kept.state.removed;
            self.erase_late(kept).await?;
            let (clock, until) = (self.clock.clone(), until);
            let may_go_on = move || until.is_none_or(|until| clock.now() < until);
            let keys = keys_of(&kept.state);
            let (count, is_whole) =
                erase_traces(&self.tables, &keys, &kept.state.erasure(), may_go_on).await?;
            kept.state.removed.outreach += count;
            report.outreach += count;
            report.profiles += kept.state.removed.profiles - before.profiles;
            if is_whole {
                kept.state.swept.tables_at = Some(began);
                kept.state.erased_at.get_or_insert(began);
            } else {
                report.is_cut = true;
            }
            self.save(kept).await?;
        }
        Ok(())
    }

    /// Profiles that turn out to be of erased people are added to their requests. Returns whether all were looked at.
    async fn find_profiles(
        &self,
        due: &mut [&mut Kept],
        until: Option<Timestamp>,
    ) -> Result<bool, TrainerError> {
        let mut after = None;
        loop {
            let page = self.tables.profile_page(after.as_deref(), PAGE).await?;
            for (key, stored) in &page.profiles {
                for kept in due.iter_mut() {
                    if is_theirs(key, stored, kept) {
                        kept.state.keys.insert(key.clone());
                    } else if claims(stored, kept) {
                        forget_claim(&self.tables, key, &kept.state.keys).await?;
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(true);
            }
            if self.is_over(until) {
                return Ok(false);
            }
        }
    }

    /// What a request names goes, if it has not gone: also what a request that ended in the middle left.
    async fn erase_late(&self, kept: &mut Kept) -> Result<(), TrainerError> {
        let erasure = kept.state.erasure();
        for key in &kept.state.keys {
            if erase_profile(&self.tables, key, &erasure).await?.is_some() {
                kept.state.removed.profiles += 1;
                // Who was let back before may have told a contact since.
                self.tables.erase_contact(key, &erasure).await?;
            }
        }
        if erasure.released_at.is_none() {
            for key in &kept.state.keys {
                self.tables.erase_contact(key, &erasure).await?;
            }
            for recipient in &kept.state.contacts {
                self.tables.erase_history(recipient).await?;
            }
        }
        Ok(())
    }
}

/// Whether a profile is of the person, and the request does not know it yet: a device whose link was under way, or one that
/// the profiler erased with its customer.
fn is_theirs(key: &ProfileKey, stored: &Stored, kept: &Kept) -> bool {
    let is_linked = stored.profile.link.as_ref().is_some_and(|link| {
        let Erasure { released_at, until, .. } = kept.state.erasure();
        kept.state.keys.contains(&link.to) && link.at <= released_at.unwrap_or(until)
    });
    let is_erased = stored.profile.erasure.as_ref().is_some_and(|known| known.request == kept.state.id);
    !kept.state.keys.contains(key) && (is_linked || is_erased)
}

fn claims(stored: &Stored, kept: &Kept) -> bool {
    stored.profile.claim.as_ref().is_some_and(|told| kept.state.keys.contains(&told.value))
}
