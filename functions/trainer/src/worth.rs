//! What strategies are worth: the feedback loop. What became of decisions says how much each strategy counts in the slots that
//! learn.
//!
//! It learns from the numbers of slots and days and of nobody in particular, so it needs no archive. It is made live under a
//! gate: a slot of which too little is known has no factors, and when no slot is left, what was live before is replaced by
//! nothing, because nobody knows any more how good it is.

use crate::error::TrainerError;
use crate::process::{Report, Task, Trainer, report_of};
use crate::publish::{Ended, record};
use beckon_domain::Day;
use beckon_domain::id::{SlotId, StrategyId};
use beckon_recommend::Worth;
use beckon_recommend::policy::WORTH_DAYS;
use beckon_recommend::worth::{Outcomes, SlotOutcomes, learn, outcomes};
use beckon_runtime::fresh_id;
use beckon_store::archive::ArchiveObjects;
use beckon_store::models::{ModelObjects, keep, model_version};
use beckon_store::tables::{EngagementStore, LiveModel, ModelKind, ModelStore};
use beckon_wire::engagement::day_name;
use beckon_wire::format_time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A strategy in a card.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StrategyCard {
    /// Its name.
    pub strategy: String,
    /// What became of the decisions with its products.
    #[serde(flatten)]
    pub outcomes: Outcomes,
    /// By how much its weight is multiplied; `None` where too little is known.
    pub factor: Option<f64>,
}

/// A slot in a card.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SlotCard {
    /// The slot.
    pub slot: String,
    /// Its strategies, those seen most first.
    pub strategies: Vec<StrategyCard>,
    /// Why nothing was learned of it.
    pub nothing_learned: Option<String>,
}

/// The card of what strategies are worth.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Card {
    /// Its version.
    pub version: String,
    /// When it was made, as RFC 3339.
    pub made_at: String,
    /// What it says.
    pub says: String,
    /// The first and the last day that was learned from (UTC).
    pub from: String,
    /// See [`Card::from`].
    pub until: String,
    /// Every slot with strategies.
    pub slots: Vec<SlotCard>,
}

/// What was made, with its card.
#[derive(Clone, PartialEq, Debug)]
pub struct Made {
    /// The factors.
    pub worth: Worth,
    /// What the card says of the slots.
    pub slots: Vec<SlotCard>,
}

/// Learns from what became of decisions.
#[must_use]
pub fn make(of: &SlotOutcomes) -> Made {
    let (mut learned, mut slots) = (BTreeMap::new(), Vec::new());
    for (slot, strategies) in of {
        let factors = learn(strategies);
        slots.push(card(slot, strategies, factors.as_ref().map_err(|why| why.words())));
        if let Ok(factors) = factors {
            learned.insert(slot.clone(), factors);
        }
    }
    Made { worth: Worth::new(learned), slots }
}

fn card(
    slot: &SlotId,
    strategies: &BTreeMap<StrategyId, Outcomes>,
    factors: Result<&BTreeMap<StrategyId, u16>, &str>,
) -> SlotCard {
    let factor = |strategy: &StrategyId| Some(f64::from(*factors.ok()?.get(strategy)?) / 1_000.0);
    let told = strategies.iter().map(|(strategy, outcomes)| StrategyCard {
        strategy: strategy.to_string(),
        outcomes: *outcomes,
        factor: factor(strategy),
    });
    let mut told: Vec<StrategyCard> = told.collect();
    told.sort_by_key(|one| std::cmp::Reverse(one.outcomes.views));
    SlotCard { slot: slot.to_string(), strategies: told, nothing_learned: factors.err().map(str::to_owned) }
}

impl<T: ModelStore + EngagementStore, A: ArchiveObjects, O: ModelObjects> Trainer<T, A, O> {
    /// Learns what strategies are worth from the last whole days, and makes it live unless it is.
    ///
    /// # Errors
    /// When a store fails, or another training ended in between; what is live stays.
    pub async fn train_worth(&self, task: &Task) -> Result<Report, TrainerError> {
        let kind = ModelKind::Worth;
        let standing = self.tables.model_standing(kind).await?;
        let at = self.clock.now();
        let until = Day::of(at).before(1);
        let from = until.before(WORTH_DAYS - 1);
        let made = make(&outcomes(&self.tables.slot_days(from, until).await?));
        let bytes = made.worth.pack()?;
        let learned_count = made.slots.iter().filter(|slot| slot.nothing_learned.is_none()).count();
        let mut ended = Ended {
            id: fresh_id(),
            at,
            who: task.who.clone(),
            reason: format!("{learned_count} of {} slots have enough to learn from", made.slots.len()),
            card: String::new(),
            made: None,
            publish: None,
        };
        let version = model_version(&bytes);
        let is_live = standing.live.as_ref().is_some_and(|live| live.version == version);
        if standing.live.is_some() || !made.worth.is_empty() {
            let card = Card {
                version: version.clone(),
                made_at: format_time(at),
                says:
                    "by how much the weight of each strategy is multiplied, in slots that say `learn: true`"
                        .to_owned(),
                from: day_name(from),
                until: day_name(until),
                slots: made.slots,
            };
            ended.card = serde_json::to_string(&card)?;
            ended.made = Some(version.clone());
            // Made live again with each training: the card is of the newest days, whatever the factors are.
            let made_at = standing.live.as_ref().filter(|_| is_live).map_or(at, |live| live.made_at);
            ended.publish = Some(LiveModel {
                version,
                made_at,
                judged_at: at,
                card: ended.card.clone(),
                place: keep(&self.objects, kind, bytes).await?,
            });
        }
        let record = record(&self.tables, kind, &standing, ended).await?;
        Ok(report_of(kind, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(slot: &str, told: &[(&str, u64, u64, u64)]) -> (SlotId, BTreeMap<StrategyId, Outcomes>) {
        let one = |(name, views, clicks, conversions): &(&str, u64, u64, u64)| {
            let outcomes = Outcomes { views: *views, clicks: *clicks, conversions: *conversions };
            (StrategyId::new(name).unwrap(), outcomes)
        };
        (SlotId::new(slot).unwrap(), told.iter().map(one).collect())
    }

    #[test]
    fn a_slot_of_which_too_little_is_known_is_on_the_card_and_not_in_the_model() {
        let outcomes = SlotOutcomes::from([
            of("busy", &[("for_you", 4_000, 400, 40), ("best_seller", 2_000, 60, 2), ("pinned", 9, 9, 9)]),
            of("quiet", &[("for_you", 40, 4, 0)]),
        ]);
        let Made { worth, slots } = make(&outcomes);
        let (busy, quiet) = (SlotId::new("busy").unwrap(), SlotId::new("quiet").unwrap());
        assert!(worth.factor(&busy, "for_you").unwrap() > 1.1);
        assert!(worth.factor(&busy, "best_seller").unwrap() < 0.7);
        assert_eq!((worth.factor(&busy, "pinned"), worth.factor(&quiet, "for_you")), (Some(1.0), None));
        assert_eq!(slots[0].strategies[0].strategy, "for_you");
        assert_eq!((slots[0].strategies[2].factor, slots[0].nothing_learned.as_ref()), (None, None));
        assert_eq!(slots[1].nothing_learned.as_deref(), Some("too few decisions were seen"));
    }
}
