//! The books of mail: what SES took, what it told of it, and the laws of both.
//!
//! Everything that a law compares happens at a tick of its own, because several things happen in one millisecond.

use super::ground::Notes;
use super::pool::Shown;
use super::world::Mails;
use beckon_domain::event::{EventKind, TimerOutcome};
use beckon_domain::outreach::reminder::RESEND_AFTER;
use beckon_domain::outreach::{OnUnknown, Series};
use beckon_domain::{ContactHash, DurationMs, EpisodeId, Profile, ProfileKey, Reminder, ReminderId};
use beckon_domain::{ReminderStatus, Timestamp};
use beckon_store::tables::Stored;
use std::collections::{BTreeMap, BTreeSet};

/// How much later than its claim a mail may be taken, so that two may lie closer together than the cap's time.
const CLAIM_TO_SEND: DurationMs = DurationMs::from_minutes(10);

/// What a task of the mailer was told, of which a law may ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailNotes {
    /// The task is a run of the mailer.
    pub(crate) is_run: bool,
    /// When it began.
    began: u64,
    /// Whose cart it looks at.
    pub(crate) looks_at: Option<ProfileKey>,
    /// What it claimed: whose, and when. What it looks at from then on is its last look.
    pub(crate) claimed: BTreeMap<ReminderId, (ProfileKey, u64)>,
    /// What a known-bad variant remembers of its first look.
    pub(crate) suppressed: BTreeMap<ContactHash, bool>,
    /// The same.
    pub(crate) seen: BTreeMap<ProfileKey, Stored>,
}

/// A mail that SES took.
#[derive(Clone, Copy, Debug)]
struct Taken {
    at: Timestamp,
    /// When the first event of it was taken over and answered.
    told_at: Option<Timestamp>,
}

/// The books of mail.
#[derive(Default)]
pub(crate) struct MailBook {
    /// What the ruleset says.
    pub(crate) series: Series,
    /// Codes of the pool that mails showed.
    pub(crate) shown: Shown,
    tick: u64,
    taken: BTreeMap<ReminderId, Vec<Taken>>,
    /// The latest mail of each reminder, by address.
    by_address: BTreeMap<ContactHash, BTreeMap<ReminderId, Timestamp>>,
    suppressed: BTreeMap<ContactHash, u64>,
    paused: Option<u64>,
    /// The open cart of each profile, and carts that are open no more.
    open: BTreeMap<ProfileKey, EpisodeId>,
    gone: BTreeMap<(ProfileKey, EpisodeId), u64>,
    /// Timers that were answered, and how.
    answered: BTreeMap<ReminderId, TimerOutcome>,
    /// Mails that SES took once more.
    twice_count: u64,
    /// Mails that SES took without the mailer hearing of it.
    pub(crate) unheard_count: u64,
}

impl MailBook {
    fn next(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }

    /// Whether mails of which nobody knows whether SES took them are given up.
    pub(crate) fn is_strict(&self) -> bool {
        self.series.on_unknown == OnUnknown::GiveUp
    }

    /// A run of the mailer begins.
    pub(crate) fn begin(&mut self) -> MailNotes {
        MailNotes { is_run: true, began: self.next(), ..MailNotes::default() }
    }

    /// A claim was written and answered: from here on the run looks once more.
    pub(crate) fn claimed(&mut self, notes: &mut MailNotes, id: ReminderId, profile: &ProfileKey) {
        notes.claimed.insert(id, (profile.clone(), self.next()));
    }

    /// An address is not mailed from now on.
    pub(crate) fn suppressed(&mut self, address: &ContactHash) {
        let tick = self.next();
        self.suppressed.entry(address.clone()).or_insert(tick);
    }

    /// The switch was turned.
    pub(crate) fn paused(&mut self, is_paused: bool) {
        let tick = self.next();
        self.paused = is_paused.then(|| self.paused.unwrap_or(tick));
    }

    /// A profile was written: its cart may be gone.
    pub(crate) fn written(&mut self, key: &ProfileKey, profile: &Profile) {
        let open = profile.cart.episode.as_ref().map(|episode| episode.id);
        let before = match open {
            Some(episode) => self.open.insert(key.clone(), episode),
            None => self.open.remove(key),
        };
        let tick = self.next();
        if let Some(before) = before.filter(|before| Some(*before) != open) {
            self.gone.insert((key.clone(), before), tick);
        }
        if let Some(open) = open {
            self.gone.remove(&(key.clone(), open));
        }
    }

    /// The carts that these profiles ever had.
    pub(crate) fn episodes_of(&self, keys: &BTreeSet<ProfileKey>) -> BTreeSet<EpisodeId> {
        let open = self.open.iter().map(|(key, episode)| (key, *episode));
        let all = open.chain(self.gone.keys().map(|(key, episode)| (key, *episode)));
        all.filter(|(key, _)| keys.contains(*key)).map(|(_, episode)| episode).collect()
    }

