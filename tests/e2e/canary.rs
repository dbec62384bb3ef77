//! The canary tells a right stack from a broken one, and nothing of it is in any count.

use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_domain::fold::{Folded, Item, fold};
use beckon_domain::reaction::Reaction;
use beckon_domain::{Day, DurationMs, Policy, Profile, ProfileKey, Timestamp};
use beckon_runtime::WebError;
use beckon_store::archive::folder::{FolderArchive, Limits as FolderLimits};
use beckon_store::archive::reader::FolderReader;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{CatalogScan, DUE_SHARD_COUNT, EngagementStore, ProfileScan, ProfileStore};
use cart_mailer::canary::{Api, CanaryFault};
use cart_mailer::{Canary, CanaryReport};
use harness::{World, delivery};
use serde_json::{Value, json};
use trainer::{Hours, Limits, Period, Reconciler, history};

const ACTING: &str = "
version: 1
name: acting
currency: EUR
products:
  - { id: tent, name: Tent, category: tents }
best_sellers: [tent]
segments:
  - { id: looker, when: { event: Product Viewed, within: 10m } }
slots:
  - { id: hero, fallback: best_sellers }
rules:
  - { id: looked, on: Product Viewed, when: { segment: looker }, then: { publish: looked } }
";

/// What becomes of events while the canary waits.
#[derive(Clone, Copy)]
enum Profiling {
    Runs,
    Stopped,
    /// It applies events and forgets what was viewed.
    Forgets,
}

/// A fold with a bug: the profile knows that something happened, and not what.
fn forgetful(
    stored: Option<&Profile>,
    key: &ProfileKey,
    items: &[Item],
    policy: &Policy,
    rules: &dyn Reaction,
) -> Folded {
    let mut folded = fold(stored, key, items, policy, rules);
    folded.profile.viewed = Default::default();
    folded
}

struct WorldApi<'a> {
    world: &'a World<MemoryTables>,
    profiling: Profiling,
}

impl Api for WorldApi<'_> {
    async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), WebError> {
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let answer = self.world.request(request.body(Body::from(body.to_string())).unwrap()).await;
        Ok((answer.status, answer.json()))
    }

    async fn wait(&self) {
        self.world.pass(DurationMs::from_ms(250));
        match self.profiling {
            Profiling::Stopped => {}
            Profiling::Runs => drop(self.world.stack.drain().await.unwrap()),
            Profiling::Forgets => {
                let profiler = profiler::Profiler { fold: forgetful, ..self.world.profiler() };
                delivery::once(&profiler, &self.world.stack.stream.take()).await;
            }
        }
    }
}

/// A run of the canary, with what it tells in the books.
async fn run(world: &mut World<MemoryTables>, profiling: Profiling) -> CanaryReport {
    let put = world.stack.stream.lines_put();
    let canary = Canary {
        api: WorldApi { world, profiling },
        secrets: world.stack.secrets.clone(),
        clock: world.stack.clock.clone(),
    };
    let report = canary.run().await;
    let told = world.stack.stream.lines_put() - put;
    world.collected.received += told;
    world.collected.accepted += told;
    report
}

#[tokio::test]
async fn a_right_stack_passes_run_after_run_and_its_freshness_is_measured() {
    let mut world = World::on(MemoryTables::default(), ACTING).await;
    for number in 0..20 {
        let report = run(&mut world, Profiling::Runs).await;
        assert_eq!((report.fault, report.freshness_ms), (None, Some(250)), "{number}: {}", report.detail);
        world.pass(DurationMs::from_minutes(5));
    }
    let profiles = world.stack.tables.scan_profiles().await.unwrap();
    assert_eq!(profiles.len(), 8, "its profiles are as many however long it runs");
    world.finish().await;
}

#[tokio::test]
async fn a_profiler_that_stands_still_is_told_as_late() {
    let mut world = World::memory().await;
    let report = run(&mut world, Profiling::Stopped).await;
    assert_eq!((report.fault, report.freshness_ms), (Some(CanaryFault::Late), None));
    assert!(report.detail.contains("expected canary-viewed beckon-canary-"), "{}", report.detail);
    world.finish().await;
}

#[tokio::test]
async fn a_decision_that_knows_the_event_and_is_another_one_is_told_as_wrong() {
    let mut world = World::memory().await;
    let report = run(&mut world, Profiling::Forgets).await;
    assert_eq!(report.fault, Some(CanaryFault::Wrong), "{}", report.detail);
    assert!(report.detail.contains(" beckon-canary-none "), "{}", report.detail);
}

