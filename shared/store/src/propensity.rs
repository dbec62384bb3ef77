//! The live propensity model, held in memory for a bounded time.

use crate::error::{ErrorKind, StoreError};
use crate::models::model_version;
use crate::tables::{ConfigStore, LiveModel, ModelKind, ModelPlace};
use beckon_domain::{DurationMs, Policy, Profile, Timestamp};
use beckon_recommend::propensity::features::NAMES;
use beckon_recommend::propensity::{Features, Model};
use std::sync::{Arc, Mutex, PoisonError};

/// How old the model in memory may be before the table is asked again.
pub const MODEL_AGE_MAX: DurationMs = DurationMs::from_secs(60);
/// How long the table is not asked again after it failed: pages must not wait for it one after the other.
const RETRY_PAUSE: DurationMs = DurationMs::from_secs(5);
/// A model that no training has confirmed for so long says nothing any more: nobody knows how good it still is.
pub const UNCONFIRMED_MAX: DurationMs = DurationMs::from_days(14);

/// A model that can be asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Predictor {
    model: Model,
    version: String,
    /// When a training last found nothing better.
    judged_at: Timestamp,
}

impl Predictor {
    /// The version of the model.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How likely somebody is to buy, between 0 and 1.
    #[must_use]
    pub fn score(&self, profile: &Profile, now: Timestamp, policy: &Policy) -> f64 {
        self.model.score(Features::of(profile, now, policy).as_slice())
    }
}

#[derive(Default)]
struct Held {
    predictor: Option<Arc<Predictor>>,
    /// When the table is to be asked again.
    ask_at: Timestamp,
    /// What is live could not be read, or is not valid.
    is_behind: bool,
}

/// The model behind ConfigTable. One that is bad or cannot be read never replaces a good one.
#[derive(Clone, Default)]
pub struct ActivePropensity {
    held: Arc<Mutex<Held>>,
}

impl ActivePropensity {
    /// The model to ask at `now`: the one in memory, or a newer one when the table was not asked for a while. At most one
    /// read. `None` when none was ever published, or none was confirmed for [`UNCONFIRMED_MAX`].
    pub async fn get<C: ConfigStore>(&self, table: &C, now: Timestamp) -> Option<Arc<Predictor>> {
        let held = self.fresh(now);
        let predictor = match held {
            Some(predictor) => predictor,
            None => self.load(table, now).await,
        };
        predictor.filter(|predictor| now.since(predictor.judged_at) < UNCONFIRMED_MAX)
    }

    /// The model in memory, however long ago it was read, as [`Self::get`] gives it.
    #[must_use]
    pub fn in_memory(&self, now: Timestamp) -> Option<Arc<Predictor>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).predictor.clone();
        held.filter(|predictor| now.since(predictor.judged_at) < UNCONFIRMED_MAX)
    }

    /// Leaves the table alone for a moment: it did not answer when it was asked at `now`.
    pub fn put_off(&self, now: Timestamp) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        (held.ask_at, held.is_behind) = (now + RETRY_PAUSE, true);
    }

    /// Whether the one in memory may be another one than what is live, because that could not be read or is not valid.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).is_behind
    }

    /// What is held, unless the table is to be asked.
    fn fresh(&self, now: Timestamp) -> Option<Option<Arc<Predictor>>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        (now < held.ask_at).then(|| held.predictor.clone())
    }

    async fn load<C: ConfigStore>(&self, table: &C, now: Timestamp) -> Option<Arc<Predictor>> {
        let live = table.live_model(ModelKind::Propensity).await;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.ask_at = now + MODEL_AGE_MAX;
        held.is_behind = live.is_err();
        match live.and_then(|live| live.map(predictor).transpose()) {
            Ok(Some(predictor)) => held.predictor = Some(Arc::new(predictor)),
            Ok(None) => {}
            Err(error) if error.kind == ErrorKind::Corrupt => {
                held.is_behind = true;
                let followed = held.predictor.as_ref().map_or("none", |predictor| predictor.version());
                // An alarm counts this line.
                tracing::error!(error = ?error, model.followed = followed, "live model not valid");
            }
            Err(error) => {
                tracing::warn!(error = ?error, "the live model could not be read");
                held.ask_at = now + RETRY_PAUSE;
            }
        }
        held.predictor.clone()
    }
}

fn predictor(live: LiveModel) -> Result<Predictor, StoreError> {
    let corrupt = |why: String| StoreError::new("read the propensity model", ErrorKind::Corrupt, why);
    let ModelPlace::Inline(bytes) = &live.place else {
        return Err(corrupt("it is no part of its item".to_owned()));
    };
    if model_version(bytes) != live.version {
        return Err(corrupt("its bytes are not those of its version".to_owned()));
    }
    let model = Model::unpack(bytes, &NAMES).map_err(|error| corrupt(error.to_string()))?;
    Ok(Predictor { model, version: live.version, judged_at: live.judged_at })
}
