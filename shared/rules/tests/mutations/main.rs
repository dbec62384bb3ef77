//! Rulesets that somebody, or something, has damaged: 10,000 of them, and those that are made to hurt.
//!
//! [`mutate`] damages a ruleset, `text` its characters and `tree` its values; [`laws`] is what must hold all the same;
//! [`hostile`] are the texts that no accident makes.
// The tests read their rulesets from files; the crate itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::expect_used)]

mod hostile;
mod laws;
mod mutate;

use laws::Outcome;
use mutate::Mutator;
use std::panic::catch_unwind;
use std::path::Path;

/// Texts of the run.
const TEXT_COUNT: u64 = 10_000;

#[test]
fn ten_thousand_damaged_rulesets_are_read_or_refused_in_words_that_help() {
    let mutator = Mutator::new(Path::new(env!("CARGO_MANIFEST_DIR")));
    let (mut read, mut refused) = (0, 0);
    for seed in 0..TEXT_COUNT {
        let text = mutator.text(seed);
        match catch_unwind(|| laws::check(&text)) {
            Ok(Outcome::Read) => read += 1,
            Ok(Outcome::Refused) => refused += 1,
            Err(_) => panic!("seed {seed} breaks a law, see above; its text:\n{text}"),
        }
    }
    // Damage that nothing survives, or that never shows, would test little.
    assert!(read >= 500 && refused >= 5_000, "{read} read, {refused} refused");
}

#[test]
fn a_seed_decides_the_text() {
    let mutator = Mutator::new(Path::new(env!("CARGO_MANIFEST_DIR")));
    for seed in 0..200 {
        assert_eq!(mutator.text(seed), mutator.text(seed));
    }
    assert_ne!(mutator.text(1), mutator.text(2));
}