#[tokio::test]
async fn an_api_that_answers_nothing_useful_is_told() {
    struct Broken(u16);
    impl Api for Broken {
        async fn post(&self, path: &str, _: &Value) -> Result<(u16, Value), WebError> {
            let decided = json!({ "decisions": [{}], "profile": {} });
            match (self.0, path) {
                (0, _) => Err(WebError::Late),
                (503, "/v1/decisions") => Ok((200, decided)),
                (200, _) => Ok((200, json!({ "degraded": ["ruleset"], "decisions": [{}] }))),
                (status, _) => Ok((status, Value::Null)),
            }
        }
        async fn wait(&self) {}
    }
    let world = World::memory().await;
    for (status, fault) in [
        (0, CanaryFault::Unreachable),
        (401, CanaryFault::NotDecided),
        (503, CanaryFault::NotAccepted),
        (200, CanaryFault::NoRuleset),
    ] {
        let (secrets, clock) = (world.stack.secrets.clone(), world.stack.clock.clone());
        let report = Canary { api: Broken(status), secrets, clock }.run().await;
        assert_eq!(report.fault, Some(fault), "{status}");
    }
}

#[tokio::test]
async fn nothing_of_it_is_in_any_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::on(MemoryTables::default(), ACTING).await;
    let archive = FolderArchive::open(folder.path(), FolderLimits::default()).unwrap();
    let copy = archive.clone();
    let append = move |record: &StreamRecord| copy.append(record.arrived_at, &record.data).unwrap();
    world.stack.stream.copy_to(append);
    for _ in 0..10 {
        assert_eq!(run(&mut world, Profiling::Runs).await.fault, None);
        world.pass(DurationMs::from_minutes(1));
    }
    world.mailer().await;
    let stack = &world.stack;
    assert_eq!(stack.signals.lines_put(), 0, "trends and engagement");
    assert!(stack.tables.scan_trends().await.unwrap().is_empty());
    let days = stack.tables.slot_days(Day::default(), Day::from_number(376_200)).await.unwrap();
    assert!(days.is_empty(), "what became of decisions");
    assert!(stack.bus.events().is_empty(), "rules that publish");
    assert_eq!(world.mails(), 0);
    let far = world.stack.clock.now() + DurationMs::from_days(400);
    for shard in 0..DUE_SHARD_COUNT {
        assert!(stack.tables.due(shard, far, None, 10).await.unwrap().is_empty(), "timers and carts");
    }
    for (_, profile) in stack.tables.scan_profiles().await.unwrap() {
        assert!(profile.rules.segments.is_empty() && profile.measured.is_empty(), "segments, experiments");
        assert!(profile.expires_at() < Timestamp::EPOCH + DurationMs::from_days(365 * 60));
    }
    // Beside it a person is counted, so that what counts was asked.
    let viewed = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "anna",
                         "properties": { "product_id": "tent" } });
    world.events("pk_local", &[viewed]).await;
    world.finish().await;
    assert!(world.stack.signals.lines_put() > 0 && !world.stack.bus.events().is_empty());
    archive.flush().unwrap();
    let reader = FolderReader::new(folder.path());
    let clock = &world.stack.clock;
    let learned = history::read(&reader, Period::All, Limits::default(), (clock, None)).await.unwrap();
    assert_eq!((learned.people.len(), learned.line_count > 10), (1, true), "training");
    // Its lines are in the archive, and balance as all do.
    let now = world.stack.clock.now();
    world.pass(DurationMs::from_hours(8));
    let reconciler = Reconciler {
        tables: world.stack.tables.clone(),
        archive: reader,
        failed: world.stack.failed.clone(),
        clock: world.stack.clock.clone(),
    };
    let hours = Hours::between(now - DurationMs::from_hours(1), now + DurationMs::from_ms(1)).unwrap();
    let reports = reconciler.run(hours, None).await.unwrap();
    assert!(reports.iter().all(|report| report.balance.holds()), "{reports:?}");
    assert!(reports.iter().map(|report| report.balance.applied).sum::<u64>() >= 11);
}

#[tokio::test]
async fn its_decisions_are_written_down_nowhere_and_no_other_key_sees_its_slot() {
    let mut world = World::memory().await;
    assert_eq!(run(&mut world, Profiling::Runs).await.fault, None);
    let ask = json!({ "anonymousId": "anna", "slots": [{ "id": "beckon.canary" }] });
    let answer = world.post("/v1/decisions", "pk_local", &ask).await.json();
    assert_eq!(answer["errors"][0]["code"], "slot.unknown");
    let key = world.stack.secrets.canary_key().unwrap();
    let answer = world.post("/v1/decisions", &key, &ask).await.json();
    let id = answer["decisions"][0]["decisionId"].as_str().unwrap().to_owned();
    let request = Request::builder().uri(format!("/v1/decisions/{id}/explain"));
    let basic = data_encoding::BASE64.encode(b"sk_local:");
    let request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
    let answer = world.request(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 404, "{}", answer.text());
}
