//! How a person is erased from the tables, by whoever does it: the request, the scans that follow it, and the profiler.
//!
//! Every step may be done again and comes to the same, so whatever ends in the middle is simply begun anew.

use crate::error::{ErrorKind, StoreError};
use crate::tables::{PersonStore, ProfileStore, Read, Save, Stored, Trace};
use beckon_domain::{Erasure, Profile, ProfileKey, Timestamp};
use std::collections::BTreeSet;

/// Attempts to write one profile against the profiler, or against answers that never came.
const ATTEMPTS_MAX: u32 = 12;
/// Rounds in which more profiles of a person are found: a visitor's customer, and the visitors of that.
const ROUNDS_MAX: u32 = 8;

/// Puts or lifts a tombstone by compare-and-set until it is as `change` says. Returns what was there before, if it was changed.
async fn change_profile<T: ProfileStore>(
    tables: &T,
    key: &ProfileKey,
    change: impl Fn(Option<&Profile>) -> Option<Profile> + Send,
) -> Result<Option<Profile>, StoreError> {
    let mut last = None;
    for _ in 0..ATTEMPTS_MAX {
        let stored = tables.load(std::slice::from_ref(key), Read::Strong).await?.remove(key);
        let Some(profile) = change(stored.as_ref().map(|stored| &stored.profile)) else { return Ok(None) };
        let read_version = stored.as_ref().map(|stored| stored.version);
        // Neither a tombstone nor who has just come back has anything that is due.
        match tables.save(key, &profile, read_version, None).await {
            Ok(Save::Saved) => return Ok(Some(stored.map(|stored| stored.profile).unwrap_or_default())),
            Ok(Save::Conflict) => {}
            Err(error) if error.is_transient() => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    let overtaken = || StoreError::new("erase a profile", ErrorKind::Throttled, "it was written each time");
    Err(last.unwrap_or_else(overtaken))
}

/// Puts a tombstone in the place of a profile, whether there is one or not. Returns what was there before; `None` when the
/// tombstone stood already.
///
/// # Errors
/// When the table fails, or others write the profile each time.
pub async fn erase_profile<T: ProfileStore>(
    tables: &T,
    key: &ProfileKey,
    erasure: &Erasure,
) -> Result<Option<Profile>, StoreError> {
    let change = |profile: Option<&Profile>| {
        let known = profile.and_then(|profile| profile.erasure.as_ref().map(|known| (profile, known)));
        // What one request has erased it erases once, so that nothing is lost of who was let back since.
        let is_covered = known.is_some_and(|(profile, known)| {
            known.request == erasure.request || (profile.is_tombstone() && known.covers(erasure))
        });
        (!is_covered).then(|| profile.cloned().unwrap_or_default().erased(erasure))
    };
    change_profile(tables, key, change).await
}

/// Lets a person back.
///
/// # Errors
/// When the table fails, or others write the profile each time.
pub async fn release_profile<T: ProfileStore>(
    tables: &T,
    key: &ProfileKey,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(change_profile(tables, key, |profile| profile?.released(at)).await?.is_some())
}

/// Which other profiles are of the same person, as this one says: the customer that a visitor is, the visitors of a
/// customer.
pub fn others(profile: &Profile) -> impl Iterator<Item = &ProfileKey> {
    profile.link.iter().map(|link| &link.to).chain(&profile.merged)
}

/// All profiles of a person of whom some are known, with what is stored under each. A visitor whose merge record is still
/// under way is not found by its customer: a scan finds it later.
///
/// # Errors
/// When the table fails.
pub async fn person_of<T: ProfileStore>(
    tables: &T,
    known: &BTreeSet<ProfileKey>,
) -> Result<Vec<(ProfileKey, Option<Stored>)>, StoreError> {
    let (mut keys, mut found) = (known.clone(), Vec::new());
    let mut new: Vec<ProfileKey> = keys.iter().cloned().collect();
    for _ in 0..ROUNDS_MAX {
        if new.is_empty() {
            break;
        }
        let mut loaded = tables.load(&new, Read::Strong).await?;
        let mut next = Vec::new();
        for key in new {
            let stored = loaded.remove(&key);
            for other in stored.iter().flat_map(|stored| others(&stored.profile)) {
                if keys.insert(other.clone()) {
                    next.push(other.clone());
                }
            }
            found.push((key, stored));
        }
        new = next;
    }
    Ok(found)
}

/// Takes a person out of OutreachTable and ExperimentTable, page by page from the beginning, as long as it `may_go_on`. What is newer than a
/// release stays. Returns how many items it were, and whether the end was reached.
///
/// # Errors
/// When the table fails.
pub async fn erase_traces<T: PersonStore>(
    tables: &T,
    keys: &[ProfileKey],
    erasure: &Erasure,
    may_go_on: impl Fn() -> bool + Send,
) -> Result<(u64, bool), StoreError> {
    let (mut found, mut after): (Vec<Trace>, _) = (Vec::new(), None);
    loop {
        let page = tables.trace_page(keys, after.as_deref()).await?;
        found.extend(page.traces);
        after = page.next;
        if after.is_none() || !may_go_on() {
            break;
        }
    }
    let is_old = |trace: &Trace| trace.at().is_none_or(|at| erasure.keeps_out(at, at));
    let new: BTreeSet<String> = found.iter().filter(|trace| !is_old(trace)).filter_map(Trace::code).collect();
    found.retain(|trace| is_old(trace) && trace.code().is_none_or(|code| !new.contains(&code)));
    // A code is forgotten before the reminder that names it: what is begun anew finds both, or the reminder at least.
    found.sort_by_key(|trace| matches!(trace, Trace::Reminder(..) | Trace::Order(_)));
    let mut count = 0;
    for trace in &found {
        tables.erase_trace(trace, keys).await?;
        count += u64::from(!matches!(trace, Trace::Listed { .. }));
    }
    Ok((count, after.is_none()))
}

/// Takes the unproven claim to be one of these people out of a profile of somebody else. Returns whether one was there.
///
/// # Errors
/// When the table fails, or others write the profile each time.
pub async fn forget_claim<T: ProfileStore + PersonStore>(
    tables: &T,
    key: &ProfileKey,
    of: &BTreeSet<ProfileKey>,
) -> Result<bool, StoreError> {
    for _ in 0..ATTEMPTS_MAX {
        let stored = tables.load(std::slice::from_ref(key), Read::Strong).await?.remove(key);
        let claims =
            |stored: &Stored| stored.profile.claim.as_ref().is_some_and(|told| of.contains(&told.value));
        let Some(stored) = stored.filter(claims) else { return Ok(false) };
        let profile = Profile { claim: None, ..stored.profile };
        if tables.replace_state(key, &profile, stored.version).await? == Save::Saved {
            return Ok(true);
        }
    }
    Err(StoreError::new("take a claim out", ErrorKind::Throttled, "the profile was written each time"))
}
