//! The simulation on every `cargo test`: a few seeds, each a world that fails in bursts, and the known-bad variants that must
//! be noticed. `cargo beckon sim --seeds 10000` runs as many as one has time for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hot;

use beckon_cli::sim::{BUG_SEEDS_MAX, find_bugs, simulate};

/// Among these every fault strikes; of the first two hundred seeds none has an event that nears the age limit on its way to a
/// customer.
const FIRST: u64 = 301;
const SEEDS: u64 = 100;

#[test]
fn no_law_is_broken_whatever_fails() {
    let summary = simulate(FIRST, SEEDS, 2).unwrap();
    let failures: Vec<_> = summary.failures.iter().map(|f| (f.seed, &f.violation, &f.script)).collect();
    assert!(failures.is_empty(), "run `cargo beckon sim --seed` with the first of these: {failures:#?}");
    assert!(summary.events >= 400 * SEEDS, "a seed has at least 400 events: {}", summary.events);
    assert!(summary.profiles >= 12 * SEEDS, "a seed has at least 12 profiles: {}", summary.profiles);
    for (fault, count) in &summary.faults {
        assert!(*count > 0, "no seed had this fault: {fault}");
    }
}

#[test]
fn a_seed_is_one_run_on_however_many_threads() {
    let traces = [1, 3].map(|threads| simulate(7_000, 6, threads).unwrap().trace);
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], simulate(8_000, 6, 1).unwrap().trace);
}

#[test]
fn every_known_bad_variant_is_noticed() {
    for caught in find_bugs(1, BUG_SEEDS_MAX).unwrap() {
        assert!(caught.was_noticed(), "{} ({}): {:?}", caught.name, caught.how, caught.violation);
    }
}
