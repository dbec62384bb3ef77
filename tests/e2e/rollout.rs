//! Rulesets become live, and stop being it, while the loop runs.

use admin::{Admin, AdminTables, Caller, TestSummary, router, run_tests};
use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_domain::{DurationMs, SourceId};
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::dynamodb::DynamoTables;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{RulesetChange, RulesetStore};
use beckon_wire::admin::PublishAsk;
use data_encoding::BASE64;
use harness::{Answer, Fault, Faults, Faulty, World};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const TOMBSTONE: beckon_domain::DurationMs = beckon_domain::DurationMs::from_days(90);

const RULESETS: &str = "/admin/v1/rulesets";

/// The sample under another name.
fn named(name: &str) -> String {
    SAMPLE.replace("name: Outdoor sample", &format!("name: {name}"))
}

fn version(text: &str) -> String {
    Ruleset::parse(text).unwrap().version().to_owned()
}

fn request(method: Method, path: &str, key: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        let credentials = BASE64.encode(format!("{key}:").as_bytes());
        request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
    }
    request.body(body.into()).unwrap()
}

fn get(path: &str) -> Request<Body> {
    request(Method::GET, path, Some("sk_local"), "")
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    request(Method::POST, path, Some("sk_local"), body)
}

/// What pages are decided by.
async fn followed<T: beckon_cli::stack::Tables>(world: &World<T>) -> String {
    let body = json!({ "slots": [{ "id": "home.hero" }] });
    let answer = world.post("/v1/decisions", "pk_local", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["configVersion"].as_str().unwrap().to_owned()
}

async fn history<T: RulesetStore>(tables: &T) -> Vec<RulesetChange> {
    tables.ruleset_changes(None, 100).await.unwrap()
}

#[tokio::test]
async fn a_good_ruleset_is_followed_within_30_seconds_and_the_history_says_who_published_it() {
    let world = Box::pin(World::dynamodb(SAMPLE)).await;
    let first = followed(&world).await;
    let autumn = named("Autumn");
    let dry = world.request(post(&format!("{RULESETS}?dry_run=true"), autumn.clone())).await;
    assert_eq!(
        (dry.status, &dry.json()["changed"], &dry.json()["dryRun"]),
        (200, &json!(true), &json!(true))
    );
    assert_eq!(history(&world.stack.tables).await.len(), 1, "a dry run changes nothing");

    let path = format!("{RULESETS}?note=autumn%20sale&by=marketing&expect={}", version(SAMPLE));
    let published = world.request(post(&path, autumn.clone())).await;
    assert_eq!(published.status, 200, "{}", published.text());
    let expected = json!({ "version": version(&autumn), "name": "Autumn", "from": version(SAMPLE),
        "changed": true, "dryRun": false, "number": 2, "forced": false,
        "tests": { "passed": 12, "failed": 0 } });
    assert_eq!(harness::misfit(&expected, &published.json()), None, "{}", published.text());
    assert_eq!(followed(&world).await, first, "what is in memory is good for a while");
    world.pass(DurationMs::from_secs(30));
    assert_eq!(followed(&world).await, format!("Autumn@{}", version(&autumn)));

    let again = world.request(request(Method::PUT, RULESETS, Some("sk_local"), autumn.clone())).await;
    assert_eq!((again.status, &again.json()["changed"]), (200, &json!(false)), "{}", again.text());
    let told = world.request(get(&format!("{RULESETS}?limit=1"))).await.json();
    let change = json!({ "number": 2, "action": "publish", "from": version(SAMPLE), "to": version(&autumn),
        "who": "server", "by": "marketing", "note": "autumn sale", "at": "2025-11-22T08:26:40.000Z",
        "forced": false, "tests": { "passed": 12, "failed": 0 } });
    assert_eq!((&told["changes"], &told["next"]), (&json!([change]), &json!(2)));
    let rest = world.request(get(&format!("{RULESETS}?before=2"))).await.json();
    assert_eq!((&rest["changes"][0]["who"], &rest["next"]), (&json!("beckon"), &Value::Null));
    let active = world.request(get(&format!("{RULESETS}/active"))).await.json();
    assert_eq!((&active["version"], &active["change"]), (&json!(version(&autumn)), &change));
    let text = world.request(get(&format!("{RULESETS}/{}", version(&autumn)))).await;
    assert_eq!((text.text(), text.header("content-type")), (autumn, "application/yaml; charset=utf-8"));
}

#[tokio::test]
async fn a_bad_publish_changes_nothing_and_says_where_it_is_wrong() {
    let world = World::memory().await;
    let first = followed(&world).await;
    let misspelt = SAMPLE.replace("currency:", "curency:");
    let answer = world.request(post(RULESETS, misspelt.clone())).await;
    assert_eq!((answer.status, answer.header("content-type")), (422, "application/problem+json"));
    let problem = answer.json();
    let place =
        problem["errors"].as_array().unwrap().iter().find(|e| e["detail"].to_string().contains("curency"));
    let place = place.unwrap_or_else(|| panic!("{problem}"));
    assert!(place["line"].as_u64().unwrap() > 1 && place["column"] == 1, "{place}");
    let checked = world.request(post(&format!("{RULESETS}/check"), misspelt)).await;
    assert_eq!((checked.status, &checked.json()["valid"]), (200, &json!(false)));
    assert_eq!(checked.json()["problems"], problem["errors"], "to check is to be told the same");

    let cases = [
        (RULESETS.to_owned(), Body::from("not yaml: ["), 422),
        (RULESETS.to_owned(), Body::from(""), 422),
        (RULESETS.to_owned(), Body::from(vec![0xff, 0xfe]), 400),
        (RULESETS.to_owned(), Body::from("#".repeat(1024 * 1024 + 1)), 413),
        (format!("{RULESETS}?dryrun=true"), Body::from(named("Autumn")), 400),
        (format!("{RULESETS}?expect=000000000000"), Body::from(named("Autumn")), 409),
    ];
    for (path, body, status) in cases {
        let answer = world.request(post(&path, body)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    world.pass(DurationMs::from_minutes(1));
    assert_eq!(followed(&world).await, first);
    assert_eq!(history(&world.stack.tables).await.len(), 1);
}

async fn asked<T: AdminTables + Clone>(admin: &Admin<T, MemoryModels>, request: Request<Body>) -> Answer {
    Answer::read(router(Arc::new(admin.clone())).oneshot(request).await.unwrap()).await
}

/// Admin like the stack's, with other tables and another runner of tests.
fn admin_on<T>(
    world: &World<MemoryTables>,
    tables: T,
    run_tests: admin::check::RunTests,
) -> Admin<T, MemoryModels> {
    let (secrets, clock) = (world.stack.secrets.clone(), world.stack.clock.clone());
    Admin { tables, objects: MemoryModels::default(), secrets, clock, run_tests, tombstone: TOMBSTONE }
}

#[tokio::test]
async fn a_ruleset_whose_tests_fail_becomes_live_only_by_force_and_the_history_says_so() {
    let world = World::memory().await;
    let tables = world.stack.tables.clone();
    let failing = admin_on(&world, tables.clone(), |ruleset| TestSummary {
        passed: 2,
        failed: u32::from(ruleset.name() == "Autumn"),
        failures: vec![
            "hero shows the tent: shows the mug".to_owned();
            usize::from(ruleset.name() == "Autumn")
        ],
    });
    let refused = asked(&failing, post(RULESETS, named("Autumn"))).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.json()["detail"].to_string().contains("1 of 3 tests"), "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["detail"], "hero shows the tent: shows the mug");
    assert_eq!(history(&tables).await.len(), 1);

    let forced = asked(&failing, post(&format!("{RULESETS}?force=true"), named("Autumn"))).await;
    assert_eq!((forced.status, &forced.json()["forced"]), (200, &json!(true)), "{}", forced.text());
    let change = history(&tables).await.remove(0);
    assert!(change.forced && (change.tests.passed, change.tests.failed) == (2, 1), "{change:?}");
    let good = asked(&failing, post(&format!("{RULESETS}?force=true"), named("Winter"))).await;
    assert_eq!(good.json()["forced"], false, "nothing had to be forced");
}

#[tokio::test]
async fn a_rollback_brings_back_what_was_live_before_or_any_version_that_was() {
    let world = Box::pin(World::dynamodb(SAMPLE)).await;
    let rollback = format!("{RULESETS}/rollback");
    let nothing = world.request(post(&rollback, "")).await;
    assert_eq!(nothing.status, 409, "nothing was live before: {}", nothing.text());
    for name in ["Autumn", "Winter"] {
        assert_eq!(world.request(post(RULESETS, named(name))).await.status, 200);
    }
    let back = world.request(post(&rollback, json!({ "note": "too cold", "by": "ops" }).to_string())).await;
    assert_eq!((back.status, &back.json()["name"]), (200, &json!("Autumn")), "{}", back.text());
    world.pass(DurationMs::from_secs(30));
    assert_eq!(followed(&world).await, format!("Autumn@{}", version(&named("Autumn"))));

    let first = json!({ "to": version(SAMPLE) }).to_string();
    assert_eq!(world.request(post(&rollback, first.clone())).await.json()["number"], 5);
    assert_eq!(world.request(post(&rollback, first)).await.json()["changed"], false, "it is live already");
    for (to, status) in [("000000000000", 404), ("../active", 404), ("active", 404)] {
        let answer = world.request(post(&rollback, json!({ "to": to }).to_string())).await;
        assert_eq!(answer.status, status, "{to}: {}", answer.text());
    }
    let changes = history(&world.stack.tables).await;
    let told: Vec<_> = changes.iter().map(|c| (c.number, c.kind.name(), c.to.as_str())).collect();
    let [sample, autumn, winter] =
        [SAMPLE.to_owned(), named("Autumn"), named("Winter")].map(|text| version(&text));
    let expected = [
        (5, "rollback", sample.as_str()),
        (4, "rollback", autumn.as_str()),
        (3, "publish", winter.as_str()),
        (2, "publish", autumn.as_str()),
        (1, "publish", sample.as_str()),
    ];
    assert_eq!(told, expected);
    assert_eq!((changes[1].by.as_deref(), changes[1].note.as_deref()), (Some("ops"), Some("too cold")));
    for pair in changes.windows(2) {
        assert_eq!(pair[0].from.as_deref(), Some(pair[1].to.as_str()), "each change follows the one before");
    }
}

#[tokio::test]
async fn of_many_who_publish_at_once_each_is_told_whether_it_was_they() {
    let world = Box::pin(World::<DynamoTables>::dynamodb(SAMPLE)).await;
    let (tables, objects) = (world.stack.tables.clone(), MemoryModels::default());
    let (secrets, clock) = (world.stack.secrets.clone(), world.stack.clock.clone());
    // Past the audit chain, which lets one after the other in.
    let admin = Admin { tables, objects, secrets, clock, run_tests, tombstone: TOMBSTONE };
    let source = SourceId::new("server").unwrap();
    let publish = |n: u32| {
        let (admin, source) = (&admin, &source);
        async move {
            let (text, request_id) = (named(&format!("Shop {n}")), format!("request-{n}"));
            let caller = Caller { source, request_id: &request_id };
            let answer = admin.publish(&text, PublishAsk::default(), caller).await;
            answer.map(|answer| answer.number.unwrap()).map_err(|error| error.into_problem().status())
        }
    };
    let answers = futures_util::future::join_all((0..6).map(publish)).await;
    let live: Vec<u64> = answers.iter().filter_map(|answer| answer.ok()).collect();
    assert!(answers.iter().all(|answer| !matches!(answer, Err(status) if *status != 409)), "{answers:?}");
    assert!(answers.contains(&Err(409)), "none of them met another: the test shows nothing");
    let changes = history(&world.stack.tables).await;
    assert_eq!(changes.len(), live.len() + 1, "one record for each that was told so");
    assert_eq!(
        changes.iter().map(|c| c.number).rev().collect::<Vec<_>>(),
        (1..=changes.len() as u64).collect::<Vec<_>>()
    );
    let active = world.stack.tables.live_ruleset().await.unwrap().unwrap();
    assert_eq!((active.number, &active.document.version), (changes[0].number, &changes[0].to));
}

/// Whatever call fails, in whatever way: what is live is what the latest record says, and who was told that it is done can
/// rely on it.
#[tokio::test]
async fn a_change_and_its_record_are_never_apart_whichever_call_fails() {
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::DeathBefore, Fault::DeathAfter] {
        for at in 1.. {
            let world = World::memory().await;
            assert_eq!(world.request(post(RULESETS, named("Autumn"))).await.status, 200);
            let tables = world.stack.tables.clone();
            let faults = Faults::at(at, fault).with_rollouts();
            let admin = admin_on(&world, Faulty::new(tables.clone(), &faults), run_tests);
            let answer = asked(&admin, post(&format!("{RULESETS}/rollback"), "")).await;
            let (live, changes) = (tables.live_ruleset().await.unwrap().unwrap(), history(&tables).await);
            let latest = &changes[0];
            assert_eq!(
                (live.number, &live.document.version),
                (latest.number, &latest.to),
                "{fault:?} at {at}"
            );
            let is_done = changes.len() == 3;
            match answer.status {
                200 => assert!(is_done, "{fault:?} at {at}: told that it is done, and it is not"),
                503 => assert_eq!(answer.header("retry-after"), "2", "{fault:?} at {at}"),
                other => panic!("{fault:?} at {at}: {other} {}", answer.text()),
            }
            if fault == Fault::AnswerLost && is_done {
                assert_eq!(answer.status, 200, "its own change is known again, at {at}");
            }
            if !faults.struck() {
                assert!(at > 3, "the run made fewer calls than a rollback does");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_page_and_a_stranger_see_and_change_nothing() {
    let world = World::memory().await;
    let active = format!("{RULESETS}/{}", version(SAMPLE));
    let paths = [
        (Method::GET, RULESETS),
        (Method::POST, RULESETS),
        (Method::PUT, RULESETS),
        (Method::GET, "/admin/v1/rulesets/active"),
        (Method::POST, "/admin/v1/rulesets/check"),
        (Method::POST, "/admin/v1/rulesets/rollback"),
        (Method::GET, active.as_str()),
    ];
    for (method, path) in paths {
        for (key, status) in [(Some("pk_local"), 403), (Some("sk_other"), 401), (Some(""), 401), (None, 401)]
        {
            let answer = world.request(request(method.clone(), path, key, named("Autumn"))).await;
            assert_eq!(answer.status, status, "{method} {path} with {key:?}: {}", answer.text());
            assert!(!answer.text().contains("Outdoor"), "{}", answer.text());
            assert_eq!(
                answer.header("access-control-allow-origin"),
                "",
                "pages of other origins have no business here"
            );
        }
    }
    assert_eq!(history(&world.stack.tables).await.len(), 1);
}
