//! Delivery to a function behind a stream by hand: Lambda's event JSON in, its partial-batch answer out.

use crate::world::World;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use beckon_cli::stack::Tables;
use beckon_domain::Timestamp;
use beckon_domain::mark::SequenceNumber;
use beckon_mapping::payload::{RecordView, kinesis_event};
use beckon_mapping::{Answer, Entry, Mapping, Options, Step};
use beckon_store::bus::EventBus;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::EventStream;
use beckon_store::streams::memory::{MemoryStream, StreamRecord};
use beckon_store::tables::{
    CatalogStore, ConfigStore, EngagementStore, ExperimentStore, ProductStore, ProfileStore,
};
use profiler::Profiler;
use trends::Trends;

/// The event that Lambda would make of these records.
#[must_use]
pub fn event(records: &[StreamRecord]) -> KinesisEvent {
    let payload = kinesis_event(records.iter().map(|record| RecordView {
        shard: &record.shard,
        sequence: &record.sequence,
        partition_key: &record.partition_key,
        data: &record.data,
        arrived_at_ms: record.arrived_at.as_ms(),
    }));
    serde_json::from_value(payload).expect("the payload is a Kinesis event")
}

/// A function behind a stream.
pub trait Consumer {
    /// One invocation.
    fn invoke(&self, event: KinesisEvent) -> impl Future<Output = KinesisEventResponse> + Send;
}

impl<T, S, F, B> Consumer for Profiler<T, S, F, B>
where
    T: ProfileStore + ConfigStore + ExperimentStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    async fn invoke(&self, event: KinesisEvent) -> KinesisEventResponse {
        profiler::handle(self, event, None).await
    }
}

impl<T: CatalogStore + ProductStore + EngagementStore, F: FailedEventStore> Consumer for Trends<T, F> {
    async fn invoke(&self, event: KinesisEvent) -> KinesisEventResponse {
        trends::handle(self, event, None).await
    }
}

/// Hands records over once. Returns the sequence numbers that the answer names.
pub async fn once<C: Consumer>(consumer: &C, records: &[StreamRecord]) -> Vec<String> {
    named(&consumer.invoke(event(records)).await)
}

/// The sequence numbers that an answer names.
#[must_use]
pub fn named(response: &KinesisEventResponse) -> Vec<String> {
    let answer = serde_json::to_value(response).expect("an answer is JSON");
    let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    failures.iter().map(|f| f["itemIdentifier"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Later than any record of a story.
const NOW: Timestamp = Timestamp::from_ms(i64::MAX);

fn entry(record: StreamRecord) -> Entry<StreamRecord> {
    Entry {
        sequence: SequenceNumber::parse(&record.sequence).expect("a number"),
        partition_key: record.partition_key.clone(),
        bytes: record.data.len(),
        arrived_at: record.arrived_at,
        record,
    }
}

/// A mapping of its own, for a story whose functions come and go.
pub struct Delivery {
    mapping: Mapping<StreamRecord>,
}

impl Default for Delivery {
    fn default() -> Self {
        let options = Options { report_batch_item_failures: true, ..Options::default() };
        Self { mapping: Mapping::new(options).expect("within AWS's limits") }
    }
}

impl Delivery {
    /// Delivers until nothing waits or `rounds_max` rounds are over. Returns how many records are left.
    pub async fn run<C: Consumer>(&mut self, stream: &MemoryStream, consumer: &C, rounds_max: u32) -> usize {
        for _ in 0..rounds_max {
            for record in stream.take() {
                let now = record.arrived_at;
                self.mapping.push(&record.shard.clone(), entry(record), now);
            }
            // Neither a window nor a limit is set: no step depends on the time.
            let steps: Vec<_> = std::iter::from_fn(|| self.mapping.next(NOW)).collect();
            if steps.is_empty() {
                return 0;
            }
            for step in steps {
                let Step::Invoke(invocation) = step else { panic!("nothing is ever discarded") };
                let failures = once(consumer, &invocation.batch.records).await;
                let answer = Answer::Returned(failures.into_iter().map(Some).collect());
                self.mapping.complete(invocation.id, &answer, NOW);
            }
        }
        self.mapping.undone().count()
    }
}

impl<T: Tables> World<T> {
    /// Delivers what waits now and nothing that comes of it: a merge record stays in the stream.
    pub async fn deliver_once(&mut self) {
        let records = self.stack.stream.take();
        let profiler = self.profiler();
        let failures = once(&profiler, &records).await;
        assert_eq!(failures, Vec::<String>::new(), "everything is applied");
        self.see_episodes().await;
    }
}
