//! What somebody who plans relies on.

use super::*;
use crate::cost::stack::{EVENTS_PER_HOUR_ALARM, RATE_LIMIT, SHARD_COUNT_MAX};
use proptest::prelude::*;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// The built-in figures, with round ones: a lane takes 250 records in 250 ms, an event makes two signals, and nothing else
/// takes a processor's time.
fn round() -> Measured {
    let mut measured = Measured::load(None).unwrap();
    measured.timed.event_us = 0.0;
    measured.timed.line_bytes = 400.0;
    measured.replay.rows = 1_000;
    measured.replay.trends.conservation.put = 2_000;
    measured.replay.abandonments = 20;
    let assumed = &mut measured.assumed;
    (assumed.call_us.value, assumed.invocation_us.value) = (0.0, 0.0);
    // 250 / 100 reads of 4 ms, and 250 / 16 rounds of 4 and 11.36 ms: 10 + 240.
    (assumed.table_ms.value, assumed.put_ms.value) = (4.0, 11.36);
    (assumed.fill.value, assumed.signal_bytes.value) = (0.5, 400.0);
    measured
}

fn demand(events: f64) -> Demand {
    Demand { events, decisions: events / 2.0, events_per_request: 1.0 }
}

/// At 3,000 events a second, half of everything in use: 6 shards (1,000 records each), 6 lanes (1,000 records a second each),
/// so one a shard; 6,000 signals are 12 shards; 6,000 requests a second may come, and 3,000 for decisions; 21,600,000 events
/// an hour. 3 instances of the profiler are at work.
#[test]
fn a_plan_is_what_it_is_by_hand() {
    let (_, quotas) = Quotas::load().unwrap();
    let sizing = Sizing::of(demand(3_000.0), &round(), &quotas);
    let expected = Parameters {
        shard_count: 6.0,
        parallelization_factor: 1.0,
        signal_shard_count: 12.0,
        collect_rate_limit: 6_000.0,
        decide_rate_limit: 3_000.0,
        events_per_hour_alarm: 21_600_000.0,
    };
    assert_eq!(sizing.parameters, expected);
    assert!((sizing.concurrency.profiler - 3.0).abs() < 1e-6, "{:?}", sizing.concurrency);
    assert!(sizing.raise.is_empty(), "{:?}", sizing.raise);
    // Twice as many of both are 9,000 requests a second, 18,000 with room to spare.
    let twice = Sizing::of(demand(6_000.0), &round(), &quotas);
    assert!(
        twice.raise.iter().any(|raise| raise.of.contains("APIs") && raise.to == 18_000.0),
        "{:?}",
        twice.raise
    );
}

/// 20 carts of 1,000 events are left, and ten a second are settled: 500 events a second. A shard takes 1,000 signals, which
/// are 500 events; an alarm speaks at 277.8 events a second.
#[test]
fn limits_come_in_the_order_in_which_they_are_met() {
    let (_, quotas) = Quotas::load().unwrap();
    let limits = limits(&demand(1_000.0), &round(), &quotas);
    assert!(limits.windows(2).all(|pair| pair[0].met_at <= pair[1].met_at));
    let at = |start: &str| limits.iter().find(|limit| limit.what.starts_with(start)).unwrap().met_at;
    assert!(limits[0].what.starts_with("EventsPerHourAlarm"), "{:?}", limits[0]);
    assert!((at("EventsPerHourAlarm") - 277.78).abs() < 0.01);
    assert!((at("cart mailer") - 500.0).abs() < 1e-6);
    assert!((at("SignalShardCount: 1 shard") - 500.0).abs() < 1e-6);
    assert!((at("ShardCount: 1 shard") - 1_000.0).abs() < 1e-6);
    assert!((at("ParallelizationFactor") - 2_000.0).abs() < 1e-6);
    assert!((at("CollectRateLimit: 500") - RATE_LIMIT).abs() < 1e-6);
    assert!((at("ShardCount: the template") - SHARD_COUNT_MAX * 1_000.0).abs() < 1e-3);
    // One product with a hundredth of the signals: 0.02 for an event, of 1,000.
    assert!((at("one product") - 50_000.0).abs() < 1e-3);
    // Half a decision for each event: 1.5 requests.
    assert!((at("API Gateway") - 10_000.0 / 1.5).abs() < 1e-3);
    assert!(limits.iter().all(|limit| !limit.lever.is_empty() && !limit.source.is_empty()));
}

