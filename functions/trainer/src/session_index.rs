//! The session index: recent sessions of everybody, so that decisions can recommend by those that are like one's own.
//!
//! Nothing of a person is in it: product ids, in the order in which somebody looked at them, and the minute of the last.
//! Who denied personalization is not in it, nor what says it is a program; and nobody fills it alone.

use crate::error::TrainerError;
use crate::history::{History, Person};
use crate::process::{Report, Task, Trainer, report};
use crate::publish::{Ended, record};
use beckon_domain::consent::{Consent, ConsentDefault, Purpose};
use beckon_domain::event::{Device, Event, EventKind};
use beckon_domain::{DurationMs, Policy, ProductId, Timestamp};
use beckon_recommend::policy::SESSION_INDEX_BYTES_MAX;
use beckon_recommend::session_knn::{Limits, PastSession, Scoring, SessionIndex};
use beckon_runtime::fresh_id;
use beckon_store::archive::ArchiveObjects;
use beckon_store::models::{ModelObjects, keep, model_version};
use beckon_store::tables::{LiveModel, ModelKind, ModelStore};
use beckon_wire::format_time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Sessions of one person on one day (UTC) at most, the first: whoever has more is a program, or wants to be believed.
pub const SESSIONS_PER_DAY_MAX: usize = 20;
/// Fewer sessions of two products and more recommend nothing that best sellers would not.
pub const SESSIONS_MIN: usize = 100;
/// How often an index that is too large is cut to three quarters.
const CUTS_MAX: usize = 8;

/// The card of an index: what it was made of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Its version.
    pub version: String,
    /// When it was made.
    pub made_at: String,
    /// Sessions in it.
    pub sessions: usize,
    /// Products in it.
    pub products: usize,
    /// Bytes, stored.
    pub bytes: usize,
    /// Bytes, in memory.
    pub memory_bytes: usize,
    /// End of its oldest session and of its newest.
    pub from: String,
    /// See [`Card::from`].
    pub until: String,
    /// Sessions left out, because one person had too many on a day.
    pub sessions_capped: u64,
    /// People left out, because they denied personalization.
    pub people_without_consent: u64,
    /// Of each thousand people, how many were drawn, because all would not have fit.
    pub people_per_thousand: u32,
}

/// An index and its card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// The stored form.
    pub bytes: Vec<u8>,
    /// Its card.
    pub card: Card,
}

/// Sessions of the history, and what was left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gathered {
    /// Sessions of two products and more.
    pub sessions: Vec<PastSession>,
    /// See [`Card::sessions_capped`].
    pub capped: u64,
    /// See [`Card::people_without_consent`].
    pub without_consent: u64,
}

/// The sessions of everybody whose sessions may be used.
#[must_use]
pub fn gather(history: &History, policy: &Policy, consent_default: &ConsentDefault) -> Gathered {
    let mut gathered = Gathered::default();
    for person in &history.people {
        let mut consent = Consent::default();
        person.events.iter().for_each(|event| consent.apply(&event.consent, event.occurred_at));
        if consent.allows(Purpose::Personalization, consent_default) {
            let mut per_day: BTreeMap<i64, usize> = BTreeMap::new();
            for session in sessions_of(person, policy) {
                let day = session.ended_at.as_ms().div_euclid(DurationMs::from_days(1).as_ms() as i64);
                let count = per_day.entry(day).or_default();
                *count += 1;
                if *count <= SESSIONS_PER_DAY_MAX {
                    gathered.sessions.push(session);
                } else {
                    gathered.capped += 1;
                }
            }
        } else {
            gathered.without_consent += 1;
        }
    }
    gathered
}

/// The sessions of two products and more of a person, in the order in which they ended.
fn sessions_of(person: &Person, policy: &Policy) -> Vec<PastSession> {
    let mut seen = BTreeSet::new();
    let mut events: Vec<&Event> = person.events.iter().collect();
    events.retain(|event| event.device != Some(Device::Bot) && seen.insert((&event.source, &event.id)));
    events.sort_by_key(|event| event.occurred_at);
    let mut sessions: Vec<PastSession> = Vec::new();
    let mut last_at: Option<Timestamp> = None;
    for event in events {
        let at = event.occurred_at;
        if last_at.is_none_or(|last| at.since(last) > policy.session_gap) {
            sessions.push(PastSession { products: Vec::new(), ended_at: at });
        }
        last_at = Some(at);
        if let Some(session) = sessions.last_mut() {
            session.ended_at = at;
            visit(&mut session.products, &event.kind);
        }
    }
    sessions.retain(|session| session.products.len() > 1);
    sessions
}