    /// A timer was answered.
    pub(crate) fn answered(&mut self, kind: &EventKind) {
        if let EventKind::TimerDue { episode, step, outcome, .. } = kind
            && let Some(episode) = EpisodeId::parse(episode)
        {
            self.answered.insert(ReminderId { episode, step: *step }, *outcome);
        }
    }

    /// What became of mails, in numbers.
    pub(crate) fn counts(&self) -> Mails {
        let count = self.taken.values().map(|taken| taken.len() as u64).sum();
        let (strict, resending) = if self.is_strict() { (count, 0) } else { (0, count) };
        let codes = self.shown.count();
        Mails { strict, resending, twice: self.twice_count, unheard: self.unheard_count, codes }
    }

    /// SES took a mail. Returns which mail of its reminder it is, and the law that it breaks.
    pub(crate) fn take(
        &mut self,
        id: ReminderId,
        address: &ContactHash,
        notes: &Notes,
        now: Timestamp,
    ) -> (usize, Option<String>) {
        let name = id.decision_id();
        let broken = self.unlawful(id, address, &notes.mail, now);
        self.by_address.entry(address.clone()).or_default().insert(id, now);
        let taken = self.taken.entry(id).or_default();
        taken.push(Taken { at: now, told_at: None });
        let nth = taken.len();
        self.twice_count += u64::from(nth > 1);
        (nth - 1, broken.map(|what| format!("the reminder {name} {what}")))
    }

    fn unlawful(
        &self,
        id: ReminderId,
        address: &ContactHash,
        run: &MailNotes,
        now: Timestamp,
    ) -> Option<String> {
        let before = self.taken.get(&id).map(Vec::as_slice).unwrap_or_default();
        if !before.is_empty() && self.is_strict() {
            return Some(format!("was sent {} times", before.len() + 1));
        }
        if before.iter().any(|taken| now < taken.at + RESEND_AFTER) {
            return Some("was sent again within the hour".to_owned());
        }
        let in_time = |t: &Taken| t.told_at.is_some_and(|told| told <= t.at + RESEND_AFTER);
        if before.iter().any(in_time) {
            return Some("was sent again, and SES had told of it within the hour".to_owned());
        }
        let Some((profile, looked)) = run.claimed.get(&id) else {
            return Some("was sent by a run that had not claimed it".to_owned());
        };
        let was_before = |tick: Option<&u64>, look: u64| tick.is_some_and(|tick| *tick < look);
        if was_before(self.suppressed.get(address), *looked) {
            return Some("went to an address that was suppressed before the last look".to_owned());
        }
        if was_before(self.gone.get(&(profile.clone(), id.episode)), *looked) {
            return Some("is of a cart that was gone before the last look".to_owned());
        }
        if was_before(self.paused.as_ref(), run.began) {
            return Some("was sent by a run that began while sending was paused".to_owned());
        }
        let cap = self.series.cap?;
        let since = now - cap.within + CLAIM_TO_SEND;
        let others = self.by_address.get(address).into_iter().flatten();
        let count = others.filter(|(other, at)| **other != id && **at > since).count();
        (count >= cap.count as usize).then(|| format!("is one more than the cap of {} allows", cap.count))
    }

    /// An event of a mail was taken over and answered.
    pub(crate) fn told(&mut self, id: ReminderId, nth: usize, now: Timestamp) {
        if let Some(taken) = self.taken.get_mut(&id).and_then(|taken| taken.get_mut(nth)) {
            taken.told_at.get_or_insert(now);
        }
    }

    /// The law that the ledger breaks at the end.
    pub(crate) fn unlawful_ledger(
        &self,
        erased: &BTreeSet<EpisodeId>,
        row: impl Fn(&ReminderId) -> Option<Reminder>,
    ) -> Option<String> {
        let name = |id: &ReminderId| id.decision_id();
        for (id, outcome) in self.answered.iter().filter(|(id, _)| !erased.contains(&id.episode)) {
            let Some(row) = row(id) else {
                return Some(format!(
                    "the timer of {} was answered, and the ledger does not know it",
                    name(id)
                ));
            };
            let is_ended = matches!(
                row.status,
                ReminderStatus::Sent { .. } | ReminderStatus::Failed { .. } | ReminderStatus::Unknown { .. }
            );
            if *outcome == TimerOutcome::Done && !is_ended {
                let status = row.status.name();
                return Some(format!("the timer of {} was answered as done, and it is {status}", name(id)));
            }
        }
        for (id, taken) in self.taken.iter().filter(|(id, _)| !erased.contains(&id.episode)) {
            let status = row(id).map(|row| row.status);
            let is_known =
                matches!(status, Some(ReminderStatus::Sent { .. } | ReminderStatus::Failed { .. }));
            if taken.iter().any(|taken| taken.told_at.is_some()) && !is_known {
                let status = status.map_or("not there", |status| status.name());
                return Some(format!("SES told of {}, and the ledger's row is {status}", name(id)));
            }
        }
        None
    }

    /// Whether SES ever took this reminder.
    pub(crate) fn was_taken(&self, id: &ReminderId) -> bool {
        self.taken.contains_key(id)
    }
}
