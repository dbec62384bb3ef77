//! All functions in one process: the real handlers, taking the real event JSON, on stores and a stream of this process.

use crate::conservation::{Collected, Conservation};
use crate::error::CliError;
use crate::feed::Feed;
use aws_lambda_events::event::kinesis::KinesisEvent;
use axum::Router;
use beckon_domain::Timestamp;
use beckon_domain::consent::ConsentDefault;
use beckon_domain::mark::SequenceNumber;
use beckon_mapping::payload::{RecordView, kinesis_event, parse_answer};
use beckon_mapping::{Answer, Batch, Entry, Mapping, Options, Step};
use beckon_rules::Ruleset;
use beckon_runtime::{Clock, Secrets};
use beckon_store::objects::FailedEventStore;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::streams::memory::{MemoryStream, StreamRecord};
use beckon_store::tables::{
    ConfigStore, ContactStore, OutreachStore, ProfileScan, ProfileStore, RulesetDocument,
};
use cart_mailer::Mailer;
use cart_mailer::send::recording::RecordingSender;
use collector::Collector;
use decisions::Decider;
use preferences::Preferences;
use profiler::Profiler;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};

/// Tables that a stack can run on.
pub trait Tables:
    ProfileStore + ContactStore + OutreachStore + ConfigStore + ProfileScan + Clone + 'static
{
}

impl<T> Tables for T where
    T: ProfileStore + ContactStore + OutreachStore + ConfigStore + ProfileScan + Clone + 'static
{
}

/// Rounds without any progress after which a drain gives up: the store or the stream is down.
const STUCK_ROUNDS_MAX: u32 = 3;

