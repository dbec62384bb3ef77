//! How much each strategy is worth in each slot, by what became of the decisions that it was in.
//!
//! For a strategy with n decisions seen, of which k led to what is asked for, and a slot in which the share of all of them is p:
//!
//! ```text
//! factor = (k + 20) / (n · p + 20)
//! ```
//!
//! It is the mean of the Beta distribution that a Beta prior with the slot's mean and a weight of 20 successes becomes, divided
//! by the slot's mean. The prior is stated and not estimated from how the strategies differ, because a slot has three or four
//! of them, and their variance would be mostly noise. A strategy's worth is the mean of its factor by clicks and its
//! factor by conversions (last touch): conversions are few, so that theirs is near 1 until it has something to say. It is
//! held within a half and twice, so that nothing that is learned silences a strategy: what is not shown teaches nothing.
//!
//! It does not correct for places: what stands first in a list is clicked more often, whatever it is.

use crate::engagement::{SlotDay, SlotDayRow};
use crate::policy::{
    WORTH_CLICKS_MIN, WORTH_MAX, WORTH_MIN, WORTH_PRIOR, WORTH_STRATEGY_VIEWS_MIN, WORTH_VIEWS_MIN,
};
use beckon_domain::id::{SlotId, StrategyId};
use beckon_domain::packed::{PackError, pack_state, unpack_state};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the stored form that this release writes.
pub const WORTH_VERSION: u8 = 1;
/// A factor is kept in thousandths, so that the same rows give the same bytes.
const PARTS: f64 = 1_000.0;

/// What became of the decisions with products of one strategy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Outcomes {
    /// Decisions seen.
    pub views: u64,
    /// Decisions in which one of its products was clicked first.
    pub clicks: u64,
    /// First orders credited to such a click, by the last touch.
    pub conversions: u64,
}

/// What became of each slot's decisions, by strategy.
pub type SlotOutcomes = BTreeMap<SlotId, BTreeMap<StrategyId, Outcomes>>;

/// Adds up the rows of some days.
#[must_use]
pub fn outcomes<'a>(rows: impl IntoIterator<Item = &'a (SlotDay, SlotDayRow)>) -> SlotOutcomes {
    let mut all = SlotOutcomes::new();
    for (of, row) in rows {
        for (combination, counts) in row.iter() {
            let Some(strategy) = &combination.strategy else { continue };
            let sum = all.entry(of.slot.clone()).or_default().entry(strategy.clone()).or_default();
            sum.views += counts.views;
            sum.clicks += counts.clicks;
            sum.conversions += counts.last.conversions;
        }
    }
    all
}

/// Why nothing is learned of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TooLittle {
    /// Its strategies were seen less than [`WORTH_VIEWS_MIN`] times.
    Views,
    /// They were clicked less than [`WORTH_CLICKS_MIN`] times.
    Clicks,
    /// Fewer than two of them were seen [`WORTH_STRATEGY_VIEWS_MIN`] times.
    Strategies,
}

impl TooLittle {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Views => "too few decisions were seen",
            Self::Clicks => "too few were clicked",
            Self::Strategies => "fewer than two strategies were seen often enough",
        }
    }
}

/// The factors of a slot's strategies in thousandths.
///
/// # Errors
/// When there is too little to learn from.
pub fn learn(of: &BTreeMap<StrategyId, Outcomes>) -> Result<BTreeMap<StrategyId, u16>, TooLittle> {
    let often: Vec<(&StrategyId, &Outcomes)> =
        of.iter().filter(|(_, outcomes)| outcomes.views >= WORTH_STRATEGY_VIEWS_MIN).collect();
    let sum = |count: fn(&Outcomes) -> u64| often.iter().map(|(_, outcomes)| count(outcomes)).sum::<u64>();
    let (views, clicks, conversions) = (sum(|o| o.views), sum(|o| o.clicks), sum(|o| o.conversions));
    if views < WORTH_VIEWS_MIN {
        return Err(TooLittle::Views);
    }
    if clicks < WORTH_CLICKS_MIN {
        return Err(TooLittle::Clicks);
    }
    if often.len() < 2 {
        return Err(TooLittle::Strategies);
    }
    let shrunk = |count: u64, own: u64, all: u64| {
        let expected = own as f64 * (all as f64 / views as f64);
        (count as f64 + WORTH_PRIOR) / (expected + WORTH_PRIOR)
    };
    let factor = |outcomes: &Outcomes| {
        let by_clicks = shrunk(outcomes.clicks, outcomes.views, clicks);
        let by_conversions = shrunk(outcomes.conversions, outcomes.views, conversions);
        let mean = f64::midpoint(by_clicks, by_conversions).clamp(WORTH_MIN, WORTH_MAX);
        // To the nearest: what is positive is cut off after a half was added.
        (mean * PARTS + 0.5) as u16
    };
    Ok(often.iter().map(|(strategy, outcomes)| ((*strategy).clone(), factor(outcomes))).collect())
}

/// What strategies are worth in the slots of which enough is known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Worth {
    slots: BTreeMap<SlotId, BTreeMap<StrategyId, u16>>,
}

