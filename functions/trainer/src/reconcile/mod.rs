//! Reconciliation: for each hour, the lines that the archive holds against what became of them. It changes nothing.
//!
//! The archive is written by another reader of the stream than the profiler, so what one of them loses or does twice, the other
//! tells. What is compared, for each profile that has lines of the hour: [`beckon_domain::reconcile::judge`]. Failed events are
//! read only when something differs, because they have no order by time. What this cannot see is listed in the
//! functions' README.

mod archived;
mod failed;

use crate::error::TrainerError;
use archived::{Gathered, Whose};
use beckon_domain::policy::PROFILE_RETENTION;
use beckon_domain::reconcile::{Account, Archived, Balance, judge};
use beckon_domain::settled::{Hour, Remembered, Settled};
use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp};
use beckon_runtime::Clock;
use beckon_store::archive::ArchiveObjects;
use beckon_store::objects::FailedEventArchive;
use beckon_store::tables::{ProfileStore, load_each};
use failed::Failed;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How long after its end an hour is looked at: the six hours after which the mapping gives up on a record, and one for what
/// Beckon puts itself because of it, and for whoever delivers to the archive.
pub const SETTLING: DurationMs = DurationMs::from_hours(7);
/// Hours that are compared at once, at most.
pub const HOUR_COUNT_MAX: usize = 744;
/// Profiles read in one go.
const LOAD_COUNT: usize = 100;
/// Profiles named of an hour, at most.
const NAMED_COUNT_MAX: usize = 10;

/// Some hours, one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hours {
    first: Hour,
    last: Hour,
}

impl Hours {
    /// The last hour that is settled.
    #[must_use]
    pub fn settled(now: Timestamp) -> Self {
        let hour = Hour::of(now - SETTLING - DurationMs::from_hours(1));
        Self { first: hour, last: hour }
    }

    /// Every hour that has a part between two instants; `None` when there is none, or more than [`HOUR_COUNT_MAX`].
    #[must_use]
    pub fn between(from: Timestamp, to: Timestamp) -> Option<Self> {
        let hours = Self { first: Hour::of(from), last: Hour::of(to - DurationMs::from_ms(1)) };
        (from < to && hours.each().take(HOUR_COUNT_MAX + 1).count() <= HOUR_COUNT_MAX).then_some(hours)
    }

    fn each(self) -> impl Iterator<Item = Hour> {
        std::iter::successors(Some(self.first), |hour| Some(hour.next()))
            .take_while(move |hour| *hour <= self.last)
    }

    /// The hours in which their lines may be archived. An object is named by the hour of its oldest record.
    fn archived(self) -> impl Iterator<Item = Hour> {
        let before = Hour::of(self.first.start() - DurationMs::from_ms(1));
        Self { first: before, last: Hour::of(self.last.end() + SETTLING) }.each()
    }
}

/// What may be said of an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HourStatus {
    /// Every line that can be seen is accounted for.
    Balanced,
    /// Some are lost or counted twice.
    Gap,
    /// It is too early: events of the hour may still be under way.
    Settling,
    /// Something could not be read in full, so what differs means nothing.
    Cut,
}

/// What was found of an hour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HourReport {
    /// When it begins, RFC 3339.
    pub hour: String,
    /// What may be said of it.
    pub status: HourStatus,
    /// Profiles that have lines of it.
    pub profiles: u64,
    /// The counts.
    #[serde(flatten)]
    pub balance: Balance,
    /// Profiles whose counts differ, ten at most.
    pub differing: Vec<Difference>,
}

/// A profile whose counts differ.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Its key; nothing where a line names none.
    pub profile: Option<String>,
    /// See [`Balance::missing`].
    pub missing: u64,
    /// See [`Balance::surplus`].
    pub surplus: u64,
}

/// Everything that reconciliation needs.
#[derive(Clone)]
pub struct Reconciler<T, A, F> {
    /// ProfileTable.
    pub tables: T,
    /// The archive of the stream.
    pub archive: A,
    /// Failed events.
    pub failed: F,
    /// The time.
    pub clock: Clock,
}

/// Profiles that were read; `None` in the place of one that cannot be.
type Profiles = BTreeMap<ProfileKey, Option<Option<Profile>>>;

