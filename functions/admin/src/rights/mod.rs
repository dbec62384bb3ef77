//! The rights of a person: what is held on them is told, erased and kept out, and the shop can say how far that is.
//!
//! A request erases what is found by key at once: profiles become tombstones, contacts too, reminders, orders and histories
//! go, codes forget whom they were given to, addresses are suppressed by their hashes. What only a scan finds (links and
//! reminders under way, archive, failed events) the trainer's sweep takes out later. Every step may be done again, so a
//! request that failed is sent again.

mod export;
mod routes;

pub(crate) use routes::{erase, export, release, status};

use crate::change::{Change, Noted, Values};
use crate::error::AdminError;
use crate::process::{Admin, Caller};
use beckon_domain::{DurationMs, ErasureId, ProfileKey, Timestamp};
use beckon_store::erasing::{erase_profile, erase_traces, others, person_of, release_profile};
use beckon_store::tables::{
    ContactStore, ErasureRequest, ErasureStore, OutreachStore, PersonStore, ProfileStore, Removed, Save,
    Stored, Suppression, SuppressionReason, SuppressionStore, Swept, Versioned,
};
use beckon_store::{ErrorKind, StoreError};
use beckon_wire::format_time;
use beckon_wire::problem::Problem;
use beckon_wire::rights::{
    ErasedAnswer, ErasureAnswer, ErasuresAnswer, PersonAsk, RemovedAnswer, ScansAnswer,
};
use serde_json::json;
use std::collections::BTreeSet;

/// By when everything was looked through once: the sweep runs each hour, and an archive may take it some runs.
pub const COMPLETE_WITHIN: DurationMs = DurationMs::from_hours(24);
/// How long a request looks through OutreachTable; what it does not reach is left to the sweep.
const LOOK_MAX: DurationMs = DurationMs::from_ms(8_000);
/// Tries of a write that others overtake.
const TRIES: u32 = 5;
/// Profiles of one person at most; more are taken in with the sweep.
const ROUNDS_MAX: u32 = 8;

/// The tables that the rights of a person need.
pub trait RightsTables:
    ProfileStore
    + ContactStore
    + OutreachStore
    + SuppressionStore
    + PersonStore
    + ErasureStore
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<
    T: ProfileStore
        + ContactStore
        + OutreachStore
        + SuppressionStore
        + PersonStore
        + ErasureStore
        + Clone
        + Send
        + Sync
        + 'static,
> RightsTables for T
{
}

/// What the same request again mends.
fn unfinished(error: StoreError) -> AdminError {
    if error.is_transient() { AdminError::Unfinished(error) } else { AdminError::Store(error) }
}

impl<T: RightsTables, O> Admin<T, O> {
    /// The keys that a person's ids make, under every pepper that is listed.
    fn keys_of(&self, ask: &PersonAsk) -> BTreeSet<ProfileKey> {
        let peppers = std::iter::once(&self.secrets.pepper).chain(&self.secrets.previous);
        let keys = peppers.flat_map(|pepper| {
            let customer = ask.customer.as_ref().map(|id| pepper.customer(id));
            customer.into_iter().chain(ask.visitor.as_ref().map(|id| pepper.anonymous(id)))
        });
        keys.collect()
    }

    /// All profiles of the person.
    async fn person(&self, ask: &PersonAsk) -> Result<Vec<(ProfileKey, Option<Stored>)>, AdminError> {
        Ok(person_of(&self.tables, &self.keys_of(ask)).await?)
    }

    /// What a record of the request names.
    fn named(&self, ask: &PersonAsk) -> String {
        let pepper = &self.secrets.pepper;
        let customer = ask.customer.as_ref().map(|id| pepper.customer(id).digest());
        let visitor = ask.visitor.as_ref().map(|id| pepper.anonymous(id).digest());
        customer.into_iter().chain(visitor).collect::<Vec<_>>().join(" ")
    }

    /// The erasure of one of these profiles whose tombstones stand, or the newest one.
    async fn erasure_of(
        &self,
        keys: &BTreeSet<ProfileKey>,
    ) -> Result<Option<Versioned<ErasureRequest>>, AdminError> {
        let mut found = self.tables.erasures().await?;
        found.retain(|kept| !kept.state.keys.is_disjoint(keys));
        let standing = found.iter().rposition(|kept| kept.state.released_at.is_none());
        Ok(standing.map_or_else(|| found.last().cloned(), |index| found.get(index).cloned()))
    }