/// What a stack is made of.
pub struct Parts<T, F> {
    /// The tables.
    pub tables: T,
    /// Failed events.
    pub failed: F,
    /// The ruleset, as YAML.
    pub ruleset: String,
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
    /// The inbox.
    pub sender: RecordingSender,
    /// The time.
    pub clock: Clock,
    /// The secrets of a laptop.
    pub secrets: Secrets,
    collector: Arc<Collector<MemoryStream, T>>,
    profiler: Profiler<T, MemoryStream, F>,
    decider: Arc<Decider<T>>,
    mailer: Mailer<T, MemoryStream, RecordingSender>,
    preferences: Arc<Preferences<T>>,
    mapping: Mutex<Mapping<StreamRecord>>,
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
            ruleset,
            clock,
            shard_count,
            batch_size,
            epoch,
            public_url,
            consent_default,
            feed,
        } = parts;
        let compiled = Ruleset::parse(&ruleset).map_err(|e| CliError::ruleset("ruleset", &e))?;
        let document = RulesetDocument { version: compiled.version().to_owned(), body: ruleset };
        let activated = tables.activate_ruleset(&document, clock.now()).await;
        activated.map_err(|e| CliError::caused("the ruleset could not be stored", &e))?;
        let secrets = Secrets::local().map_err(|e| CliError::caused("the laptop's secrets", &e))?;
        let rulesets = ActiveRuleset::with_consent_default(consent_default);
        let arrived = Arc::new(Notify::new());
        let (stream_clock, wake) = (clock.clone(), Arc::clone(&arrived));
        let stream = MemoryStream::new(shard_count, move || stream_clock.now(), move || wake.notify_one());
        let sender = RecordingSender::new(clock.clone());
        let collector = Collector {
            stream: stream.clone(),
            contacts: tables.clone(),
            secrets: secrets.clone(),
            clock: clock.clone(),
            currency: compiled.currency(),
        };
        let profiler = Profiler {
            tables: tables.clone(),
            stream: stream.clone(),
            failed: failed.clone(),
            rulesets: rulesets.clone(),
            clock: clock.clone(),
            epoch,
            record_age_max: None,
        };
        let mailer = Mailer {
            tables: tables.clone(),
            stream: stream.clone(),
            sender: sender.clone(),
            rulesets: rulesets.clone(),
            secrets: secrets.clone(),
            clock: clock.clone(),
            from: format!("{} <reminders@shop.example>", compiled.name()),
            public_url,
        };
        let preferences =
            Preferences { tables: tables.clone(), secrets: secrets.clone(), clock: clock.clone() };
        let decider =
            Decider { tables: tables.clone(), rulesets, secrets: secrets.clone(), clock: clock.clone() };
        Ok(Self {
            tables,
            failed,
            stream,
            sender,
            clock,
            secrets,
            collector: Arc::new(collector),
            profiler,
            decider: Arc::new(decider),
            mailer,
            preferences: Arc::new(preferences),
            mapping: Mutex::new(mapping(batch_size)?),
            arrived,
            feed,
        })
    }

    /// The HTTP functions, merged as the gateway's routes merge them.
    pub fn router(&self) -> Router {
        let any_origin = ["*".to_owned()];
        collector::router(Arc::clone(&self.collector), &any_origin)
            .merge(decisions::router(Arc::clone(&self.decider), &any_origin))
            .merge(preferences::router(Arc::clone(&self.preferences)))
    }

    /// Waits until a record arrives.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Delivers batches to the profiler until nothing waits, or nothing gets further.
    ///
    /// # Errors
    /// When a payload is not what Lambda's types expect: a bug.
    pub async fn drain(&self) -> Result<Drained, CliError> {
        let mut mapping = self.mapping.lock().await;
        let (mut batch_count, mut stuck_rounds) = (0, 0);
        loop {
            for record in self.stream.take() {
                let shard = record.shard.clone();
                mapping.push(&shard, entry(record)?, self.clock.now());
            }
            let mut done_count = 0;
            let mut invocations = Vec::new();
            // Without limits on retries and age, nothing is ever discarded.
            while let Some(Step::Invoke(invocation)) = mapping.next(self.clock.now()) {
                invocations.push(invocation);
            }
            if invocations.is_empty() {
                return Ok(Drained { batch_count, stuck_count: 0 });
            }
            for invocation in invocations {
                batch_count += 1;
                let answer = self.invoke_profiler(&invocation.batch).await?;
                done_count += mapping.complete(invocation.id, &answer, self.clock.now()).done_count;
            }
            stuck_rounds = if done_count == 0 { stuck_rounds + 1 } else { 0 };
            if stuck_rounds == STUCK_ROUNDS_MAX {
                return Ok(Drained { batch_count, stuck_count: mapping.undone().count() });
            }
        }
    }

    /// One invocation: event JSON in, answer JSON out, as Lambda would hand them over.
    async fn invoke_profiler(&self, batch: &Batch<StreamRecord>) -> Result<Answer, CliError> {
        let payload = kinesis_event(batch.records.iter().map(|record| RecordView {
            shard: &record.shard,
            sequence: &record.sequence,
            partition_key: &record.partition_key,
            data: &record.data,
            arrived_at_ms: record.arrived_at.as_ms(),
        }));
        let event: KinesisEvent = serde_json::from_value(payload)
            .map_err(|e| CliError::caused("the payload is not a Kinesis event", &e))?;
        let response = profiler::handle(&self.profiler, event, None).await;
        let answer =
            serde_json::to_value(&response).map_err(|e| CliError::caused("the answer is not JSON", &e))?;
        if let Some(feed) = &self.feed {
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
        if let Some(feed) = &self.feed {
            feed.mails(&self.sender.mails());
        }
        report.map_err(|e| CliError::caused("the cart mailer did not run", &e))
    }

    /// Lines in the stream that are not done, counted from their positions.
    pub async fn in_flight(&self) -> u64 {
        let mapping = self.mapping.lock().await;
        let lines = |record: &StreamRecord| record.data.split(|b| *b == b'\n').count() as u64;
        mapping.undone().map(lines).sum::<u64>() + self.stream.waiting_lines()
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
}

fn entry(record: StreamRecord) -> Result<Entry<StreamRecord>, CliError> {
    let sequence = SequenceNumber::parse(&record.sequence)
        .ok_or_else(|| CliError::failed("a sequence number is not a number"))?;
    Ok(Entry {
        sequence,
        partition_key: record.partition_key.clone(),
        bytes: record.data.len(),
        arrived_at: record.arrived_at,
        record,
    })
}

/// The mapping between the stream and the profiler: it never gives up on a record.
fn mapping(batch_size: usize) -> Result<Mapping<StreamRecord>, CliError> {
    let options = Options { batch_size, report_batch_item_failures: true, ..Options::default() };
    Mapping::new(options).map_err(|e| CliError::caused("the stack's mapping", &e))
}

/// An epoch that no earlier life of the stream on the same tables had.
#[must_use]
pub fn epoch(started_at: Timestamp) -> String {
    format!("{:x}", started_at.as_ms())
}
