//! Who was erased and let back: what comes after the release is new, and nothing from before it comes along, whoever puts it
//! again.

use super::book::{Book, short};
use super::bugs::Bug;
use super::fault::Fault;
use super::measuring::Seen;
use super::oracle::Oracle;
use super::script::{What, customer_id};
use super::world::{Ended, Waiting, Work, World};
use beckon_domain::event::EventKind;
use beckon_domain::experiment::RunRow;
use beckon_domain::id::UserId;
use beckon_domain::{DurationMs, Erasure, Profile, ProfileKey, SourceId, Timestamp};
use beckon_store::tables::{ContactStore, PersonStore};
use beckon_wire::rights::PersonAsk;
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::sync::Arc;

impl World {
    /// How long after the erasure of a customer they are let back, by the script.
    pub(crate) fn back_after(&self, customer: usize) -> Option<DurationMs> {
        self.script.ops.iter().find_map(|op| match op.what {
            What::Erase { customer: erased, back_after } if erased == customer => back_after,
            _ => None,
        })
    }

    /// The shop has who was erased let back; what fails is asked for again until it is done.
    pub(crate) fn release(&mut self, customer: usize) {
        let Ok(id) = UserId::new(&customer_id(customer)) else { return };
        let ask =
            PersonAsk { customer: Some(id), visitor: None, dry_run: false, allow_return: false, after: None };
        let (admin, request_id) = (Arc::clone(&self.admin), format!("release-{}", self.order));
        let call = async move {
            let Ok(source) = SourceId::new("backend") else { return Ended::Erased(false) };
            let caller = admin::Caller { source: &source, request_id: &request_id };
            Ended::Erased(admin.release(&ask, caller).await.is_ok())
        };
        self.start(Work::Release { customer }, None, Box::pin(call));
    }

    /// A request to let somebody back has ended.
    pub(crate) fn was_released(&mut self, customer: usize, ended: &Ended) {
        if !matches!(ended, Ended::Erased(true)) {
            let pause = DurationMs::from_ms(self.net.lock().dice.between(50, 5_000));
            return self.wait(self.now() + pause, Waiting::Release { customer });
        }
        self.net.lock().count(Fault::Released);
        if let Some(key) = self.standing_after_release() {
            self.net
                .lock()
                .book
                .violated(|| format!("{} was let back, and its tombstone stands", short(&key)));
        }
        for request in self.requests().into_iter().filter(|request| request.released_at.is_some()) {
            let erasure = request.erasure();
            self.let_back.extend(request.keys.into_iter().map(|key| (key, erasure.clone())));
        }
    }

    /// Profiles whose tombstones do not stand any more.
    pub(crate) fn returned(&self) -> BTreeSet<ProfileKey> {
        let released = self.requests().into_iter().filter(|request| request.released_at.is_some());
        released.flat_map(|request| request.keys).collect()
    }

    /// Who is told to be let back, and is not.
    fn standing_after_release(&self) -> Option<ProfileKey> {
        self.returned().into_iter().find(|key| self.stored(key).is_none_or(|profile| profile.is_tombstone()))
    }

    /// Something from before a release that is back.
    pub(crate) fn return_violation(&self, profiles: &[(ProfileKey, Profile)]) -> Option<String> {
        for (key, erasure) in &self.let_back {
            let stored = profiles.iter().find(|(other, _)| other == key);
            let Some((_, profile)) = stored else {
                return Some(format!("{} was let back, and its profile is gone", short(key)));
            };
            if profile.is_tombstone() {
                return Some(format!("{} was let back, and is a tombstone", short(key)));
            }
            let since = erasure.released_at.unwrap_or(erasure.until);
            if profile.counts.events > 0 && profile.merged.is_empty() && profile.first_seen_at <= since {
                return Some(format!("{} was let back, and has a past from before", short(key)));
            }
            let told = self.tables.inner.contact(key, Timestamp::EPOCH).now_or_never()?.ok()?;
            if told.is_some_and(|contact| contact.at <= since) {
                return Some(format!("{} was let back, and so was its old contact", short(key)));
            }
            let ground = self.net.lock();
            if let Some(violation) = self.unlike(&ground.book, (key, profile), erasure) {
                return Some(violation);
            }
        }
        None
    }

