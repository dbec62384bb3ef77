use super::*;
use hostile::Hostile;
use load::Counted;

fn slot(size: usize, requests: u64, seconds: u64) -> Slot {
    let latencies = (1..=requests).map(Duration::from_millis).collect();
    let time = Duration::from_secs(seconds);
    Slot { size, requests, time, applied_time: time * 2, latencies }
}

fn report() -> CollectReport {
    let args = CollectArgs { seconds: 2.0, rounds: 3, connections: 4, hostile: 5, quick: false, json: false };
    let slots = [slot(10, 100, 1), slot(10, 200, 1), slot(10, 300, 1), slot(1, 7, 1)];
    let hostile = Hostile {
        slow_heads: 3,
        half_bodies: 1,
        endless_bodies: 1,
        bombs: 2,
        bombs_refused: 2,
        asked: 9,
        answered: 9,
        lost: 0,
        median_ms: 1.0,
        most_ms: 2.0,
        memory_before: None,
        memory_most_bytes: None,
    };
    let counted = Counted { acknowledged: 6_007, applied: 6_007, repeated: 0 };
    CollectReport::new(&args, &slots, [None; 3], hostile, counted)
}

#[test]
fn the_median_of_the_rounds_counts_with_the_least_and_the_most() {
    let report = report();
    let ten = &report.sizes[1];
    assert_eq!((ten.events_a_request, ten.requests_a_second.median), (10, 200.0));
    assert_eq!((ten.events_a_second.min, ten.events_a_second.max), (1_000.0, 3_000.0));
    assert_eq!(ten.applied_a_second.median, 1_000.0);
    assert_eq!((ten.p50_ms.median, ten.p99_ms.median), (101.0, 199.0));
    assert!(report.to_string().contains("6007 acknowledged, 6007 applied"), "{report}");
}

#[test]
fn what_must_hold_is_asked_for() {
    assert!(report().verdict().is_ok());
    let mut reports = [report(), report(), report(), report()];
    reports[0].counted.applied -= 1;
    reports[1].records_left_undone = 1;
    reports[2].hostile.answered -= 1;
    reports[3].hostile.bombs_refused -= 1;
    for (report, says) in reports.iter().zip(["exactly once", "left undone", "not answered", "bombs"]) {
        let error = report.verdict().unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
