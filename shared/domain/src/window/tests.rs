use super::*;
use proptest::prelude::*;

const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);
const HOUR: DurationMs = DurationMs::from_hours(1);

fn counted(times: &[Timestamp]) -> WindowedCount {
    let mut count = WindowedCount::default();
    for at in times {
        count.add(*at);
    }
    count
}

/// How much older than the window an event may be that is counted with it.
fn slack(width: DurationMs) -> DurationMs {
    match width.as_ms().div_ceil(60_000) {
        0..=15 => DurationMs::from_minutes(1),
        16..=60 => DurationMs::from_minutes(5),
        61..=1_440 => HOUR,
        _ => DurationMs::from_days(1),
    }
}

#[test]
fn on_the_edge_of_a_bucket_a_window_is_exact_and_half_open() {
    let now = Timestamp::from_ms(START.as_ms() - START.as_ms() % 86_400_000);
    for width in ["5m", "15m", "1h", "24h", "30d"].map(|text| DurationMs::parse(text).unwrap()) {
        let ms = DurationMs::from_ms(1);
        let count = counted(&[now - width - ms, now - width + ms, now - ms, now]);
        assert_eq!(count.count_within(now, width), 3, "{width}");
        assert_eq!(count.count_within(now - ms, width), 2, "{width}, a moment before");
        assert_eq!(count.count_within(now + width + slack(width), width), 0, "{width}, long after");
    }
}

#[test]
fn five_minutes_reach_back_six_at_most() {
    let count = counted(&[START]);
    let held: Vec<u64> = (0..8)
        .map(|m| count.count_within(START + DurationMs::from_minutes(m), DurationMs::from_minutes(5)))
        .collect();
    assert_eq!(held, [1, 1, 1, 1, 1, 1, 0, 0]);
}

/// An event that has just left the finer buckets shares its coarse bucket with a time that the window reaches.
#[test]
fn a_coarse_bucket_that_reaches_into_the_window_does_not_bring_what_is_older() {
    let day = Timestamp::from_ms(START.as_ms() - START.as_ms() % 86_400_000);
    let now = day + DurationMs::from_minutes(30);
    let minutes_ago = |minutes| now - DurationMs::from_minutes(minutes);
    let count = counted(&[minutes_ago(80), minutes_ago(17), now]);
    assert_eq!(count.count_within(now, HOUR), 2, "80 minutes ago is not within an hour");
    assert_eq!(count.count_within(now, DurationMs::from_minutes(15)), 1);
    let count = counted(&[now - DurationMs::from_hours(26), now]);
    assert_eq!(count.count_within(now, DurationMs::from_hours(24)), 1);
}

#[test]
fn a_window_longer_than_what_is_kept_counts_what_is_kept() {
    let count = counted(&[START - DurationMs::from_days(40), START - DurationMs::from_days(29), START]);
    assert_eq!(count.count_within(START, DurationMs::from_days(365)), 2);
}

#[test]
fn it_stays_bounded_and_small() {
    let times: Vec<Timestamp> =
        (0..40 * 1_440).map(|minute| START + DurationMs::from_minutes(minute)).collect();
    let count = counted(&times);
    assert!(count.buckets.len() <= BUCKET_COUNT_MAX);
    assert_eq!(TIERS.iter().map(|tier| tier.bucket_count as usize).sum::<usize>(), BUCKET_COUNT_MAX);
    let bytes = postcard::to_extend(&count, Vec::new()).unwrap().len();
    assert!(bytes <= 220, "one event each minute for 40 days takes {bytes} bytes");
    let session: Vec<Timestamp> = (0..12).map(|n| START + DurationMs::from_secs(n * 40)).collect();
    let bytes = postcard::to_extend(&counted(&session), Vec::new()).unwrap().len();
    assert!(bytes <= 24, "a session of 12 events takes {bytes} bytes");
}

#[test]
fn bytes_that_no_release_writes_do_no_harm() {
    let bad = Bucket { slot: 255, count: 9 };
    let mut count = WindowedCount { newest: 3, buckets: vec![Bucket { slot: 84, count: 1 }, bad] };
    assert_eq!(count.count_within(START, WINDOW_MAX), 0);
    count.add(START);
    assert_eq!(count.count_within(START, WINDOW_MAX), 1);
}

/// Times in seconds, near each other and far apart.
fn times() -> impl Strategy<Value = Vec<Timestamp>> {
    let secs = prop_oneof![0..1_000_u64, 0..100_000_u64, 0..3_500_000_u64];
    proptest::collection::vec(secs.prop_map(|secs| START + DurationMs::from_secs(secs)), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_event_of_the_window_is_missed_and_none_beyond_the_stated_slack_is_counted(
        times in times(),
        later_secs in prop_oneof![0..90_u64, 0..4_000_u64, 0..200_000_u64],
        width_secs in prop_oneof![1..1_000_u64, 1..4_000_u64, 1..90_000_u64, 1..2_592_000_u64],
    ) {
        let newest = times.iter().copied().max().unwrap_or(START);
        let (now, width) = (newest + DurationMs::from_secs(later_secs), DurationMs::from_secs(width_secs));
        let exact = |width| times.iter().filter(|at| at.is_within(width, now)).count() as u64;
        let counted = counted(&times).count_within(now, width);
        let wider = DurationMs::from_ms(width.as_ms() + slack(width).as_ms());
        prop_assert!((exact(width)..=exact(wider)).contains(&counted), "{counted}");
    }

    #[test]
    fn neither_the_order_of_events_nor_that_of_merging_matters(
        times in times(), order in any::<u64>(), parts in 1..4_usize,
    ) {
        let whole = counted(&times);
        let mut shuffled = times.clone();
        shuffled.sort_by_key(|at| (at.as_ms() as u64).wrapping_mul(order | 1) >> 7);
        prop_assert_eq!(&counted(&shuffled), &whole);
        let halves = shuffled.chunks(shuffled.len() / parts + 1).map(counted);
        let merged = halves.clone().fold(WindowedCount::default(), |sum, half| sum.merge(&half));
        let reversed = halves.rev().fold(WindowedCount::default(), |sum, half| half.merge(&sum));
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&reversed, &whole);
    }
}