/// Takes the products of an event into a session. What is put into the cart or bought was mostly looked at just before:
/// that is no step of its own.
fn visit(session: &mut Vec<ProductId>, kind: &EventKind) {
    let items = match kind {
        EventKind::ProductViewed(item) => return session.push(item.product.clone()),
        EventKind::ProductAdded(_, item) => std::slice::from_ref(item),
        EventKind::OrderCompleted { items, .. } => items.as_slice(),
        _ => return,
    };
    for item in items {
        if !session.contains(&item.product) {
            session.push(item.product.clone());
        }
    }
}

/// Builds an index that fits; or says why there is none.
///
/// # Errors
/// Why there is none, in words.
pub fn build(gathered: Gathered, limits: &Limits, bytes_max: usize, at: Timestamp) -> Result<Made, String> {
    let Gathered { sessions, capped, without_consent } = gathered;
    if sessions.len() < SESSIONS_MIN {
        let found = sessions.len();
        return Err(format!("{found} sessions of two products or more were read; {SESSIONS_MIN} are needed"));
    }
    let mut limits = *limits;
    for _ in 0..CUTS_MAX {
        let index = SessionIndex::build(sessions.iter().cloned(), &limits, Scoring::default());
        let bytes = index.pack();
        if bytes.len() > bytes_max {
            limits.places_max = index.place_count() / 4 * 3;
            continue;
        }
        // What nobody could load must not become live.
        let read = SessionIndex::unpack(&bytes).map_err(|error| error.to_string())?;
        let ends = read.ended_between();
        let time = |at: Option<Timestamp>| at.map(format_time).unwrap_or_default();
        let card = Card {
            version: model_version(&bytes),
            made_at: format_time(at),
            sessions: read.session_count(),
            products: read.product_count(),
            bytes: bytes.len(),
            memory_bytes: read.memory_bytes(),
            from: time(ends.map(|ends| ends.0)),
            until: time(ends.map(|ends| ends.1)),
            sessions_capped: capped,
            people_without_consent: without_consent,
            people_per_thousand: 0,
        };
        return Ok(Made { bytes, card });
    }
    Err(format!("no index of at most {bytes_max} bytes could be made of {} sessions", sessions.len()))
}

impl<T: ModelStore, A: ArchiveObjects, O: ModelObjects> Trainer<T, A, O> {
    /// Builds an index of a history and makes it live, unless it is live already.
    ///
    /// # Errors
    /// When a store fails, or another training ended in between; what is live stays.
    pub async fn train_session_index(&self, task: &Task, history: &History) -> Result<Report, TrainerError> {
        let kind = ModelKind::SessionIndex;
        let standing = self.tables.model_standing(kind).await?;
        let at = self.clock.now();
        let gathered = gather(history, &self.policy, &self.consent_default);
        let mut ended = Ended {
            id: fresh_id(),
            at,
            who: task.who.clone(),
            reason: String::new(),
            card: String::new(),
            made: None,
            publish: None,
        };
        match build(gathered, &Limits::default(), SESSION_INDEX_BYTES_MAX, at) {
            Err(reason) => ended.reason = reason,
            Ok(Made { bytes, mut card }) => {
                card.people_per_thousand = history.people_per_thousand;
                ended.card = serde_json::to_string(&card)?;
                ended.made = Some(card.version.clone());
                if standing.live.as_ref().is_some_and(|live| live.version == card.version) {
                    ended.reason = "it is what is live already".to_owned();
                } else {
                    ended.reason = format!("{} sessions of {} products", card.sessions, card.products);
                    ended.publish = Some(LiveModel {
                        version: card.version,
                        made_at: at,
                        judged_at: at,
                        card: ended.card.clone(),
                        place: keep(&self.objects, kind, bytes).await?,
                    });
                }
            }
        }
        let record = record(&self.tables, kind, &standing, ended).await?;
        Ok(report(kind, history, record))
    }
}

#[cfg(test)]
mod tests;