impl Worth {
    /// Of these factors in thousandths; each is held within its bounds.
    #[must_use]
    pub fn new(slots: BTreeMap<SlotId, BTreeMap<StrategyId, u16>>) -> Self {
        let (least, most) = ((WORTH_MIN * PARTS) as u16, (WORTH_MAX * PARTS) as u16);
        let held = |factors: BTreeMap<StrategyId, u16>| {
            factors.into_iter().map(|(strategy, factor)| (strategy, factor.clamp(least, most))).collect()
        };
        Self { slots: slots.into_iter().map(|(slot, factors)| (slot, held(factors))).collect() }
    }

    /// Whether nothing is known of any slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// By how much a strategy's weight is multiplied in a slot; `None` where nothing is known of the slot, and 1 of a strategy
    /// that was hardly seen in it.
    #[must_use]
    pub fn factor(&self, slot: &SlotId, strategy: &str) -> Option<f64> {
        let factors = self.slots.get(slot)?;
        let own = factors.iter().find(|(known, _)| known.as_str() == strategy);
        Some(own.map_or(1.0, |(_, factor)| f64::from(*factor) / PARTS))
    }

    /// Packs it.
    ///
    /// # Errors
    /// When it cannot be encoded, which no valid one causes.
    pub fn pack(&self) -> Result<Vec<u8>, PackError> {
        pack_state(WORTH_VERSION, self)
    }

    /// Unpacks it; what is out of bounds is brought within them.
    ///
    /// # Errors
    /// When the bytes are empty, of another version, or corrupt.
    pub fn unpack(bytes: &[u8]) -> Result<Self, PackError> {
        let stored: Self = unpack_state(WORTH_VERSION, bytes)?;
        Ok(Self::new(stored.slots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot() -> SlotId {
        SlotId::new("home.hero").unwrap()
    }

    fn of(told: &[(&str, u64, u64, u64)]) -> BTreeMap<StrategyId, Outcomes> {
        let one = |(name, views, clicks, conversions): &(&str, u64, u64, u64)| {
            let outcomes = Outcomes { views: *views, clicks: *clicks, conversions: *conversions };
            (StrategyId::new(name).unwrap(), outcomes)
        };
        told.iter().map(one).collect()
    }

    fn factors(told: &[(&str, u64, u64, u64)]) -> Vec<(String, u16)> {
        let learned = learn(&of(told)).unwrap();
        learned.into_iter().map(|(strategy, factor)| (strategy.to_string(), factor)).collect()
    }

    #[test]
    fn a_factor_is_what_the_formula_says() {
        // 200 clicks of 2,000: 0.1 for each; (150 + 20) / (100 + 20), (50 + 20) / 120. 40 conversions: 0.02; (20 + 20) / 40.
        let found = factors(&[("for_you", 1_000, 150, 20), ("pinned", 1_000, 50, 20)]);
        let mean = |clicks: f64, conversions: f64| ((clicks + conversions) / 2.0 * 1_000.0).round() as u16;
        let (for_you, pinned) = (mean(170.0 / 120.0, 1.0), mean(70.0 / 120.0, 1.0));
        assert_eq!(found, [("for_you".to_owned(), for_you), ("pinned".to_owned(), pinned)]);
    }

    #[test]
    fn little_is_drawn_to_the_mean_and_nothing_is_silenced_or_shouts() {
        let found = factors(&[("few", 200, 12, 0), ("many", 20_000, 600, 0)]);
        assert!((1_000..1_150).contains(&found[0].1), "twice the rate, of little: {found:?}");
        let found = factors(&[("all", 100_000, 50_000, 5_000), ("none", 100_000, 0, 0)]);
        assert_eq!(found[1].1, 500, "{found:?}");
        assert!(found[0].1 <= 2_000, "{found:?}");
        let found = factors(&[("all", 1_000, 900, 500), ("none", 100_000, 10, 0)]);
        assert_eq!((found[0].1, found[1].1), (2_000, 500), "both ends");
    }

    #[test]
    fn too_little_is_not_learned_from() {
        let refused = |told: &[(&str, u64, u64, u64)]| learn(&of(told)).unwrap_err();
        assert_eq!(refused(&[("a", 400, 90, 9), ("b", 400, 90, 9)]), TooLittle::Views);
        assert_eq!(refused(&[("a", 4_000, 9, 9), ("b", 4_000, 9, 9)]), TooLittle::Clicks);
        assert_eq!(refused(&[("a", 4_000, 90, 9), ("b", 40, 9, 9)]), TooLittle::Strategies);
    }

    #[test]
    fn what_is_stored_is_read_back_and_held_within_its_bounds() {
        let stored = BTreeMap::from([(slot(), BTreeMap::from([(StrategyId::new("wild").unwrap(), 60_000)]))]);
        let worth = Worth::unpack(&pack_state(WORTH_VERSION, &Worth { slots: stored }).unwrap()).unwrap();
        assert_eq!(worth.factor(&slot(), "wild"), Some(2.0));
        assert_eq!(worth.factor(&slot(), "unseen"), Some(1.0));
        assert_eq!(worth.factor(&SlotId::new("elsewhere").unwrap(), "wild"), None);
        assert_eq!(Worth::unpack(&worth.pack().unwrap()).unwrap(), worth);
        assert!(Worth::unpack(&[9, 0]).is_err() && Worth::unpack(&[]).is_err());
    }
}
