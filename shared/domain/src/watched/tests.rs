use super::*;
use proptest::prelude::*;

const KEEPS: [Keep; 5] = [Keep::Newest(5), Keep::EachOnce(3), Keep::Buckets, Keep::Totals, Keep::First];

fn at(minute: u64) -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_minutes(minute)
}

fn occurrence((minute, value): (u64, i64)) -> Occurrence {
    let value = match value {
        0 => None,
        1..=4 => Some(Observed::Text(SmolStr::new(format!("v{value}")))),
        number => Some(Observed::Number(number)),
    };
    Occurrence { at: at(minute), value }
}

fn watched(all: &[(u64, i64)]) -> Watched {
    let mut watched = Watched::default();
    for new in all {
        for (id, keep) in KEEPS.into_iter().enumerate() {
            watched.observe(WatchId(id as u64), keep, occurrence(*new));
        }
    }
    watched
}

#[test]
fn each_kind_answers_its_question_exactly_up_to_what_it_keeps() {
    let watched = watched(&[(0, 7_000), (10, 0), (20, 1), (30, 1), (40, 2), (50, 9_000)]);
    let kept = |id| watched.of(WatchId(id)).unwrap();
    let count = |id, minutes| kept(id).count(at(50), Some(DurationMs::from_minutes(minutes)));
    assert_eq!([20, 21, 31, 50].map(|minutes| count(0, minutes)), [2, 3, 4, 5], "the start is not inside");
    assert_eq!(kept(0).count(at(50), None), 5, "the oldest is not kept");
    assert_eq!(kept(1).newest_first().count(), 3);
    assert_eq!(kept(1).newest_first().last().unwrap().at, at(30), "a value counts when it was seen last");
    assert_eq!(kept(2).count(at(50), Some(DurationMs::from_hours(24))), 6);
    let totals = Totals { count: 6, number_count: 2, sum: 16_000, least: Some(7_000), most: Some(9_000) };
    assert_eq!(*kept(3), Kept::Totals(totals));
    assert_eq!(kept(4).newest_first().next().unwrap().at, at(0));
    assert_eq!(watched.of(WatchId(99)), None);
}

#[test]
fn no_more_is_watched_than_fits_and_what_nobody_asks_for_is_forgotten() {
    let mut watched = Watched::default();
    for id in 0..WATCH_COUNT_MAX as u64 + 9 {
        watched.observe(WatchId(id), Keep::Newest(255), occurrence((0, 0)));
    }
    assert_eq!(watched.ids().count(), WATCH_COUNT_MAX);
    for minute in 0..500 {
        watched.observe(WatchId(3), Keep::Newest(255), occurrence((minute, 0)));
    }
    assert_eq!(watched.of(WatchId(3)).unwrap().newest_first().count(), usize::from(KEPT_COUNT_MAX));
    watched.retain(|id| id == WatchId(3));
    assert_eq!(watched.ids().collect::<Vec<_>>(), [WatchId(3)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_the_order_of_events_nor_that_of_merging_matters(
        all in proptest::collection::vec((0..3_000_u64, 0..9_i64), 0..30), cut in 0..30_usize, third in 0..30_usize,
    ) {
        let whole = watched(&all);
        let (a, b) = all.split_at(cut.min(all.len()));
        prop_assert_eq!(&watched(a).merge(&watched(b)), &whole);
        prop_assert_eq!(&watched(b).merge(&watched(a)), &whole);
        let (c, d) = b.split_at(third.min(b.len()));
        prop_assert_eq!(&watched(d).merge(&watched(a)).merge(&watched(c)), &whole);
        let mut sorted = all.clone();
        sorted.sort_unstable();
        prop_assert_eq!(watched(&sorted), whole);
    }
}