    /// Erases a person. Asked again while the tombstones stand, it goes on with the same erasure.
    ///
    /// # Errors
    /// When a table fails; the same request again does the rest.
    pub async fn erase(
        &self,
        ask: &PersonAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ErasedAnswer>, AdminError> {
        let person = self.named(ask);
        let request_id = caller.request_id.to_owned();
        if ask.dry_run {
            let found = self.count(ask).await?;
            let kept = self.erasure_of(&self.keys_of(ask)).await?;
            let kept = stands(&person, kept.map(|kept| told(&kept.state)).as_ref());
            let answer = ErasedAnswer { request_id, person, dry_run: true, found, erasure: None };
            return Ok(Noted { answer, change: Change::new(kept.clone(), kept) });
        }
        let now = self.clock.now();
        let keys: BTreeSet<ProfileKey> = self.person(ask).await?.into_iter().map(|(key, _)| key).collect();
        let before = self.erasure_of(&keys).await?;
        let was = stands(&person, before.as_ref().map(|kept| told(&kept.state)).as_ref());
        let begun = match before.filter(|kept| kept.state.released_at.is_none() && now < kept.state.until) {
            Some(Versioned { state, version }) => (state, Some(version)),
            None => (self.new_erasure(caller.request_id, now)?, None),
        };
        let removed = begun.0.removed;
        let mut course = Course { request: begun.0, version: begun.1 };
        let result = self.erase_keys(&mut course, keys).await;
        result.map_err(unfinished)?;
        if ask.allow_return {
            self.let_back(&mut course).await.map_err(unfinished)?;
        }
        let found = RemovedAnswer {
            profiles: course.request.removed.profiles - removed.profiles,
            outreach: course.request.removed.outreach - removed.outreach,
            ..RemovedAnswer::default()
        };
        let erasure = Some(told(&course.request));
        let change = Change::new(was, stands(&person, erasure.as_ref()));
        Ok(Noted { answer: ErasedAnswer { request_id, person, dry_run: false, found, erasure }, change })
    }

    fn new_erasure(&self, id: &str, now: Timestamp) -> Result<ErasureRequest, AdminError> {
        Ok(ErasureRequest {
            id: ErasureId::new(id).map_err(|_| Problem::internal())?,
            at: now,
            until: now + self.tombstone,
            keys: BTreeSet::new(),
            contacts: BTreeSet::new(),
            erased_at: None,
            released_at: None,
            swept: Swept::default(),
            removed: Removed::default(),
        })
    }

    /// What is found by key goes. The request is written first, and addresses are suppressed before their contacts go: whatever
    /// ends in the middle can be begun anew without knowing them.
    async fn erase_keys(&self, course: &mut Course, mut new: BTreeSet<ProfileKey>) -> Result<(), StoreError> {
        new.extend(course.request.keys.iter().cloned());
        for _ in 0..ROUNDS_MAX {
            if new.is_empty() {
                break;
            }
            course.request.keys.extend(new.iter().cloned());
            for key in &new {
                course.request.contacts.extend(self.addresses_of(key).await?);
            }
            self.save(course).await?;
            self.suppress(&course.request).await?;
            let mut more = BTreeSet::new();
            for key in &new {
                if let Some(before) = erase_profile(&self.tables, key, &course.request.erasure()).await? {
                    course.request.removed.profiles += u64::from(before != Default::default());
                    more.extend(others(&before).filter(|key| !course.request.keys.contains(*key)).cloned());
                }
                self.tables.erase_contact(key, &course.request.erasure()).await?;
            }
            new = more;
        }
        for recipient in &course.request.contacts {
            self.tables.erase_history(recipient).await?;
        }
        let (clock, began) = (self.clock.clone(), self.clock.now());
        let keys: Vec<ProfileKey> = course.request.keys.iter().cloned().collect();
        let may_go_on = || clock.now().since(began) < LOOK_MAX;
        let (count, is_whole) =
            erase_traces(&self.tables, &keys, &course.request.erasure(), may_go_on).await?;
        course.request.removed.outreach += count;
        if is_whole {
            course.request.erased_at.get_or_insert(self.clock.now());
        }
        self.save(course).await
    }

    /// Hashes of the address that a profile's contact has, under every pepper that is listed.
    async fn addresses_of(&self, key: &ProfileKey) -> Result<Vec<beckon_domain::ContactHash>, StoreError> {
        let contact = self.tables.contact(key, Timestamp::EPOCH).await?;
        let email = contact.and_then(|contact| contact.email);
        Ok(email.map(|email| self.secrets.contacts(&email)).into_iter().flatten().collect())
    }

    async fn suppress(&self, request: &ErasureRequest) -> Result<(), StoreError> {
        let suppression = Suppression { reason: SuppressionReason::Erased, at: request.at };
        for recipient in &request.contacts {
            self.tables.suppress(recipient, suppression).await?;
        }
        Ok(())
    }

    /// Writes the request. What the sweep has done in between is kept.
    async fn save(&self, course: &mut Course) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            if self.tables.save_erasure(&course.request, course.version).await? == Save::Saved {
                course.version = Some(course.version.unwrap_or_default() + 1);
                return Ok(());
            }
            let kept = self.tables.erasures().await?;
            let Some(kept) = kept.into_iter().find(|kept| kept.state.id == course.request.id) else { break };
            course.version = Some(kept.version);
            course.request.keys.extend(kept.state.keys);
            course.request.contacts.extend(kept.state.contacts);
            course.request.swept = kept.state.swept;
        }
        Err(StoreError::new("write a request to erase", ErrorKind::Throttled, "it was written each time"))
    }

    /// Lets a person back: what comes from now on is new. Mail stays suppressed.
    ///
    /// # Errors
    /// 404 when nobody was erased, or when a table fails; the same request again does the rest.
    pub async fn release(
        &self,
        ask: &PersonAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ErasedAnswer>, AdminError> {
        let found = self.erasure_of(&self.keys_of(ask)).await?;
        let Some(Versioned { state, version }) = found else {
            let detail = "no tombstone stands for this person: there is nothing to release";
            return Err(Problem::not_found(detail).into());
        };
        let person = self.named(ask);
        let was = stands(&person, Some(&told(&state)));
        let mut course = Course { request: state, version: Some(version) };
        self.let_back(&mut course).await.map_err(unfinished)?;
        let erasure = Some(told(&course.request));
        let change = Change::new(was, stands(&person, erasure.as_ref()));
        let (request_id, found) = (caller.request_id.to_owned(), RemovedAnswer::default());
        Ok(Noted { answer: ErasedAnswer { request_id, person, dry_run: false, found, erasure }, change })
    }

    async fn let_back(&self, course: &mut Course) -> Result<(), StoreError> {
        let at = *course.request.released_at.get_or_insert(self.clock.now());
        self.save(course).await?;
        for key in &course.request.keys {
            release_profile(&self.tables, key, at).await?;
            self.tables.release_contact(key, at).await?;
        }
        Ok(())
    }

    /// How far erasures have come: of a person, or all whose time is not over.
    ///
    /// # Errors
    /// When a table fails.
    pub async fn erasures(&self, ask: &PersonAsk, request_id: &str) -> Result<ErasuresAnswer, AdminError> {
        let keys = self.keys_of(ask);
        let mut kept = self.tables.erasures().await?;
        kept.retain(|kept| keys.is_empty() || !kept.state.keys.is_disjoint(&keys));
        let erasures = kept.iter().map(|kept| told(&kept.state)).collect();
        Ok(ErasuresAnswer { request_id: request_id.to_owned(), erasures })
    }
}

