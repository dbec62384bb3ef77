//! The live ruleset, compiled, held in memory for a bounded time.

use crate::error::StoreError;
use crate::tables::ConfigStore;
use beckon_domain::consent::ConsentDefault;
use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::{Ruleset, RulesetError};
use std::sync::{Arc, Mutex, PoisonError};

/// How old the ruleset in memory may be before the table is asked again. A change is promised to be everywhere within 30
/// seconds; the rest is for a read that is a moment behind, and for whoever is deciding just then.
pub const RULESET_AGE_MAX: DurationMs = DurationMs::from_secs(25);

/// Why there is no ruleset.
#[derive(Debug, thiserror::Error)]
pub enum RulesetUnavailable {
    /// The table cannot be read, and none was read before.
    #[error("failed to load the active ruleset")]
    Store(#[source] StoreError),
    /// No ruleset was ever published.
    #[error("no ruleset is active: publish one")]
    None,
    /// The active document is not valid, and none was valid before.
    #[error("the active ruleset is not valid")]
    Invalid(#[source] RulesetError),
}

#[derive(Default)]
struct Held {
    ruleset: Option<Arc<Ruleset>>,
    checked_at: Timestamp,
    /// What is live could not be read, or is not valid.
    is_behind: bool,
}

/// The live ruleset behind a table. A bad or unreachable one never replaces a good one.
#[derive(Clone, Default)]
pub struct ActiveRuleset {
    held: Arc<Mutex<Held>>,
    consent_default: ConsentDefault,
}

impl ActiveRuleset {
    /// An active ruleset for a deployment where people who chose nothing have agreed to these purposes.
    #[must_use]
    pub fn with_consent_default(consent_default: ConsentDefault) -> Self {
        Self { consent_default, ..Self::default() }
    }

    /// The ruleset to decide by at `now`: the one in memory, or a newer one when the table was not asked for a while.
    ///
    /// # Errors
    /// Only when there never was a good one.
    pub async fn get<C: ConfigStore>(
        &self,
        table: &C,
        now: Timestamp,
    ) -> Result<Arc<Ruleset>, RulesetUnavailable> {
        if let Some(ruleset) = self.fresh(now) {
            return Ok(ruleset);
        }
        match Self::load(table, self.in_memory().as_deref()).await {
            Ok(Some(ruleset)) => {
                let ruleset = Arc::new(ruleset.with_consent_default(self.consent_default));
                self.hold(Some(Arc::clone(&ruleset)), now);
                Ok(ruleset)
            }
            Ok(None) => {
                self.hold(None, now);
                self.in_memory().ok_or(RulesetUnavailable::None)
            }
            Err(error) => {
                self.report(&error);
                // The last good one stays; the table is asked again after the usual time, not at once.
                self.put_off(now);
                self.in_memory().ok_or(error)
            }
        }
    }

    /// Leaves the table alone for the usual time: it did not answer when it was asked at `now`.
    pub fn put_off(&self, now: Timestamp) {
        self.hold(None, now);
        self.held.lock().unwrap_or_else(PoisonError::into_inner).is_behind = true;
    }

    /// Whether the one in memory may be an older one than what is live, because that could not be read or is not valid.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).is_behind
    }

    /// The ruleset in memory, however old; `None` before the first good one.
    #[must_use]
    pub fn in_memory(&self) -> Option<Arc<Ruleset>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).ruleset.clone()
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Ruleset>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.ruleset.clone().filter(|_| now.since(held.checked_at) < RULESET_AGE_MAX)
    }

    fn hold(&self, ruleset: Option<Arc<Ruleset>>, now: Timestamp) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        (held.checked_at, held.is_behind) = (now, false);
        if ruleset.is_some() {
            held.ruleset = ruleset;
        }
    }

    /// Says what is wrong with what is live: an alarm counts this line.
    fn report(&self, error: &RulesetUnavailable) {
        if let RulesetUnavailable::Invalid(reason) = error {
            let held = self.in_memory();
            let followed = held.as_ref().map_or("none", |ruleset| ruleset.version());
            tracing::error!(error = ?reason, ruleset.followed = followed, "live ruleset not valid");
        }
    }

    /// A ruleset other than the current one, compiled; `None` when the active one is the current one.
    async fn load<C: ConfigStore>(
        table: &C,
        current: Option<&Ruleset>,
    ) -> Result<Option<Ruleset>, RulesetUnavailable> {
        let document = table.active_ruleset().await.map_err(RulesetUnavailable::Store)?;
        let document = document.ok_or(RulesetUnavailable::None)?;
        if current.is_some_and(|c| c.version() == document.version) {
            return Ok(None);
        }
        Ruleset::parse(&document.body).map(Some).map_err(RulesetUnavailable::Invalid)
    }
}
