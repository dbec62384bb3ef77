//! Functions of a stack, each with what it shares with others.

use super::post::Post;
use super::signals_epoch;
use crate::laptop::LocalModels;
use admin::{Admin, run_tests};
use beckon_domain::DurationMs;
use beckon_runtime::{Clock, Metrics, Secrets};
use beckon_store::bus::memory::MemoryBus;
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::{ConfigStore, DecisionStore};
use cart_mailer::Mailer;
use cart_mailer::mail::ActiveMailContent;
use cart_mailer::send::account::MemoryAccount;
use cart_mailer::send::recording::RecordingSender;
use decisions::{Decider, DecisionLog, Exposures, LiveCatalog, LiveSessionIndex};
use mail_feedback::FeedbackTables;
use preferences::Preferences;
use profiler::Profiler;
use trends::{SeenProducts, Trends};

/// How long a laptop's tombstones stand: the template's default.
const TOMBSTONE: DurationMs = DurationMs::from_days(90);

/// The functions that tell what is there: admin, and decisions, which has the catalog that admin publishes.
pub(super) fn asked<T: ConfigStore + DecisionStore + Clone + 'static>(
    (tables, stream): (&T, &MemoryStream),
    models: LocalModels,
    rulesets: ActiveRuleset,
    secrets: &Secrets,
    clock: &Clock,
) -> (Admin<T, LocalModels>, Decider<T>) {
    let catalog = LiveCatalog::reading(tables.clone(), models.clone());
    let session_index = LiveSessionIndex::reading(tables.clone(), models.clone());
    let admin = Admin {
        tables: tables.clone(),
        objects: models,
        secrets: secrets.clone(),
        clock: clock.clone(),
        run_tests,
        tombstone: TOMBSTONE,
    };
    let decider = Decider::new(tables.clone(), rulesets, secrets.clone(), clock.clone());
    let exposures = Exposures::putting(stream.clone());
    let decider = decider.with_log(DecisionLog::keeping(tables.clone()));
    (admin, Decider { session_index, exposures, ..decider.with_catalog(catalog) })
}

/// The mailer, whose mail stays on this machine.
pub(super) fn mailing<T: Clone>(
    (tables, stream): (&T, &MemoryStream),
    rulesets: ActiveRuleset,
    (secrets, clock): (&Secrets, &Clock),
    from: String,
    public_url: String,
) -> Mailer<T, MemoryStream, RecordingSender, MemoryAccount> {
    Mailer {
        tables: tables.clone(),
        stream: stream.clone(),
        sender: RecordingSender::new(clock.clone()),
        account: MemoryAccount::default(),
        is_paced: false,
        rulesets,
        content: ActiveMailContent::default(),
        propensity: ActivePropensity::default(),
        secrets: secrets.clone(),
        clock: clock.clone(),
        from,
        public_url,
        metrics: Metrics::default(),
    }
}

/// What happens after a mail: its links, and what SES tells of it.
pub(super) fn after_mail<T: FeedbackTables + Clone>(
    tables: &T,
    secrets: &Secrets,
    clock: &Clock,
) -> (Preferences<T>, Post<T>) {
    let preferences = Preferences { tables: tables.clone(), secrets: secrets.clone(), clock: clock.clone() };
    (preferences, Post::new(tables, secrets, clock))
}

/// The functions behind the streams of events and of signals.
pub(super) fn behind_streams<T: Clone, F: Clone>(
    (tables, failed): (&T, &F),
    (stream, signals): (MemoryStream, MemoryStream),
    rulesets: ActiveRuleset,
    clock: &Clock,
    epoch: String,
) -> (Profiler<T, MemoryStream, F, MemoryBus>, Trends<T, F>) {
    let trends = Trends {
        tables: tables.clone(),
        failed: failed.clone(),
        clock: clock.clone(),
        epoch: signals_epoch(&epoch),
        seen: SeenProducts::default(),
        metrics: Metrics::default(),
    };
    let profiler = Profiler {
        tables: tables.clone(),
        stream,
        signals,
        failed: failed.clone(),
        bus: MemoryBus::default(),
        rulesets,
        clock: clock.clone(),
        epoch,
        record_age_max: None,
        fold: beckon_domain::fold::fold,
        metrics: Metrics::default(),
    };
    (profiler, trends)
}
