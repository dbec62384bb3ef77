//! Dice: splitmix64, so that one seed gives one story, on every machine and in every release.
//!
//! Not for secrets.

/// A stream of numbers that a seed decides.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice for one use of a seed; `salt` keeps two uses of it apart.
    pub(crate) fn new(seed: u64, salt: u64) -> Self {
        let mut dice = Self(seed ^ salt.wrapping_mul(0xA24B_AED4_963E_E407));
        // One throw mixes the salt in, so that neighbouring seeds do not move alike.
        let mixed = dice.next();
        Self(mixed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// An index into something of this length; 0 when it is empty.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// True in `permille` of 1,000 throws.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    /// True in `percent` of 100 throws.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several; `None` when there are none.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.index(choices.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_seed_and_a_salt_decide_every_throw() {
        let throws = |seed, salt| {
            let mut dice = Dice::new(seed, salt);
            [dice.next(), dice.next(), dice.next()]
        };
        assert_eq!(throws(7, 1), throws(7, 1));
        assert_ne!(throws(7, 1), throws(7, 2));
        assert_ne!(throws(7, 1), throws(8, 1));
        let mut dice = Dice::new(1, 1);
        assert!((0..1_000).all(|_| (5..=9).contains(&dice.between(5, 9))));
        assert_eq!(dice.pick::<u8>(&[]), None);
        let heads = (0..10_000).filter(|_| dice.percent(35)).count();
        assert!((3_200..3_800).contains(&heads), "{heads}");
    }
}
