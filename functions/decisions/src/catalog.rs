//! What the shop sells, held in memory: the snapshot that admin made last, looked for once a minute and never waited for.

use beckon_domain::catalog::CatalogSnapshot;
use beckon_domain::{DurationMs, Timestamp};
use beckon_store::StoreError;
use beckon_store::catalog::{CatalogUnavailable, load};
use beckon_store::models::ModelObjects;
use beckon_store::tables::{ConfigStore, LiveModel, ModelKind};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long the pointer to the live snapshot is not read again. A new one is followed by every process that decides within
/// this time and the moment that it takes to load.
pub const CATALOG_CHECK_PAUSE: DurationMs = DurationMs::from_secs(60);
/// A snapshot that is older than this is told of in the log, which an alarm counts: its stock may be anything by now.
pub const CATALOG_AGE_MAX: DurationMs = DurationMs::from_hours(24);

type Answer<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// Where snapshots come from.
trait Source: Send + Sync {
    fn live(&self) -> Answer<'_, Option<LiveModel>, StoreError>;
    fn snapshot<'a>(&'a self, live: &'a LiveModel) -> Answer<'a, CatalogSnapshot, CatalogUnavailable>;
}

struct Stores<T, O> {
    tables: T,
    objects: O,
}

impl<T: ConfigStore, O: ModelObjects> Source for Stores<T, O> {
    fn live(&self) -> Answer<'_, Option<LiveModel>, StoreError> {
        Box::pin(self.tables.live_model(ModelKind::Catalog))
    }

    fn snapshot<'a>(&'a self, live: &'a LiveModel) -> Answer<'a, CatalogSnapshot, CatalogUnavailable> {
        Box::pin(load(&self.objects, live))
    }
}

#[derive(Default)]
struct Held {
    snapshot: Option<Arc<CatalogSnapshot>>,
    version: Option<String>,
    /// A version that cannot be used: it is not loaded again.
    refused: Option<String>,
    /// What is live could not be read, or not be used.
    is_behind: bool,
    /// When the pointer is to be read again.
    look_at: Timestamp,
}

/// The live snapshot of the catalog, or none: where there is no source, nothing is ever read. A bad or unreachable one
/// never replaces a good one.
#[derive(Clone, Default)]
pub struct LiveCatalog {
    source: Option<Arc<dyn Source>>,
    held: Arc<Mutex<Held>>,
}

impl LiveCatalog {
    /// One that comes from these stores.
    #[must_use]
    pub fn reading<T: ConfigStore + 'static, O: ModelObjects + 'static>(tables: T, objects: O) -> Self {
        Self { source: Some(Arc::new(Stores { tables, objects })), held: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The snapshot to decide by, as it is in memory, however old; `None` before the first good one. When it is time to
    /// look for a newer one, that begins, and nothing waits for it.
    #[must_use]
    pub fn get(&self, now: Timestamp) -> Option<Arc<CatalogSnapshot>> {
        if self.is_due(now) {
            let catalog = self.clone();
            tokio::spawn(async move { catalog.follow(now).await });
        }
        self.lock().snapshot.clone()
    }

    /// Looks for a newer snapshot if it is time, and waits for it: for the start of a process, when no page waits yet.
    pub async fn read(&self, now: Timestamp) {
        if self.is_due(now) {
            self.follow(now).await;
        }
    }

    /// Whether the one in memory is older than what is live, or there is none, because what is live could not be had.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.lock().is_behind
    }

    /// Whether it is time to look; from then on it is not for a while. A reading that gets lost while the process is
    /// frozen is made good by the next.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut held = self.lock();
        let is_due = self.source.is_some() && held.look_at <= now;
        if is_due {
            held.look_at = now + CATALOG_CHECK_PAUSE;
        }
        is_due
    }

    async fn follow(&self, now: Timestamp) {
        let Some(source) = &self.source else { return };
        let live = match source.live().await {
            Ok(Some(live)) => live,
            Ok(None) => {
                self.lock().is_behind = false;
                return;
            }
            Err(error) => {
                tracing::warn!(error = ?error, "the catalog's pointer could not be read");
                self.lock().is_behind = true;
                return;
            }
        };
        let age = now.since(live.made_at);
        if age > CATALOG_AGE_MAX {
            let age_minutes = age.as_ms() / 60_000;
            tracing::warn!(
                catalog.version = live.version,
                catalog.age_minutes = age_minutes,
                "catalog too old"
            );
        }
        let is_known = {
            let held = self.lock();
            [&held.version, &held.refused].into_iter().flatten().any(|known| *known == live.version)
        };
        if is_known {
            let mut held = self.lock();
            held.is_behind = held.refused.as_ref() == Some(&live.version);
        } else {
            let loaded = source.snapshot(&live).await;
            self.take(loaded, live);
        }
    }

    /// Holds what was loaded, if it is good and nothing newer was loaded meanwhile.
    fn take(&self, loaded: Result<CatalogSnapshot, CatalogUnavailable>, live: LiveModel) {
        let mut held = self.lock();
        held.is_behind = loaded.is_err();
        match loaded {
            Ok(snapshot) => {
                if held.snapshot.as_ref().is_none_or(|known| known.made_at() <= snapshot.made_at()) {
                    held.snapshot = Some(Arc::new(snapshot));
                    held.version = Some(live.version);
                }
            }
            Err(error) => {
                if !error.is_transient() {
                    held.refused = Some(live.version.clone());
                }
                let followed = held.version.clone().unwrap_or_else(|| "none".to_owned());
                drop(held);
                tracing::error!(
                    error = ?error,
                    catalog.version = live.version,
                    catalog.followed = followed,
                    "live catalog not usable"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
