//! A live model that is kept in its item, held in memory for a bounded time.

use crate::error::{ErrorKind, StoreError};
use crate::models::model_version;
use crate::tables::{ConfigStore, LiveModel, ModelKind, ModelPlace};
use beckon_domain::{DurationMs, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// How old the model in memory may be before the table is asked again.
pub const MODEL_AGE_MAX: DurationMs = DurationMs::from_secs(60);
/// How long the table is not asked again after it failed: pages must not wait for it one after the other.
const RETRY_PAUSE: DurationMs = DurationMs::from_secs(5);
/// A model that no training has confirmed for so long says nothing any more: nobody knows how good it still is.
pub const UNCONFIRMED_MAX: DurationMs = DurationMs::from_days(14);

/// A model that is small enough for its item.
pub trait InlineModel: Sized + Send + Sync {
    /// Which kind it is.
    const KIND: ModelKind;

    /// Reads its bytes, which are those of this version.
    ///
    /// # Errors
    /// Why they are no such model.
    fn read(bytes: &[u8], version: &str) -> Result<Self, String>;
}

/// A model that was read, with what is known of it.
struct Confirmed<M> {
    model: Arc<M>,
    version: String,
    /// When a training last ended and it was, or stayed, live.
    judged_at: Timestamp,
}

struct Held<M> {
    confirmed: Option<Confirmed<M>>,
    /// When the table is to be asked again.
    ask_at: Timestamp,
    /// What is live could not be read, or is not valid.
    is_behind: bool,
}

impl<M> Held<M> {
    fn usable(&self, now: Timestamp) -> Option<Arc<M>> {
        let confirmed = self.confirmed.as_ref();
        let confirmed = confirmed.filter(|held| now.since(held.judged_at) < UNCONFIRMED_MAX);
        confirmed.map(|held| held.model.clone())
    }
}

/// The model behind ConfigTable. One that is bad or cannot be read never replaces a good one. Clones share it.
pub struct ActiveModel<M> {
    held: Arc<Mutex<Held<M>>>,
}

impl<M> Clone for ActiveModel<M> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held) }
    }
}

impl<M> Default for ActiveModel<M> {
    fn default() -> Self {
        let held = Held { confirmed: None, ask_at: Timestamp::EPOCH, is_behind: false };
        Self { held: Arc::new(Mutex::new(held)) }
    }
}

impl<M: InlineModel> ActiveModel<M> {
    /// The model to ask at `now`: the one in memory, or a newer one when the table was not asked for a while. At most one
    /// read. `None` when none was ever published, or none was confirmed for [`UNCONFIRMED_MAX`].
    pub async fn get<C: ConfigStore>(&self, table: &C, now: Timestamp) -> Option<Arc<M>> {
        if now >= self.lock().ask_at {
            self.load(table, now).await;
        }
        self.in_memory(now)
    }

    /// The model in memory, however long ago it was read, as [`Self::get`] gives it.
    #[must_use]
    pub fn in_memory(&self, now: Timestamp) -> Option<Arc<M>> {
        self.lock().usable(now)
    }

    /// Leaves the table alone for a moment: it did not answer when it was asked at `now`.
    pub fn put_off(&self, now: Timestamp) {
        let mut held = self.lock();
        (held.ask_at, held.is_behind) = (now + RETRY_PAUSE, true);
    }

    /// Whether the one in memory may be another one than what is live, because that could not be read or is not valid.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.lock().is_behind
    }

    /// When a training last ended and the model in memory was, or stayed, live; `None` without one.
    #[must_use]
    pub fn judged_at(&self) -> Option<Timestamp> {
        self.lock().confirmed.as_ref().map(|held| held.judged_at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held<M>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load<C: ConfigStore>(&self, table: &C, now: Timestamp) {
        let live = table.live_model(M::KIND).await;
        let mut held = self.lock();
        held.ask_at = now + MODEL_AGE_MAX;
        held.is_behind = live.is_err();
        match live.and_then(|live| live.map(confirmed).transpose()) {
            Ok(Some(confirmed)) => held.confirmed = Some(confirmed),
            Ok(None) => {}
            Err(error) if error.kind == ErrorKind::Corrupt => {
                held.is_behind = true;
                let followed = held.confirmed.as_ref().map_or("none", |held| held.version.as_str());
                let kind = M::KIND.name();
                // An alarm counts this line.
                tracing::error!(model.kind = kind, error = ?error, model.followed = followed, "live model not valid");
            }
            Err(error) => {
                tracing::warn!(model.kind = M::KIND.name(), error = ?error, "the live model could not be read");
                held.ask_at = now + RETRY_PAUSE;
            }
        }
    }
}

fn confirmed<M: InlineModel>(live: LiveModel) -> Result<Confirmed<M>, StoreError> {
    let corrupt = |why: String| StoreError::new("read a live model", ErrorKind::Corrupt, why);
    let ModelPlace::Inline(bytes) = &live.place else {
        return Err(corrupt("it is no part of its item".to_owned()));
    };
    if model_version(bytes) != live.version {
        return Err(corrupt("its bytes are not those of its version".to_owned()));
    }
    let model = M::read(bytes, &live.version).map_err(corrupt)?;
    Ok(Confirmed { model: Arc::new(model), version: live.version, judged_at: live.judged_at })
}
