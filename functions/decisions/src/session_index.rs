//! The session index in memory: read in init, looked at again now and then, and exchanged while pages are answered.
//!
//! No page waits for it. A Lambda is frozen after each answer, so a reading goes on beside the answers that follow, each
//! for as long as it takes; one that has not ended after a while is taken for lost and begun anew. A reading that brings
//! nothing usable changes nothing: the last good index stays until it is too old.

use beckon_domain::{DurationMs, Timestamp};
use beckon_recommend::SessionIndex;
use beckon_recommend::policy::SESSION_INDEX_BYTES_MAX;
use beckon_recommend::session_knn::SnapshotError;
use beckon_store::StoreError;
use beckon_store::models::{ModelObjects, fetch};
use beckon_store::tables::{ConfigStore, LiveModel, ModelKind, ModelPlace};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// After how much time the table is asked again which index is live. One is made a day.
pub const LOOK_AGAIN_AFTER: DurationMs = DurationMs::from_minutes(10);
/// An index that was made longer ago is not used: what people looked at before says little of now.
pub const INDEX_AGE_MAX: DurationMs = DurationMs::from_days(14);
/// After how much time a reading that has not ended is taken for lost.
const READING_MAX: DurationMs = DurationMs::from_secs(60);
/// How long a store is left alone that did not answer.
const RETRY_PAUSE: DurationMs = DurationMs::from_secs(60);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where indexes come from.
trait Source: Send + Sync {
    fn live(&self) -> Answer<'_, Option<LiveModel>>;
    fn bytes<'a>(&'a self, place: &'a ModelPlace) -> Answer<'a, Vec<u8>>;
}

struct Stores<T, O> {
    tables: T,
    objects: O,
}

impl<T: ConfigStore, O: ModelObjects> Source for Stores<T, O> {
    fn live(&self) -> Answer<'_, Option<LiveModel>> {
        Box::pin(self.tables.live_model(ModelKind::SessionIndex))
    }

    fn bytes<'a>(&'a self, place: &'a ModelPlace) -> Answer<'a, Vec<u8>> {
        Box::pin(fetch(&self.objects, place))
    }
}

#[derive(Clone)]
struct Held {
    index: Arc<SessionIndex>,
    version: String,
    made_at: Timestamp,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// A version that cannot be used: it is not read again.
    refused: Option<String>,
    /// When the table is asked again.
    look_at: Timestamp,
    /// What is live could not be read, or not be used.
    is_behind: bool,
}

/// Why what is live is not used.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the session index could not be read")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("unpacking the session index did not end")]
    Unpacking,
    #[error("the session index was made more than {INDEX_AGE_MAX} ago")]
    TooOld,
}

/// The live session index, or none: where there is no source, nothing is ever read.
#[derive(Clone, Default)]
pub struct LiveSessionIndex {
    source: Option<Arc<dyn Source>>,
    state: Arc<Mutex<State>>,
}

impl LiveSessionIndex {
    /// One that comes from these stores.
    #[must_use]
    pub fn reading<T: ConfigStore + 'static, O: ModelObjects + 'static>(tables: T, objects: O) -> Self {
        Self { source: Some(Arc::new(Stores { tables, objects })), state: Arc::default() }
    }

    /// The index to recommend by at `now`, as it is in memory; `None` when there is none, or it is too old. When it is
    /// time to look for a newer one, that begins, and nothing waits for it.
    #[must_use]
    pub fn get(&self, now: Timestamp) -> Option<Arc<SessionIndex>> {
        self.look_again(now);
        self.in_memory(now)
    }

    fn in_memory(&self, now: Timestamp) -> Option<Arc<SessionIndex>> {
        let held = self.state().held.clone()?;
        (now.since(held.made_at) <= INDEX_AGE_MAX).then_some(held.index)
    }

    /// Whether the one in memory is older than what is live, or there is none, because what is live could not be had.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.state().is_behind
    }

    fn look_again(&self, now: Timestamp) {
        if self.is_due(now) {
            let index = self.clone();
            tokio::spawn(async move { index.read(now).await });
        }
    }

    /// Whether it is time for a reading; from then on it is not, until that reading has ended or is taken for lost.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let is_due = self.source.is_some() && state.look_at <= now;
        if is_due {
            state.look_at = now + READING_MAX;
        }
        is_due
    }

    /// Reads what is live, if it is another index than the one in memory, and takes it if it can be used.
    pub async fn read(&self, now: Timestamp) {
        let Some(source) = &self.source else { return };
        let live = match source.live().await {
            Ok(live) => live,
            Err(error) => return self.put_off(&error.into(), now),
        };
        let is_refused =
            live.is_some() && live.as_ref().map(|live| &live.version) == self.state().refused.as_ref();
        let Some(live) = live.filter(|live| !self.knows(&live.version)) else {
            let mut state = self.state();
            (state.look_at, state.is_behind) = (now + LOOK_AGAIN_AFTER, is_refused);
            return;
        };
        match load(source.as_ref(), &live, now).await {
            Ok(index) => {
                tracing::info!(
                    index.version = live.version,
                    index.sessions = index.session_count(),
                    index.products = index.product_count(),
                    index.memory_bytes = index.memory_bytes(),
                    "session index loaded"
                );
                let held = Held { index: Arc::new(index), version: live.version, made_at: live.made_at };
                let mut state = self.state();
                (state.held, state.look_at) = (Some(held), now + LOOK_AGAIN_AFTER);
                state.is_behind = false;
            }
            Err(Refusal::Store(error)) if error.is_transient() => self.put_off(&error.into(), now),
            Err(error) => {
                tracing::error!(model.kind = ModelKind::SessionIndex.name(), error = ?error, model.version = live.version, "live model not valid");
                let mut state = self.state();
                (state.refused, state.look_at) = (Some(live.version), now + LOOK_AGAIN_AFTER);
                state.is_behind = true;
            }
        }
    }

    fn knows(&self, version: &str) -> bool {
        let state = self.state();
        let held = state.held.as_ref().map(|held| &held.version);
        [held, state.refused.as_ref()].into_iter().flatten().any(|known| known == version)
    }

    fn put_off(&self, error: &Refusal, now: Timestamp) {
        tracing::warn!(error = ?error, "session index not read");
        let mut state = self.state();
        (state.look_at, state.is_behind) = (now + RETRY_PAUSE, true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn load(source: &dyn Source, live: &LiveModel, now: Timestamp) -> Result<SessionIndex, Refusal> {
    if now.since(live.made_at) > INDEX_AGE_MAX {
        return Err(Refusal::TooOld);
    }
    let bytes = match &live.place {
        ModelPlace::Inline(bytes) => bytes.len(),
        ModelPlace::Object { bytes, .. } => usize::try_from(*bytes).unwrap_or(usize::MAX),
    };
    if bytes > SESSION_INDEX_BYTES_MAX {
        return Err(SnapshotError::TooLarge { bytes, bytes_max: SESSION_INDEX_BYTES_MAX }.into());
    }
    let bytes = source.bytes(&live.place).await?;
    // Milliseconds of work: on a thread of its own, so that pages are answered meanwhile.
    let unpacked = tokio::task::spawn_blocking(move || SessionIndex::unpack(&bytes)).await;
    Ok(unpacked.map_err(|_| Refusal::Unpacking)??)
}

#[cfg(test)]
mod tests;