    /// Where the profile of who was let back is not the plain fold of what happened since. Only where nobody else has a part
    /// in it: no proof of identity, and nothing that a visitor handed over.
    fn unlike(
        &self,
        book: &Book,
        (key, profile): (&ProfileKey, &Profile),
        erasure: &Erasure,
    ) -> Option<String> {
        let account = book.accounts.get(key)?;
        let told = |(record, line): &(usize, usize)| &book.log[*record].told[*line];
        let is_new = |place: &&(usize, usize)| {
            // Between the request's release and its profile's the tombstone still stands, and nobody was told otherwise.
            let event = &told(place).event;
            !erasure.keeps_out(event.occurred_at, event.received_at) && !book.met_tombstone(key, told(place))
        };
        let mut places: Vec<(usize, usize)> = account.settled.iter().filter(is_new).copied().collect();
        if !self.early {
            places.sort_unstable();
        }
        let is_of_others = |place: &(usize, usize)| {
            let told = told(place);
            let proves = matches!(&told.event.kind, EventKind::Identify { link, .. } if link.is_some());
            let is_own = matches!(
                told.event.kind,
                EventKind::TimerDue { .. }
                    | EventKind::RulesDue
                    | EventKind::SegmentChanged { .. }
                    | EventKind::ConversionRecorded(_)
                    | EventKind::Exposed { .. }
            );
            proves || (told.line.internal && !is_own)
        };
        if places.iter().any(is_of_others) {
            return None;
        }
        let mut oracle = Oracle::default();
        oracle.person(key, &places, &book.log, &self.ruleset);
        let expected = oracle.profiles.get_mut(key)?;
        expected.tallies = profile.tallies;
        let reported = || {
            let rows: Vec<RunRow> = self.rows().into_iter().filter(|row| row.of() == key).collect();
            Seen::of(book, key, &places).misfit(key, &rows)
        };
        oracle.misfit(key, profile).or_else(reported).map(|what| format!("after the release {what}"))
    }

    /// What OutreachTable still has of erased people from before they came back, if they did.
    pub(crate) fn trace_violation(&self) -> Option<String> {
        for request in self.requests() {
            let (erasure, keys) = (request.erasure(), request.keys.into_iter().collect::<Vec<_>>());
            let traces = self.tables.inner.trace_page(&keys, None).now_or_never()?.ok()?.traces;
            let is_old = |at: Option<Timestamp>| at.is_some_and(|at| erasure.keeps_out(at, at));
            if traces.iter().any(|trace| request.released_at.is_none() || is_old(trace.at())) {
                return Some("a reminder, an order or a code names somebody who was erased".to_owned());
            }
        }
        None
    }

    /// What was kept as failed and names somebody whose tombstone stands.
    pub(crate) fn failed_violation(&self) -> Option<String> {
        let standing = self.requests().into_iter().filter(|request| request.released_at.is_none());
        let keys: Vec<ProfileKey> = standing.flat_map(|request| request.keys).collect();
        let mut documents = self.failed.documents().into_values();
        let is_theirs = |document: &Vec<u8>| {
            let text = String::from_utf8_lossy(document);
            keys.iter().any(|key| text.contains(key.as_str()))
        };
        documents
            .any(|document| is_theirs(&document))
            .then(|| "a failed event names somebody who was erased".to_owned())
    }
}

/// What a known-bad variant makes of a profile that is let back.
pub(crate) fn twist_release(bug: Bug, profile: &mut Profile) {
    if bug != Bug::ReleasedRemembered {
        return;
    }
    if let Some(erasure) = profile.erasure.as_mut().filter(|erasure| erasure.released_at.is_some()) {
        (erasure.at, erasure.released_at) = (Timestamp::EPOCH, Some(Timestamp::EPOCH));
    }
}
