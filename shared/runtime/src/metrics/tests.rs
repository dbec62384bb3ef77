use super::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const AT: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn batch() -> Measures {
    let mut measures = Measures::of(Function::Profiler);
    measures.add(Metric::EventsApplied, 3);
    measures.add(Metric::EventsDuplicate, 0);
    measures.add_by(Metric::EventsFailed, "undecodable", 1);
    measures.add_by(Metric::EventsFailed, "expired", 2);
    measures.value(Metric::EventLatency, 80);
    measures.value(Metric::EventLatency, 40);
    measures
}

fn documents(measures: &Measures) -> Vec<Value> {
    lines(measures, "Beckon/shop", AT).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_batch_is_one_line_and_each_reason_that_occurred_another() {
    let documents = documents(&batch());
    assert_eq!(
        documents[0],
        json!({
            "_aws": {"Timestamp": 1_763_800_000_000_i64, "CloudWatchMetrics": [{
                "Namespace": "Beckon/shop",
                "Dimensions": [["Function"]],
                "Metrics": [
                    {"Name": "EventsApplied", "Unit": "Count"},
                    {"Name": "EventsFailed", "Unit": "Count"},
                    {"Name": "EventLatency", "Unit": "Milliseconds"},
                ],
            }]},
            "Function": "profiler", "EventsApplied": 3, "EventsFailed": 3, "EventLatency": [40, 80],
        })
    );
    let reasons: Vec<_> = documents[1..].iter().map(|d| (d["Reason"].as_str(), &d["EventsFailed"])).collect();
    assert_eq!(reasons, [(Some("expired"), &json!(2)), (Some("undecodable"), &json!(1))]);
    assert_eq!(documents[1]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Function", "Reason"]]));
}

#[test]
fn every_reference_of_a_line_is_a_member_of_it() {
    for document in documents(&batch()) {
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        let named = directive["Metrics"].as_array().unwrap().iter().map(|metric| &metric["Name"]);
        for name in named.chain(directive["Dimensions"][0].as_array().unwrap()) {
            assert!(!document[name.as_str().unwrap()].is_null(), "{name} is missing in {document}");
        }
    }
}

#[test]
fn nothing_measured_is_no_line() {
    let mut measures = Measures::of(Function::Trends);
    measures.add(Metric::SignalLines, 0);
    assert_eq!(lines(&measures, "Beckon/shop", AT), "");
}

#[test]
fn more_values_than_a_line_takes_keep_their_ends_and_their_percentiles() {
    let mut measures = Measures::of(Function::Profiler);
    (1..=10_000).rev().for_each(|ms| measures.value(Metric::EventLatency, ms));
    let document = &documents(&measures)[0];
    let told: Vec<u64> = serde_json::from_value(document["EventLatency"].clone()).unwrap();
    assert_eq!((told.len(), told[0], told[99]), (VALUES_MAX, 1, 10_000));
    assert!(told[49].abs_diff(5_000) <= 100 && told[98].abs_diff(9_900) <= 100, "{} {}", told[49], told[98]);
}

#[test]
fn what_cannot_be_a_reason_is_told_as_other() {
    let mut measures = Measures::of(Function::CartMailer);
    for text in ["a b", "\"}", "", &"x".repeat(49), "jane@shop.example"] {
        measures.add_by(Metric::MailsNotSent, text, 1);
    }
    measures.add_by(Metric::MailsNotSent, "NO_CONTACT", 1);
    assert_eq!(measures.number_by(Metric::MailsNotSent, "other"), 5);
    assert_eq!(measures.number_by(Metric::MailsNotSent, "NO_CONTACT"), 1);
    assert_eq!(measures.number(Metric::MailsNotSent), 6);
}

#[test]
fn a_registry_adds_up_and_keeps_the_latest() {
    let registry = Registry::default();
    let mut measures = batch();
    measures.set(Metric::RecordAge, 900);
    registry.take(&measures);
    measures.set(Metric::RecordAge, 30);
    registry.take(&measures);
    let text = registry.text();
    for line in [
        "# TYPE beckon_events_applied_total counter",
        "beckon_events_applied_total{function=\"profiler\"} 6",
        "beckon_events_failed_total{function=\"profiler\",reason=\"expired\"} 4",
        "beckon_record_age_milliseconds{function=\"profiler\"} 30",
        "beckon_event_latency_milliseconds_bucket{function=\"profiler\",le=\"50\"} 2",
        "beckon_event_latency_milliseconds_bucket{function=\"profiler\",le=\"+Inf\"} 4",
        "beckon_event_latency_milliseconds_sum{function=\"profiler\"} 240",
        "beckon_mails_sent_total{function=\"cart-mailer\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is missing in\n{text}");
    }
}

#[test]
fn a_registry_has_room_for_so_many_reasons() {
    let registry = Registry::default();
    let mut measures = Measures::of(Function::Collector);
    (0..200).for_each(|n| measures.add_by(Metric::EventsRejected, &format!("r{n}"), 1));
    registry.take(&measures);
    let text = registry.text();
    let series = text.lines().filter(|line| line.starts_with("beckon_events_rejected_total{"));
    let reasons: BTreeSet<&str> = series.collect();
    assert_eq!(reasons.len(), 65, "64 and `other`");
    assert!(reasons.contains("beckon_events_rejected_total{function=\"collector\",reason=\"other\"} 136"));
}

#[test]
fn names_are_unique_and_the_readme_has_the_table() {
    let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    assert_eq!(names.len(), Metric::ALL.len());
    let row = |metric: &Metric| {
        let split = Some(metric.split()).filter(|split| !split.is_empty()).unwrap_or("–");
        let (name, function) = (metric.name(), metric.function().name());
        let (kind, unit) = (format!("{:?}", metric.kind()).to_lowercase(), metric.unit().name());
        format!("| `{name}` | {function} | {kind} | {unit} | {split} | {} |", metric.meaning())
    };
    let expected: Vec<String> = Metric::ALL.iter().map(row).collect();
    let readme = include_str!("../../README.md");
    let found: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(found, expected, "README.md should have:\n{}\n", expected.join("\n"));
}