impl<T: ProfileStore, A: ArchiveObjects, F: FailedEventArchive> Reconciler<T, A, F> {
    /// Compares some hours, and begins nothing new after `until`.
    ///
    /// # Errors
    /// When the archive, the table or the failed events cannot be read.
    pub async fn run(&self, hours: Hours, until: Option<Timestamp>) -> Result<Vec<HourReport>, TrainerError> {
        let now = self.clock.now();
        let in_time = || until.is_none_or(|until| self.clock.now() < until);
        let wanted: BTreeSet<Hour> = hours.each().collect();
        let gathered = Gathered::read(&self.archive, hours.archived(), &wanted, in_time).await?;
        let (profiles, mut is_cut) = self.profiles(&gathered, in_time).await?;
        is_cut |= gathered.is_cut;
        let mut accounts: Vec<(&Whose, Account)> = Vec::with_capacity(gathered.lines.len());
        for (whose, lines) in &gathered.lines {
            accounts.push((whose, account(whose, lines.counts(), &profiles, now)));
        }
        if accounts.iter().any(|(_, account)| !judge(account).holds()) {
            let failed = Failed::read(&self.failed, in_time).await?;
            is_cut |= failed.is_cut;
            for (whose, account) in &mut accounts {
                if let Some(lines) = gathered.lines.get(*whose) {
                    (account.failed, account.uncertain) = failed.of(&lines.copies());
                }
            }
        }
        Ok(hours.each().map(|hour| report(hour, &accounts, is_cut, now)).collect())
    }

    /// The profiles that have lines, and whether there was no time to read all of them.
    async fn profiles(
        &self,
        gathered: &Gathered,
        in_time: impl Fn() -> bool,
    ) -> Result<(Profiles, bool), TrainerError> {
        let keys: BTreeSet<&ProfileKey> = gathered.lines.keys().filter_map(|(key, _)| key.as_ref()).collect();
        let keys: Vec<ProfileKey> = keys.into_iter().cloned().collect();
        let mut profiles = Profiles::new();
        for keys in keys.chunks(LOAD_COUNT) {
            let load = |keys: Vec<ProfileKey>, read| async move { self.tables.load(&keys, read).await };
            let found = load_each(keys.to_vec(), load, &in_time).await?;
            if !in_time() || found.len() < keys.len() {
                return Ok((profiles, true));
            }
            let state = |found: Result<Option<beckon_store::tables::Stored>, _>| {
                found.ok().map(|stored| stored.map(|stored| stored.profile))
            };
            profiles.extend(found.into_iter().map(|(key, found)| (key, state(found))));
        }
        Ok((profiles, false))
    }
}

/// What is known of a profile and hour, before failed events were looked through.
fn account((key, hour): &Whose, archived: Archived, profiles: &Profiles, now: Timestamp) -> Account {
    let nothing = Remembered::Counts(Settled::default());
    let settled = match key.as_ref().map(|key| profiles.get(key)) {
        // Lines of nobody are settled by nobody: they are kept as failed.
        None => nothing,
        // When they were there is behaviour, and went with the rest of it; and of whoever was let back, what comes late and is
        // older is left out without a word.
        Some(Some(Some(Some(profile)))) if profile.erasure.is_some() => Remembered::Forgotten,
        Some(Some(Some(Some(profile)))) => profile.settled.of(*hour),
        // Its time is over, and what it knew with it.
        Some(Some(Some(None))) if hour.end() + PROFILE_RETENTION <= now => Remembered::Forgotten,
        Some(Some(Some(None))) => nothing,
        Some(Some(None) | None) => Remembered::Forgotten,
    };
    Account { archived, settled, failed: 0, uncertain: 0 }
}

fn report(hour: Hour, accounts: &[(&Whose, Account)], is_cut: bool, now: Timestamp) -> HourReport {
    let (mut balance, mut profiles, mut differing) = (Balance::default(), 0, Vec::new());
    for ((key, _), account) in accounts.iter().filter(|((_, of), _)| *of == hour) {
        let one = judge(account);
        balance += one;
        profiles += u64::from(key.is_some());
        if !one.holds() && differing.len() < NAMED_COUNT_MAX {
            let profile = key.as_ref().map(|key| key.as_str().to_owned());
            differing.push(Difference { profile, missing: one.missing, surplus: one.surplus });
        }
    }
    let status = if is_cut {
        HourStatus::Cut
    } else if hour.end() + SETTLING > now {
        HourStatus::Settling
    } else if balance.holds() {
        HourStatus::Balanced
    } else {
        HourStatus::Gap
    };
    let hour = beckon_wire::format_time(hour.start());
    HourReport { hour, status, profiles, balance, differing }
}

/// Says in the log what was found of an hour.
pub(crate) fn said(report: &HourReport) {
    let Balance { archived, applied, repeated, failed, missing, surplus, unseen, .. } = report.balance;
    match report.status {
        // An alarm counts this line, whatever the level of the log.
        HourStatus::Gap => {
            tracing::error!(
                hour = report.hour,
                gap_count = report.balance.gap(),
                event.missing_count = missing,
                event.surplus_count = surplus,
                "an hour does not balance"
            );
        }
        HourStatus::Cut => tracing::error!(hour = report.hour, "an hour was not reconciled"),
        HourStatus::Balanced | HourStatus::Settling => tracing::info!(
            hour = report.hour,
            line.archived_count = archived,
            line.applied_count = applied,
            line.repeated_count = repeated,
            line.failed_count = failed,
            line.unseen_count = unseen,
            "hour reconciled"
        ),
    }
}
