//! All functions in one process: the real handlers, taking the real event JSON, on stores and a stream of this process.

mod dry_run;
mod experiments;
mod lane;
mod measuring;
mod post;
mod tables;
mod wiring;

pub use experiments::{NO_EXPERIMENTS, publish_experiments};
pub use tables::Tables;

use crate::conservation::{Collected, Conservation, SignalConservation};
use crate::error::CliError;
use crate::feed::Feed;
use crate::laptop::LocalModels;
use admin::{Admin, Proposal, make_live, run_tests};
use aws_lambda_events::event::kinesis::KinesisEvent;
use axum::Router;
use beckon_domain::consent::ConsentDefault;
use beckon_domain::{Day, Timestamp};
use beckon_mapping::payload::{RecordView, kinesis_event, parse_answer};
use beckon_mapping::{Answer, Batch};
use beckon_rules::Ruleset;
use beckon_runtime::{Clock, MadeKeys, Secrets, fresh_id};
use beckon_store::bus::memory::MemoryBus;
use beckon_store::objects::FailedEventStore;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::memory::{MemoryStream, StreamRecord};
use beckon_store::tables::{ChangeKind, DocumentKind, RulesetStore, key_reader};
use beckon_wire::failed::StreamName;
use cart_mailer::Mailer;
use cart_mailer::send::account::MemoryAccount;
use cart_mailer::send::recording::RecordingSender;
use collector::{Collector, Guard};
use decisions::{Decider, LiveCatalog};
use lane::Lane;
use post::Post;
use preferences::Preferences;
use profiler::Profiler;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Notify;
use trends::Trends;
use wiring::{after_mail, asked, behind_streams, mailing};

/// In whose name a stack publishes the ruleset that it starts with.
pub const WHO: &str = "beckon";

/// A day after every other.
const DAY_LAST: Day = Day::from_number(376_200);

/// Rounds without any progress after which a drain gives up: the store or the stream is down.
const STUCK_ROUNDS_MAX: u32 = 3;

/// What a stack is made of.
pub struct Parts<T, F> {
    /// The tables.
    pub tables: T,
    /// Failed events.
    pub failed: F,
    /// What is learned, and the snapshot of the catalog.
    pub models: LocalModels,
    /// The ruleset, as YAML.
    pub ruleset: String,
    /// The experiments to begin with; `None` leaves those that are live.
    pub experiments: Option<String>,
    /// The time.
    pub clock: Clock,
    /// Shards of the stream.
    pub shard_count: u32,
    /// Records of one batch.
    pub batch_size: usize,
    /// The life of the stream: other than any before on the same tables.
    pub epoch: String,
    /// Where unsubscribe links lead.
    pub public_url: String,
    /// Purposes that people who chose nothing have agreed to.
    pub consent_default: ConsentDefault,
    /// Who watches.
    pub feed: Option<Arc<Feed>>,
}

/// All functions in one process.
pub struct Stack<T, F> {
    /// The tables.
    pub tables: T,
    /// Failed events.
    pub failed: F,
    /// The stream.
    pub stream: MemoryStream,
    /// The stream of signals.
    pub signals: MemoryStream,
    /// What others hear of.
    pub bus: MemoryBus,
    /// The inbox.
    pub sender: RecordingSender,
    /// The time.
    pub clock: Clock,
    /// The secrets of a laptop.
    pub secrets: Secrets,
    /// What the shop sells, as decisions have it.
    pub catalog: LiveCatalog,
    collector: Arc<Collector<MemoryStream, T>>,
    profiler: Profiler<T, MemoryStream, F, MemoryBus>,
    decider: Arc<Decider<T>>,
    mailer: Mailer<T, MemoryStream, RecordingSender, MemoryAccount>,
    preferences: Arc<Preferences<T>>,
    post: Post<T>,
    admin: Arc<Admin<T, LocalModels>>,
    trends: Trends<T, F>,
    events_lane: Lane,
    signals_lane: Lane,
    arrived: Arc<Notify>,
    feed: Option<Arc<Feed>>,
}

/// What is left after a drain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drained {
    /// Batches delivered.
    pub batch_count: u64,
    /// Records that no try could bring further.
    pub stuck_count: usize,
}

