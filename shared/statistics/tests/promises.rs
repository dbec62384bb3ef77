//! The promises, in shops whose truth is known. Few runs, and the same ones each time; `beckon bench stats` makes
//! 10,000, and the crate's README has what they came to.

use beckon_statistics::simulate::{Course, Plan, Shop, Story, run};
use beckon_statistics::{Figures, Level, Metric, days_left};

const RUNS: u64 = 300;

/// splitmix64 (G. Steele, D. Lea, C. Flood, 2014).
fn bits(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0xA24B_AED4_963E_E407);
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn stories(shop: Shop, days: u64) -> Vec<Story> {
    let plan = Plan { users_per_day: 500, days, look_every: 100, level: Level::default() };
    (0..RUNS).map(|seed| run(&shop, &plan, &mut bits(seed))).collect()
}

fn percent(stories: &[Story], holds: impl Fn(&Story) -> bool) -> f64 {
    100.0 * stories.iter().filter(|story| holds(story)).count() as f64 / stories.len() as f64
}

const METRICS: [fn(&Story) -> Course; 2] = [|story| story.conversion, |story| story.revenue];

#[test]
fn looked_at_after_every_100_users_a_test_without_a_difference_has_a_winner_in_5_of_100_at_most() {
    for (rate, share, spread) in
        [(0.005, 0.5, 1.0), (0.02, 0.5, 1.0), (0.2, 0.5, 1.0), (0.02, 0.1, 1.0), (0.2, 0.1, 1.5)]
    {
        let shop = Shop { rate, uplift: 0.0, spread, share };
        let stories = stories(shop, 60);
        for metric in METRICS {
            let declared = percent(&stories, |story| metric(story).declared_after.is_some());
            assert!(declared <= 5.0, "{shop:?}: {declared} %");
            let missed = percent(&stories, |s| metric(s).missed_difference).max(percent(&stories, |s| {
                metric(s).missed_uplift
            }));
            assert!(missed <= 5.0, "{shop:?}: the truth was left out in {missed} %");
        }
        let fixed = percent(&stories, |story| story.conversion.fixed_on_a_day.is_some());
        assert!(fixed > 15.0, "{shop:?}: who looks each day at a fixed interval finds some in {fixed} %");
        assert!(percent(&stories, |story| story.ratio_certain) <= 1.0, "{shop:?}: divided as it was to be");
    }
}

#[test]
fn a_difference_that_is_there_is_in_the_intervals_and_is_seen() {
    for (rate, uplift, least) in [(0.02, 0.5, 90.0), (0.2, 0.1, 90.0), (0.02, 0.0001, 0.0)] {
        let shop = Shop { rate, uplift, spread: 1.0, share: 0.5 };
        let stories = stories(shop, 60);
        for metric in METRICS {
            let missed = percent(&stories, |story| metric(story).missed_difference);
            assert!(missed <= 5.0, "{shop:?}: the truth was left out in {missed} %");
        }
        let seen = percent(&stories, |story| story.conversion.declared_on_a_day.is_some());
        assert!(seen >= least, "{shop:?}: seen in {seen} %");
    }
}

#[test]
fn when_the_days_that_were_left_are_over_the_effect_is_seen_in_80_of_100() {
    let (rate, uplift) = (0.05, 0.2);
    let so_far = Figures::without_revenue(1_000, 50).unwrap();
    let difference = rate * uplift;
    let left = days_left(&so_far, &so_far, Metric::Conversion, difference, 500, Level::default()).unwrap();
    let shop = Shop { rate, uplift, spread: 1.0, share: 0.5 };
    let stories = stories(shop, 4 + left);
    let seen = percent(&stories, |story| story.conversion.declared_on_a_day.is_some());
    assert!((76.0..95.0).contains(&seen), "{left} days after the fourth: {seen} %");
}

#[test]
fn a_division_that_is_off_is_noticed() {
    // 52 of 100 get the variant where half should: the test is asked about half.
    let mut bits = bits(7);
    let mut counts = [0, 0];
    for _ in 0..60_000 {
        counts[usize::from(bits() % 100 < 52)] += 1;
    }
    let found = beckon_statistics::sample_ratio(&counts, &[0.5, 0.5]);
    assert!(found.warning && found.is_certain, "{counts:?}: {found:?}");
}

#[test]
fn the_same_bits_give_the_same_story() {
    let shop = Shop { rate: 0.05, uplift: 0.3, spread: 1.0, share: 0.5 };
    let plan = Plan { users_per_day: 500, days: 20, look_every: 100, level: Level::default() };
    let (a, b) = (run(&shop, &plan, &mut bits(3)), run(&shop, &plan, &mut bits(3)));
    assert_eq!(a, b);
    assert!((1..200).any(|seed| run(&shop, &plan, &mut bits(seed)) != a));
}
