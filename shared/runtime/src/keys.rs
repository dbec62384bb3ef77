//! The keys that people make, held in memory for a bounded time.
//!
//! The keys of the secret are known from the start; these are in a table, and are followed as a ruleset is: what was read
//! last holds for a minute, and longer only while the table cannot be read.

use beckon_domain::key::{KeyMaterial, KeyRing, MadeKey, WriteKey};
use beckon_domain::{DurationMs, Timestamp};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// How old the keys in memory may be: a revoked key stops everywhere within this time.
pub const KEYS_AGE_MAX: DurationMs = DurationMs::from_secs(60);
/// How old they may be when somebody presents an unknown one, which may be new. A stranger's guesses cost one read in this
/// time; so does a table that does not answer.
const UNKNOWN_AGE_MAX: DurationMs = DurationMs::from_secs(5);

type ReadError = Box<dyn Error + Send + Sync>;
type Reading = Pin<Box<dyn Future<Output = Result<Vec<MadeKey>, ReadError>> + Send>>;

/// Nobody can say whether a key is live: the table was never read, and does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the keys could not be read, and never were")]
pub struct KeysUnavailable;

impl KeysUnavailable {
    /// Whether the same request may succeed later: always.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct Held {
    /// What was read last, whenever.
    keys: Option<Arc<Known>>,
    read_at: Timestamp,
    /// When the table was last asked, with or without an answer.
    asked_at: Option<Timestamp>,
}

struct Known {
    ring: KeyRing,
    made: Vec<MadeKey>,
}

/// The keys that people make, behind a table. Clones share what was read.
#[derive(Clone, Default)]
pub struct MadeKeys {
    read: Option<Arc<dyn Fn() -> Reading + Send + Sync>>,
    held: Arc<Mutex<Held>>,
}

impl fmt::Debug for MadeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.read.is_some() { "MadeKeys(of a table)" } else { "MadeKeys(none)" })
    }
}

impl MadeKeys {
    /// Keys that `read` reads.
    pub fn reading<F, R, E>(read: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<MadeKey>, E>> + Send + 'static,
        E: Into<ReadError>,
    {
        let boxed = move || -> Reading {
            let reading = read();
            Box::pin(async move { reading.await.map_err(Into::into) })
        };
        Self { read: Some(Arc::new(boxed)), held: Arc::default() }
    }

    /// The write key that a caller presented, if it is one and live.
    ///
    /// # Errors
    /// When nobody can say: only before the table was read for the first time.
    pub async fn find(&self, presented: &str, now: Timestamp) -> Result<Option<WriteKey>, KeysUnavailable> {
        for age_max in [KEYS_AGE_MAX, UNKNOWN_AGE_MAX] {
            let Some(known) = self.get(age_max, now).await? else { return Ok(None) };
            if let Some(key) = known.ring.find(presented) {
                return Ok(Some(key.clone()).filter(|key| key.is_live(now)));
            }
        }
        Ok(None)
    }

    /// The signing key of an id, if it is live.
    ///
    /// # Errors
    /// As [`MadeKeys::find`].
    pub async fn signing(&self, id: &str, now: Timestamp) -> Result<Option<MadeKey>, KeysUnavailable> {
        for age_max in [KEYS_AGE_MAX, UNKNOWN_AGE_MAX] {
            let Some(known) = self.get(age_max, now).await? else { return Ok(None) };
            if let Some(key) = known.made.iter().find(|key| key.id.as_str() == id) {
                let is_signing = matches!(key.material, KeyMaterial::Token { .. });
                let is_live = key.state(now) == beckon_domain::key::KeyState::Live;
                return Ok(Some(key.clone()).filter(|_| is_signing && is_live));
            }
        }
        Ok(None)
    }

    /// Reads the keys unless they are fresh, so that the first request does not wait for them.
    pub async fn warm(&self, now: Timestamp) {
        // Whoever needs one asks again, and is told.
        let _ = self.get(KEYS_AGE_MAX, now).await;
    }

    /// The keys, no older than this where the table answers; `None` where there is no table.
    async fn get(&self, age_max: DurationMs, now: Timestamp) -> Result<Option<Arc<Known>>, KeysUnavailable> {
        let Some(read) = &self.read else { return Ok(None) };
        {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let is_fresh = now.since(held.read_at) < age_max;
            let was_asked = held.asked_at.is_some_and(|at| now.since(at) < UNKNOWN_AGE_MAX);
            if let Some(keys) = held.keys.clone().filter(|_| is_fresh || was_asked) {
                return Ok(Some(keys));
            }
        }
        let answer = read().await;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.asked_at = Some(now);
        match answer {
            Ok(made) => {
                let ring = KeyRing::new(made.iter().filter_map(MadeKey::write_key).collect());
                (held.keys, held.read_at) = (Some(Arc::new(Known { ring, made })), now);
            }
            // The last good ones stay. An alarm may count this line: a revoked key works on while it lasts.
            Err(error) => tracing::error!(error = ?error, "the keys could not be read"),
        }
        held.keys.clone().map(Some).ok_or(KeysUnavailable)
    }
}

#[cfg(test)]
mod tests;
