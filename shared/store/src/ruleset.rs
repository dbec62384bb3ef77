//! The live ruleset with the live experiments, compiled, held in memory for a bounded time.
//!
//! Both are read at once and compiled as a pair: experiments name slots, rules and offers of the ruleset. A pair that does not
//! fit never replaces one that did. Where there never was one, the ruleset alone decides, and nothing is measured.

use crate::error::StoreError;
use crate::tables::ConfigStore;
use beckon_domain::consent::ConsentDefault;
use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::experiments::Experiments;
use beckon_rules::{Ruleset, RulesetError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// The live experiments do not fit the live ruleset.
    #[error("the live experiments do not fit the live ruleset")]
    InvalidExperiments(#[source] RulesetError),
}

/// What is live, compiled, and which documents it is of.
struct Pair {
    ruleset: Arc<Ruleset>,
    /// The versions of the ruleset and of the experiments.
    versions: (String, Option<String>),
}

#[derive(Default)]
struct Held {
    pair: Option<Pair>,
    checked_at: Timestamp,
    /// When the table last said what is live, and it was valid.
    answered_at: Option<Timestamp>,
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
        match self.load(table).await {
            Ok(pair) => {
                self.hold(pair, now);
                self.lock().answered_at = Some(now);
                self.in_memory().ok_or(RulesetUnavailable::None)
            }
            Err(error) => {
                self.report(&error);
                // The last good pair stays; the table is asked again after the usual time, not at once.
                self.put_off(now);
                self.in_memory().ok_or(error)
            }
        }
    }

    /// Leaves the table alone for the usual time: it did not answer when it was asked at `now`.
    pub fn put_off(&self, now: Timestamp) {
        self.hold(None, now);
        self.lock().is_behind = true;
    }

    /// Whether the one in memory may be an older one than what is live, because that could not be read or is not valid.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.lock().is_behind
    }

    /// When the table last said what is live, and it was valid; `None` before it ever did.
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.lock().answered_at
    }

    /// The ruleset in memory, however old; `None` before the first good one.
    #[must_use]
    pub fn in_memory(&self) -> Option<Arc<Ruleset>> {
        self.lock().pair.as_ref().map(|pair| Arc::clone(&pair.ruleset))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Ruleset>> {
        let held = self.lock();
        let is_fresh = now.since(held.checked_at) < RULESET_AGE_MAX;
        held.pair.as_ref().filter(|_| is_fresh).map(|pair| Arc::clone(&pair.ruleset))
    }

    fn hold(&self, pair: Option<Pair>, now: Timestamp) {
        let mut held = self.lock();
        (held.checked_at, held.is_behind) = (now, false);
        if pair.is_some() {
            held.pair = pair;
        }
    }

    /// Says what is wrong with what is live: an alarm counts the first part of these lines.
    fn report(&self, error: &RulesetUnavailable) {
        let held = self.in_memory();
        let followed = held.as_ref().map_or("none", |ruleset| ruleset.version());
        match error {
            RulesetUnavailable::Invalid(reason) => {
                tracing::error!(error = ?reason, ruleset.followed = followed, "live ruleset not valid");
            }
            RulesetUnavailable::InvalidExperiments(reason) => {
                tracing::error!(
                    error = ?reason,
                    ruleset.followed = followed,
                    "live ruleset not valid with the live experiments"
                );
            }
            RulesetUnavailable::Store(_) | RulesetUnavailable::None => {}
        }
    }

    /// A pair other than the current one, compiled; `None` when the active one is the current one.
    async fn load<C: ConfigStore>(&self, table: &C) -> Result<Option<Pair>, RulesetUnavailable> {
        let active = table.active_documents().await.map_err(RulesetUnavailable::Store)?;
        let document = active.ruleset.ok_or(RulesetUnavailable::None)?;
        let versions = (document.version, active.experiments.as_ref().map(|known| known.version.clone()));
        if self.lock().pair.as_ref().is_some_and(|pair| pair.versions == versions) {
            return Ok(None);
        }
        let ruleset = Ruleset::parse(&document.body).map_err(RulesetUnavailable::Invalid)?;
        let experiments = match active.experiments {
            None => Experiments::default(),
            Some(experiments) => match Experiments::load(&experiments.body, &ruleset) {
                Ok(experiments) => experiments,
                Err(error) => {
                    let error = RulesetUnavailable::InvalidExperiments(error);
                    if self.in_memory().is_some() {
                        return Err(error);
                    }
                    // A page is answered by the rules rather than by fallbacks.
                    self.report(&error);
                    Experiments::none()
                }
            },
        };
        let ruleset = ruleset.with_experiments(experiments).with_consent_default(self.consent_default);
        Ok(Some(Pair { ruleset: Arc::new(ruleset), versions }))
    }
}