impl<T: Tables, F: FailedEventStore + Clone> Stack<T, F> {
    /// Wires a stack and makes its ruleset live.
    ///
    /// # Errors
    /// When the ruleset is not valid or the tables do not take it.
    pub async fn new(parts: Parts<T, F>) -> Result<Self, CliError> {
        let Parts {
            tables,
            failed,
            models,
            ruleset,
            experiments,
            clock,
            shard_count,
            batch_size,
            epoch,
            public_url,
            consent_default,
            feed,
        } = parts;
        let compiled = Ruleset::parse(&ruleset).map_err(|e| CliError::ruleset("ruleset", &e))?;
        publish(&tables, &ruleset, clock.now()).await?;
        if let Some(experiments) = experiments {
            Box::pin(publish_experiments(&tables, &experiments, &compiled, clock.now())).await?;
        }
        let secrets = local_secrets()?.with_made_keys(MadeKeys::reading(key_reader(tables.clone())));
        let rulesets = ActiveRuleset::with_consent_default(consent_default);
        let arrived = Arc::new(Notify::new());
        let new_stream = || {
            let (clock, wake) = (clock.clone(), Arc::clone(&arrived));
            MemoryStream::new(shard_count, move || clock.now(), move || wake.notify_one())
        };
        let (stream, signals) = (new_stream(), new_stream());
        let collector = Collector {
            stream: stream.clone(),
            tables: tables.clone(),
            secrets: secrets.clone(),
            clock: clock.clone(),
            currency: compiled.currency(),
            public_url: public_url.clone(),
            guard: Guard::unlimited(),
            metrics: beckon_runtime::Metrics::default(),
        };
        let streams = (stream.clone(), signals.clone());
        let (profiler, trends) = behind_streams((&tables, &failed), streams, rulesets.clone(), &clock, epoch);
        let from = format!("{} <reminders@shop.example>", compiled.name());
        let mailer = mailing((&tables, &stream), rulesets.clone(), (&secrets, &clock), from, public_url);
        let (preferences, post) = after_mail(&tables, &secrets, &clock);
        let (admin, decider) = asked((&tables, &stream), models, rulesets, &secrets, &clock);
        Ok(Self {
            tables,
            failed,
            events_lane: Lane::new(stream.clone(), batch_size)?,
            signals_lane: Lane::new(signals.clone(), batch_size)?,
            stream,
            signals,
            bus: profiler.bus.clone(),
            sender: mailer.sender.clone(),
            clock,
            secrets,
            catalog: decider.catalog.clone(),
            collector: Arc::new(collector),
            profiler,
            decider: Arc::new(decider),
            mailer,
            preferences: Arc::new(preferences),
            post,
            admin: Arc::new(admin),
            trends,
            arrived,
            feed,
        })
    }

    /// The same with bounds on what strangers can do.
    #[must_use]
    pub fn with_guard(mut self, guard: Guard) -> Self {
        Arc::make_mut(&mut self.collector).guard = guard;
        self
    }

