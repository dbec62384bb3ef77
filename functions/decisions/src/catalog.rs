//! What the shop sells, held in memory: the snapshot that admin made last, looked for once a minute and never waited for.

use beckon_domain::catalog::CatalogSnapshot;
use beckon_domain::{DurationMs, Timestamp};
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

type Loading = Pin<Box<dyn Future<Output = Result<CatalogSnapshot, CatalogUnavailable>> + Send>>;
type Load = Arc<dyn Fn(LiveModel) -> Loading + Send + Sync>;

#[derive(Default)]
struct Held {
    snapshot: Option<Arc<CatalogSnapshot>>,
    version: Option<String>,
    /// The version that is being loaded.
    loading: Option<String>,
    /// When the pointer is to be read again.
    check_at: Timestamp,
}

/// The live snapshot behind a pointer. A bad or unreachable one never replaces a good one.
#[derive(Clone, Default)]
pub struct LiveCatalog {
    held: Arc<Mutex<Held>>,
    /// `None`: there is no place where snapshots lie, so there is never one.
    load: Option<Load>,
}

impl LiveCatalog {
    /// A catalog whose snapshots lie here.
    pub fn of<O: ModelObjects + Clone + 'static>(objects: O) -> Self {
        let load = move |live: LiveModel| -> Loading {
            let objects = objects.clone();
            Box::pin(async move { load(&objects, &live).await })
        };
        Self { held: Arc::default(), load: Some(Arc::new(load)) }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The snapshot in memory, however old; `None` before the first good one. Never waits.
    #[must_use]
    pub fn in_memory(&self) -> Option<Arc<CatalogSnapshot>> {
        self.lock().snapshot.clone()
    }

    /// Looks for a newer snapshot if nobody looked for a while, and loads it beside whatever goes on: the page that asks
    /// just then is decided by the one in memory. At most one read of the pointer, to be made beside other reads.
    pub async fn check<C: ConfigStore>(&self, table: &C, now: Timestamp) {
        if let Some((load, live)) = self.newer(table, now).await {
            let held = self.clone();
            tokio::spawn(async move { held.take(load(live.clone()).await, live) });
        }
    }

    /// The same, and waits for it: for the start of a process, when nobody waits yet.
    pub async fn refresh<C: ConfigStore>(&self, table: &C, now: Timestamp) {
        if let Some((load, live)) = self.newer(table, now).await {
            self.take(load(live.clone()).await, live);
        }
    }

    /// What is to be loaded, if anything is.
    async fn newer<C: ConfigStore>(&self, table: &C, now: Timestamp) -> Option<(Load, LiveModel)> {
        let load = self.load.clone()?;
        {
            let mut held = self.lock();
            if now < held.check_at {
                return None;
            }
            held.check_at = now + CATALOG_CHECK_PAUSE;
        }
        let live = match table.live_model(ModelKind::Catalog).await {
            Ok(live) => live?,
            Err(error) => {
                tracing::warn!(error = ?error, "the catalog's pointer could not be read");
                return None;
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
        let mut held = self.lock();
        if [&held.version, &held.loading].into_iter().flatten().any(|known| *known == live.version) {
            return None;
        }
        held.loading = Some(live.version.clone());
        drop(held);
        Some((load, live))
    }

    /// Holds what was loaded, if it is good.
    fn take(&self, loaded: Result<CatalogSnapshot, CatalogUnavailable>, live: LiveModel) {
        let mut held = self.lock();
        // Something newer may be on its way by now.
        let is_wanted = held.loading.as_ref() == Some(&live.version);
        if is_wanted {
            held.loading = None;
        }
        match loaded {
            Ok(snapshot) if is_wanted => {
                held.snapshot = Some(Arc::new(snapshot));
                held.version = Some(live.version);
            }
            Ok(_) => {}
            Err(error) => {
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