/// A request that is being carried out, and the version of it that was read or written last.
struct Course {
    request: ErasureRequest,
    version: Option<u64>,
}

/// How a person stands, who is named by digests alone.
fn stands(person: &str, erasure: Option<&ErasureAnswer>) -> Values {
    let mut stands = Values::from_iter([
        ("person".to_owned(), json!(person)),
        ("state".to_owned(), json!(erasure.map_or("held", |erasure| erasure.state))),
    ]);
    if let Some(erasure) = erasure {
        stands.insert("erasure".to_owned(), json!(erasure.id));
        stands.insert("profiles".to_owned(), json!(erasure.profiles));
        stands.insert("addresses".to_owned(), json!(erasure.addresses));
    }
    stands
}

fn told(request: &ErasureRequest) -> ErasureAnswer {
    let Removed { profiles, outreach, archive_lines, failed_events } = request.removed;
    let state = match (request.released_at, request.is_complete(), request.erased_at) {
        (Some(_), ..) => "released",
        (None, true, _) => "complete",
        (None, false, Some(_)) => "erased",
        (None, false, None) => "begun",
    };
    let Swept { tables_at, archive_at, failed_at, .. } = &request.swept;
    ErasureAnswer {
        id: request.id.to_string(),
        state,
        at: format_time(request.at),
        complete_by: format_time(request.at + COMPLETE_WITHIN),
        until: format_time(request.until),
        released_at: request.released_at.map(format_time),
        profiles: request.keys.len(),
        addresses: request.contacts.len(),
        scans: ScansAnswer {
            tables: tables_at.map(format_time),
            archive: archive_at.map(format_time),
            failed_events: failed_at.map(format_time),
        },
        removed: RemovedAnswer { profiles, outreach, archive_lines, failed_events },
    }
}
