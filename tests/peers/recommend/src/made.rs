//! Sessions that are made, where nobody has a file: people who look at things of a kind, and come back to some.

use crate::dice::Dice;
use std::fmt::Write;

const SESSION_COUNT: usize = 60_000;
const KIND_COUNT: u64 = 600;
/// Products of a kind, the popular ones first.
const PRODUCTS_PER_KIND: u64 = 40;
/// Of 1,000 looks: back at something of this session.
const RETURN_PERMILLE: u64 = 300;
/// Of 1,000 looks: at another kind from now on.
const TURN_PERMILLE: u64 = 80;

/// A session a line, decided by a seed.
pub fn sessions(seed: u64) -> String {
    let mut dice = Dice::new(seed, 4);
    // Twice by chance: the first are much more popular than the last.
    let skewed = |dice: &mut Dice, end: u64| dice.below(end) * dice.below(end) / end.max(1);
    let mut text = String::new();
    for _ in 0..SESSION_COUNT {
        let mut kind = skewed(&mut dice, KIND_COUNT);
        let mut seen: Vec<(u64, u64)> = Vec::new();
        for _ in 0..dice.between(2, 9) {
            let back = dice.pick(&seen).copied().filter(|_| dice.chance(RETURN_PERMILLE));
            if dice.chance(TURN_PERMILLE) {
                kind = skewed(&mut dice, KIND_COUNT);
            }
            let (kind, product) = back.unwrap_or_else(|| (kind, skewed(&mut dice, PRODUCTS_PER_KIND)));
            seen.push((kind, product));
            // Writing into a string does not fail.
            let _ = write!(text, "k{kind}-{product} ");
        }
        text.push('\n');
    }
    text
}