#[test]
fn a_limit_without_anything_that_meets_it_is_none() {
    let (_, quotas) = Quotas::load().unwrap();
    let limits = limits(&Demand { decisions: 0.0, ..demand(1_000.0) }, &round(), &quotas);
    assert!(!limits.iter().any(|limit| limit.what.starts_with("DecideRateLimit")));
}

#[test]
fn what_a_plan_sets_is_a_parameter_of_the_template() {
    let (_, quotas) = Quotas::load().unwrap();
    let sizing = Sizing::of(demand(1.0), &round(), &quotas);
    let set = serde_json::to_value(sizing.parameters).unwrap();
    for (name, value) in set.as_object().unwrap() {
        assert!(TEMPLATE.contains(&format!("\n  {name}:\n    Type: Number\n")), "{name}");
        assert!(value.as_f64().unwrap() >= 1.0, "{name}");
    }
    assert_eq!(sizing.parameters.events_per_hour_alarm, EVENTS_PER_HOUR_ALARM);
}

#[test]
fn a_plan_says_where_it_stands_among_the_limits() {
    let measured = Measured::load(None).unwrap();
    let one = Plan::of(&[demand(2_000.0)], &measured).unwrap().to_string();
    for wanted in
        ["FIRST", "--------- 2,000 events a second", "ShardCount=", "one visitor", "quotas to raise"]
    {
        assert!(one.contains(wanted), "{wanted}: {one}");
    }
    let table = Plan::of(&RATES.map(|rate| demand(f64::from(rate))), &measured).unwrap().to_string();
    for rate in ["100", "1,000", "10,000", "100,000", "1,000,000"] {
        assert!(
            table.lines().any(|line| line.trim_start().starts_with(&format!("{rate} "))),
            "{rate}: {table}"
        );
    }
    assert_eq!(table.matches("FIRST").count(), 1);
    let above = Plan::of(&[demand(1e6)], &measured).unwrap().to_string();
    assert!(above.contains("(the template allows 500)"), "{above}");
}

proptest! {
    #[test]
    fn more_events_never_need_less(
        events in 1.0..1e6_f64, more in 0.0..1e6_f64, events_per_request in 1_u16..=512,
    ) {
        let measured = Measured::load(None).unwrap();
        let (_, quotas) = Quotas::load().unwrap();
        let of = |events: f64| {
            let events_per_request = f64::from(events_per_request);
            Sizing::of(Demand { events, decisions: events / 2.0, events_per_request }, &measured, &quotas)
        };
        let (one, other) = (of(events), of(events + more));
        prop_assert!(one.parameters.shard_count <= other.parameters.shard_count);
        prop_assert!(one.parameters.signal_shard_count <= other.parameters.signal_shard_count);
        prop_assert!(one.parameters.collect_rate_limit <= other.parameters.collect_rate_limit);
        prop_assert!(one.concurrency.total() <= other.concurrency.total() * (1.0 + 1e-9));
        prop_assert!(one.units.catalog_writes <= other.units.catalog_writes * (1.0 + 1e-9));
        prop_assert!(one.raise.len() <= other.raise.len());
        let lanes = one.parameters.shard_count * one.parameters.parallelization_factor;
        let fill = measured.assumed.fill.value;
        prop_assert!(lanes * fill * (1.0 + 1e-9) >= one.concurrency.profiler, "the lanes suffice");
    }
}