    /// The same with another secret, as when all functions start anew after it was written.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        let secrets = secrets.with_made_keys(MadeKeys::reading(key_reader(self.tables.clone())));
        Arc::make_mut(&mut self.collector).secrets = secrets.clone();
        Arc::make_mut(&mut self.decider).secrets = secrets.clone();
        Arc::make_mut(&mut self.admin).secrets = secrets.clone();
        self.mailer.secrets = secrets.clone();
        let (preferences, post) = after_mail(&self.tables, &secrets, &self.clock);
        (self.preferences, self.post) = (Arc::new(preferences), post);
        self.secrets = secrets;
        self
    }

    /// The HTTP functions, merged as the gateway's routes merge them.
    pub fn router(&self) -> Router {
        let any_origin = ["*".to_owned()];
        collector::router(Arc::clone(&self.collector), &any_origin)
            .merge(decisions::router(Arc::clone(&self.decider), &any_origin))
            .merge(preferences::router(Arc::clone(&self.preferences)))
            .merge(admin::router(Arc::clone(&self.admin)))
            .merge(dry_run::router(Arc::new(self.mailer.clone())))
    }

    /// Waits until a record arrives.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Delivers batches to the profiler, then what came of them to the trends, until nothing waits, or nothing gets
    /// further.
    ///
    /// # Errors
    /// When a payload is not what Lambda's types expect: a bug.
    pub async fn drain(&self) -> Result<Drained, CliError> {
        let events = self.drain_lane(StreamName::Events).await?;
        let signals = self.drain_lane(StreamName::Signals).await?;
        Ok(Drained {
            batch_count: events.batch_count + signals.batch_count,
            stuck_count: events.stuck_count + signals.stuck_count,
        })
    }

    async fn drain_lane(&self, name: StreamName) -> Result<Drained, CliError> {
        let lane = match name {
            StreamName::Events => &self.events_lane,
            StreamName::Signals => &self.signals_lane,
        };
        let mut mapping = lane.mapping().await;
        let (mut batch_count, mut stuck_rounds) = (0, 0);
        loop {
            let invocations = lane.invocations(&mut mapping, self.clock.now())?;
            if invocations.is_empty() {
                return Ok(Drained { batch_count, stuck_count: 0 });
            }
            let mut done_count = 0;
            for invocation in invocations {
                batch_count += 1;
                let answer = self.invoke(name, &invocation.batch).await?;
                done_count += mapping.complete(invocation.id, &answer, self.clock.now()).done_count;
            }
            stuck_rounds = if done_count == 0 { stuck_rounds + 1 } else { 0 };
            if stuck_rounds == STUCK_ROUNDS_MAX {
                return Ok(Drained { batch_count, stuck_count: mapping.undone().count() });
            }
        }
    }

    /// One invocation: event JSON in, answer JSON out, as Lambda would hand them over.
    async fn invoke(&self, name: StreamName, batch: &Batch<StreamRecord>) -> Result<Answer, CliError> {
        let payload = kinesis_event(batch.records.iter().map(|record| RecordView {
            shard: &record.shard,
            sequence: &record.sequence,
            partition_key: &record.partition_key,
            data: &record.data,
            arrived_at_ms: record.arrived_at.as_ms(),
        }));
        let event: KinesisEvent = serde_json::from_value(payload)
            .map_err(|e| CliError::caused("the payload is not a Kinesis event", &e))?;
        let response = match name {
            StreamName::Events => profiler::handle(&self.profiler, event, None).await,
            StreamName::Signals => trends::handle(&self.trends, event, None).await,
        };
        let answer =
            serde_json::to_value(&response).map_err(|e| CliError::caused("the answer is not JSON", &e))?;
        if let (StreamName::Events, Some(feed)) = (name, &self.feed) {
            feed.batch(batch, &self.tables).await;
        }
        Ok(parse_answer(&answer))
    }

    /// One run of the cart mailer, as the schedule would start it. Returns its report as JSON.
    ///
    /// # Errors
    /// When the run could not begin or go on.
    pub async fn tick(&self) -> Result<Value, CliError> {
        let input = json!({ "schedule": "cart-mailer" });
        let report = cart_mailer::handle(&self.mailer, input).await;
        self.post.deliver(&self.sender).await;
        if let Some(feed) = &self.feed {
            feed.mails(&self.sender.mails());
        }
        report.map_err(|e| CliError::caused("the cart mailer did not run", &e))
    }

    /// One event of SES, as EventBridge or SNS delivers it. Returns the report as JSON.
    ///
    /// # Errors
    /// When it was not taken over.
    pub async fn mail_event(&self, payload: Value) -> Result<Value, CliError> {
        let report = mail_feedback::handle(self.post.feedback(), payload).await;
        report.map_err(|e| CliError::caused("mail feedback did not take the event over", &e))
    }

    /// Events in the stream that are not done, counted from their positions.
    pub async fn in_flight(&self) -> u64 {
        self.events_lane.in_flight().await
    }

    /// The balance, given what the collector answered and how many events failed.
    ///
    /// # Errors
    /// When the profiles cannot be read.
    pub async fn conservation(&self, collected: Collected, failed: u64) -> Result<Conservation, CliError> {
        let profiles = self.tables.scan_profiles().await;
        let profiles = profiles.map_err(|e| CliError::caused("the profiles cannot be read", &e))?;
        let (in_flight, lines_put) = (self.in_flight().await, self.stream.lines_put());
        Ok(Conservation::of(collected, &profiles, failed, in_flight, lines_put))
    }

    /// The balance of signals, given how many failed.
    ///
    /// # Errors
    /// When the trends cannot be read.
    pub async fn signal_conservation(&self, failed: u64) -> Result<SignalConservation, CliError> {
        let trends = self.tables.scan_trends().await;
        let trends = trends.map_err(|e| CliError::caused("the trends cannot be read", &e))?;
        let rows = self.tables.slot_days(Day::default(), DAY_LAST).await;
        let rows = rows.map_err(|e| CliError::caused("what became of decisions cannot be read", &e))?;
        let (in_flight, put) = (self.signals_lane.in_flight().await, self.signals.lines_put());
        Ok(SignalConservation::of(put, &trends, failed, in_flight).with_slots(&rows))
    }
}

/// Makes the ruleset that a stack starts with live, unless it is. Whoever starts a stack tries something out: tests that
/// fail are noted and stop nothing.
pub(crate) async fn publish<T: RulesetStore>(
    tables: &T,
    ruleset: &str,
    now: Timestamp,
) -> Result<(), CliError> {
    let checked = admin::check(ruleset, run_tests).map_err(|e| CliError::ruleset("ruleset", &e))?;
    let proposal = Proposal {
        of: DocumentKind::Ruleset,
        id: fresh_id(),
        kind: ChangeKind::Publish,
        tests: checked.tests.count(),
        document: checked.document,
        who: WHO.to_owned(),
        by: None,
        note: None,
        expect: None,
    };
    let published = make_live(tables, proposal, now).await;
    published.map(|_| ()).map_err(|e| CliError::caused("the ruleset could not be stored", &e))
}

fn local_secrets() -> Result<Secrets, CliError> {
    Secrets::local().map_err(|e| CliError::caused("the laptop's secrets", &e))
}

/// The life of the stream of signals beside a life of the stream of events.
#[must_use]
pub fn signals_epoch(epoch: &str) -> String {
    format!("signals-{epoch}")
}

/// An epoch that no earlier life of the stream on the same tables had.
#[must_use]
pub fn epoch(started_at: Timestamp) -> String {
    format!("{:x}", started_at.as_ms())
}
