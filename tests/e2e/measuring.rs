//! What functions measure is what happened, and Prometheus can read it.

use axum::body::Body;
use axum::http::{Request, header};
use beckon_cli::feed::Feed;
use beckon_cli::serve;
use beckon_domain::DurationMs;
use beckon_domain::profile::Tallies;
use beckon_runtime::Metrics;
use beckon_runtime::metrics::{Metric, Registry};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::ProfileScan;
use beckon_store::tables::memory::MemoryTables;
use harness::{Answer, Teller, World, world::START};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tower::ServiceExt;

/// A series: its name, and its labels in their order.
type Series = (String, Vec<(String, String)>);

/// A text of Prometheus' format, read strictly: `HELP`, `TYPE`, then samples of that name.
#[derive(Default)]
struct Scrape {
    samples: BTreeMap<Series, f64>,
    kinds: BTreeMap<String, String>,
}

impl Scrape {
    fn read(text: &str) -> Self {
        let (mut scrape, mut helped) = (Self::default(), String::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, meaning) = help.split_once(' ').expect("a help has a text");
                assert!(!meaning.is_empty() && !meaning.contains('\\'), "{line}");
                helped = name.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a type has a kind");
                assert_eq!(name, helped, "TYPE follows HELP of the same name");
                assert!(scrape.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
            } else {
                let (series, value) = sample(line);
                let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.0.strip_suffix(end));
                let base =
                    base.filter(|base| scrape.kinds.get(*base).is_some_and(|kind| kind == "histogram"));
                assert_eq!(base.unwrap_or(&series.0), helped, "a sample stands below its TYPE: {line}");
                assert!(scrape.samples.insert(series, value).is_none(), "twice: {line}");
            }
        }
        scrape
    }

    fn number(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = self.samples.get(&(name.to_owned(), labels));
        *found.unwrap_or_else(|| panic!("no {name} in {:#?}", self.samples.keys()))
    }
}

fn sample(line: &str) -> (Series, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("labels do not end: {line}"));
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap_or_else(|| panic!("no label: {line}"));
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        (name.to_owned(), value.unwrap_or_else(|| panic!("no quotes: {line}")).to_owned())
    };
    let labels = labels.split(',').filter(|text| !text.is_empty()).map(pair).collect();
    ((name.to_owned(), labels), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
}

/// What a scraper gets, and what the profiles themselves have counted.
struct Scraped {
    scrape: Scrape,
    answer: Answer,
    tallies: Tallies,
}

/// A shop in which a bit of everything happened, and what its functions measured, as a scraper gets it from `serve`.
async fn scraped() -> Scraped {
    let registry = Registry::default();
    let mut shop = World::<MemoryTables>::memory().await;
    shop.stack = shop.stack.with_metrics(&Metrics::kept_in(registry.clone()));
    let mut teller = Teller::new(START);
    let consent = json!({ "marketing_email": true });
    let login = teller
        .event(&json!({ "login": "u-1", "by": "anna", "email": "anna@mail.example", "consent": consent }));
    shop.events("sk_local", &[login]).await;
    let view = teller.event(&json!({ "view": "mug", "by": "anna", "id": "again" }));
    let add = teller.event(&json!({ "add": "mug", "by": "anna", "id": "cart" }));
    let nobody = json!({ "type": "track", "event": "Product Viewed", "messageId": "x" });
    shop.collect("pk_local", &[view.clone(), view, add, nobody]).await;
    let poison = NewRecord { partition_key: "nobody".to_owned(), data: b"poison".to_vec() };
    shop.stack.stream.put(vec![poison]).await.unwrap();
    shop.pass(DurationMs::from_ms(700));
    shop.drain().await;
    assert_eq!(shop.post("/v1/batch", "pk_unknown", &json!({ "batch": [] })).await.status, 401);
    shop.decide(&json!({ "anonymousId": "stranger" }), &json!({ "type": "HOME" }), "home.hero").await;
    assert_eq!(shop.post("/v1/decisions", "pk_local", &json!({ "slots": 1 })).await.status, 400);
    shop.pass(DurationMs::from_minutes(15));
    shop.mailer().await;
    assert_eq!(shop.mails(), 1);
    let profiles = shop.stack.tables.scan_profiles().await.unwrap();
    let tallies = profiles.into_iter().fold(Tallies::default(), |all, (_, profile)| Tallies {
        applied: all.applied + profile.tallies.applied,
        duplicate: all.duplicate + profile.tallies.duplicate,
        internal_applied: all.internal_applied + profile.tallies.internal_applied,
        internal_duplicate: all.internal_duplicate + profile.tallies.internal_duplicate,
        ..all
    });
    let feed = Arc::new(Feed::new(shop.stack.clock.clone(), 1.0));
    let app = serve::app(Arc::new(shop.stack), feed, registry);
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = Answer::read(app.oneshot(request).await.unwrap()).await;
    Scraped { scrape: Scrape::read(&answer.text()), answer, tallies }
}

