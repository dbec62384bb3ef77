//! One visitor, or one product, that much of everything comes to, at the pace of `beckon sim hot`.

use beckon_cli::sim::hot::{Case, Figures, Heat, measure};

/// A visitor of 1,000 events a second beside shoppers, for ten seconds.
fn visitor(events_per_request: u32) -> Case {
    Case {
        seed: 5,
        seconds: 10,
        shoppers: 60,
        shards: 2,
        signal_shards: 4,
        heat: Heat::Profile { events_per_second: 1_000, events_per_request },
        has_buckets: false,
        record_by_record: false,
    }
}

fn figures(case: &Case) -> Figures {
    let figures = measure(case).unwrap();
    assert_eq!(figures.violation, None, "{}", figures.name);
    assert_eq!(figures.others.taken, figures.others.sent, "{}", figures.name);
    figures
}

/// A shard is looked at each second, and everybody is behind by little more than that.
const FRESH_MS: u64 = 1_200;

#[test]
fn a_hot_profile_is_written_once_a_batch_and_nobody_waits_for_it() {
    let hot = figures(&visitor(20));
    assert_eq!((hot.hot.taken, hot.item.conflicts), (10_000, 0));
    assert_eq!(hot.item.writes, hot.batches, "{:?}", hot.item);
    assert!(hot.item.lines_per_write > 500.0, "{:?}", hot.item);
    assert!(hot.item.units_per_second <= 20, "{:?}", hot.item);
    assert!(hot.item.bytes_max < 8 * 1_024, "its size is bounded: {:?}", hot.item);
    assert!(hot.hot_shard_lag_ms < FRESH_MS, "{}", hot.hot_shard_lag_ms);
    for fresh in [hot.fresh_hot, hot.fresh_lane, hot.fresh_shard, hot.fresh_elsewhere] {
        assert!(fresh.count > 0 && fresh.max_ms < FRESH_MS, "{fresh:?}");
    }
    // What is measured here would show it if each record were written by itself.
    let bad = measure(&Case { record_by_record: true, ..visitor(20) }).unwrap();
    assert!(bad.item.lines_per_write < 21.0 && bad.item.units_per_second > 200, "{:?}", bad.item);
    assert!(bad.fresh_lane.max_ms > hot.fresh_lane.max_ms, "{:?}", bad.fresh_lane);
}

#[test]
fn a_visitors_bucket_is_that_of_each_instance() {
    let hot = figures(&Case { has_buckets: true, seconds: 20, ..visitor(1) });
    assert_eq!(hot.hot.taken + hot.hot.throttled, hot.hot.sent);
    assert!(hot.hot.throttled > 2_000, "{:?}", hot.hot);
    let bound = hot.instances * (600 + 20 * 20);
    assert!(hot.hot.taken > 600 + 20 * 20 && hot.hot.taken <= bound, "{:?}, at most {bound}", hot.hot);
    assert_eq!(hot.others.throttled, 0);
}

#[test]
fn a_full_shard_loses_nothing_that_was_taken_and_holds_up_nobody_elsewhere() {
    let hot = figures(&visitor(1));
    assert_eq!(hot.shard.records, 1_000, "{:?}", hot.shard);
    assert!(hot.shard.refused > 0, "{:?}", hot.shard);
    assert!(hot.fresh_elsewhere.max_ms < FRESH_MS, "{:?}", hot.fresh_elsewhere);
}

#[test]
fn a_hot_product_is_written_once_a_window_and_its_neighbours_are_bounded() {
    let case = Case { heat: Heat::Item, shoppers: 250, seconds: 30, has_buckets: true, ..visitor(1) };
    let hot = figures(&case);
    assert!(hot.signals > 2_500, "{}", hot.signals);
    assert_eq!(hot.item.writes, hot.batches, "{:?}", hot.item);
    assert!(hot.item.lines_per_write > 500.0 && hot.item.units_per_second <= 10, "{:?}", hot.item);
    assert!(hot.item.bytes_max < 4 * 1_024, "{:?}", hot.item);
    assert_eq!((hot.item.throttled, hot.signal_shard.refused), (0, 0));
    assert!(hot.fresh_signals_hot.max_ms < 17_000, "a window and a look: {:?}", hot.fresh_signals_hot);
    assert!(hot.fresh_elsewhere.max_ms < FRESH_MS, "{:?}", hot.fresh_elsewhere);
}

#[test]
fn a_seed_is_one_run_at_a_pace_too() {
    let case = Case { seconds: 3, ..visitor(4) };
    let run = |case: &Case| serde_json::to_string(&figures(case)).unwrap();
    assert_eq!(run(&case), run(&case));
    assert_ne!(run(&case), run(&Case { seed: 6, ..case }));
}
