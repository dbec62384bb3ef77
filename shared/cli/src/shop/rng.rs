//! The shop's dice: splitmix64, so that one seed gives one story on every machine and in every release.
//!
//! Not for secrets and not for statistics: a demo needs to be repeatable, nothing more.

/// A stream of numbers that a seed decides.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for one use of a seed; `salt` keeps two uses of the same seed apart.
    pub fn new(seed: u64, salt: u64) -> Self {
        let mut dice = Self(seed ^ salt.wrapping_mul(0xA24B_AED4_963E_E407));
        // One throw mixes the salt in, so that neighbouring visitors do not move alike.
        let mixed = dice.next();
        Self(mixed)
    }

    /// The next 64 bits (splitmix64).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `low..=high`; `low` when the range is empty.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        let width = high.saturating_sub(low).saturating_add(1);
        low + self.next() % width
    }

    /// True in `percent` of 100 throws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of several; `None` when there are none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let last = choices.len().checked_sub(1)?;
        let index = usize::try_from(self.between(0, last as u64)).unwrap_or(0);
        choices.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_throws_the_same_and_another_salt_does_not() {
        let throws = |seed, salt| {
            let mut dice = Dice::new(seed, salt);
            [dice.next(), dice.next(), dice.next()]
        };
        assert_eq!(throws(7, 1), throws(7, 1));
        assert_ne!(throws(7, 1), throws(7, 2));
        assert_ne!(throws(7, 1), throws(8, 1));
    }

    #[test]
    fn every_throw_stays_in_its_range() {
        let mut dice = Dice::new(1, 1);
        assert!((0..1_000).all(|_| (5..=120).contains(&dice.between(5, 120))));
        assert_eq!(dice.pick::<u8>(&[]), None);
        let heads = (0..10_000).filter(|_| dice.chance(35)).count();
        assert!((3_200..3_800).contains(&heads), "{heads}");
    }
}