#[tokio::test]
async fn each_function_counts_what_it_did() {
    let Scraped { scrape, tallies, .. } = scraped().await;
    let sum = |name: &str, function: &str| {
        scrape.number(&format!("beckon_{name}_total"), &[("function", function)])
    };
    let by = |name: &str, function: &str, reason: &str| {
        scrape.number(&format!("beckon_{name}_total"), &[("function", function), ("reason", reason)])
    };
    assert_eq!(sum("events_accepted", "collector"), 4.0);
    assert_eq!(by("events_rejected", "collector", "identity"), 1.0);
    assert_eq!(by("requests_refused", "collector", "401"), 1.0);
    let of_profiler = |name: &str| sum(name, "profiler");
    // A forwarded event is counted by the visitor who forwards it, too.
    let (applied, duplicate) =
        (tallies.applied + tallies.internal_applied, tallies.duplicate + tallies.internal_duplicate);
    assert_eq!(of_profiler("events_applied") + of_profiler("events_forwarded"), applied as f64);
    assert_eq!(of_profiler("events_duplicate"), duplicate as f64);
    assert_eq!((tallies.duplicate, of_profiler("batch_gap")), (1, 0.0), "the view that was sent twice");
    assert_eq!(by("events_failed", "profiler", "undecodable"), 1.0);
    let ends = ["applied", "duplicate", "redelivered", "forwarded", "kept_out", "left"];
    let ends: f64 = ends.iter().map(|end| of_profiler(&format!("events_{end}"))).sum();
    assert_eq!(of_profiler("batch_lines"), ends + 1.0, "each line has one end, and one is the poison");
    assert!(sum("signal_lines", "trends") > 0.0);
    assert_eq!(sum("decisions", "decisions"), 1.0);
    assert_eq!(by("decisions_refused", "decisions", "400"), 1.0);
    assert_eq!(sum("mails_sent", "cart-mailer"), 1.0);
    assert_eq!(by("mail_events", "mail-feedback", "sent"), 1.0);
    assert_eq!(by("mail_events", "mail-feedback", "delivered"), 1.0);
}

#[tokio::test]
async fn an_event_is_as_late_as_it_lay_in_the_stream() {
    let Scraped { scrape, .. } = scraped().await;
    let applied = scrape.number("beckon_events_applied_total", &[("function", "profiler")]);
    let latency = "beckon_event_latency_milliseconds";
    assert_eq!(scrape.number(&format!("{latency}_count"), &[("function", "profiler")]), applied);
    let until =
        |le: &str| scrape.number(&format!("{latency}_bucket"), &[("function", "profiler"), ("le", le)]);
    assert_eq!(until("1200") - until("500"), 2.0, "a view and an addition lay there for 700 ms");
    assert_eq!(until("+Inf"), applied);
}

#[tokio::test]
async fn prometheus_reads_all_metrics_and_no_label_names_anybody() {
    let Scraped { scrape, answer, .. } = scraped().await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(scrape.kinds.len(), Metric::ALL.len());
    let names: BTreeSet<&str> =
        scrape.samples.keys().flat_map(|(_, labels)| labels.iter().map(|(name, _)| name.as_str())).collect();
    assert_eq!(names, BTreeSet::from(["function", "le", "reason"]));
    let text = answer.text();
    for secret in ["anna", "u-1", "mug", "stranger", "home.hero", "mail.example"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    let mut below: BTreeMap<String, f64> = BTreeMap::new();
    for metric in scrape.kinds.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name) {
        let bucket = format!("{metric}_bucket");
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for ((name, labels), count) in &scrape.samples {
            if *name == bucket {
                let le = &labels.iter().find(|(name, _)| name == "le").expect("a bucket has a bound").1;
                buckets.push((le.parse().unwrap_or(f64::INFINITY), *count));
            }
        }
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{metric}: {buckets:?}");
        below.insert(metric.clone(), buckets.last().expect("there are buckets").1);
    }
    assert!(below.len() >= 4, "{below:?}");
}
