//! Which decision an order is credited to. No model is right: a click says more than a glance, the last touch flatters what
//! is shown beside the checkout, the first what is shown at the door. So all of them are counted, side by side.

use super::touches::Touch;
use crate::id::DecisionId;
use crate::policy::{CLICK_WINDOW, VIEW_WINDOW};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// By what an order is credited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Model {
    /// To the decision that the order itself names.
    Direct,
    /// To the first touch within its window.
    First,
    /// To the last one.
    Last,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 3] = [Self::Direct, Self::First, Self::Last];

    /// The stable name of answers and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some of the models.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Models(u8);

impl Models {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// These with one more.
    #[must_use]
    pub const fn with(self, model: Model) -> Self {
        Self(self.0 | model.bit())
    }

    /// These and others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without others.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, model: Model) -> bool {
        self.0 & model.bit() != 0
    }

    /// Those that there are, in their order.
    pub fn iter(self) -> impl Iterator<Item = Model> {
        Model::ALL.into_iter().filter(move |model| self.has(*model))
    }
}

/// How a touch stands to an order: of two the one by a click counts more, then the later one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    by_click: bool,
    at: Timestamp,
}

/// Whether an order at this time is within the window of a touch, and by what.
fn standing(touch: &Touch, order_at: Timestamp) -> Option<Standing> {
    let within = |at: Timestamp, window| at <= order_at && order_at < at + window;
    let click = touch.click.as_ref().filter(|click| within(click.at, CLICK_WINDOW));
    let by_click = click.map(|click| Standing { by_click: true, at: click.at });
    by_click.or_else(|| within(touch.at, VIEW_WINDOW).then_some(Standing { by_click: false, at: touch.at }))
}

/// The touches that an order at this time is credited to, with the models that say so, and whether it was their click that
/// counts. `named` is the decision that the order says it follows from.
pub(super) fn credited(
    touches: &[Touch],
    named: Option<&DecisionId>,
    order_at: Timestamp,
) -> Vec<(usize, Models, bool)> {
    let all: Vec<(usize, Standing)> = touches
        .iter()
        .enumerate()
        .filter_map(|(index, touch)| Some((index, standing(touch, order_at)?)))
        .collect();
    let is_named = |index: usize| Some(&touches[index].decision) == named;
    // A click goes before any view.
    let has_click = all.iter().any(|(_, standing)| standing.by_click);
    let strongest = || all.iter().filter(|(_, standing)| standing.by_click == has_click);
    let tie = |index: usize| (&touches[index].decision, &touches[index].slot);
    let key = |(index, standing): &&(usize, Standing)| (*standing, tie(*index));
    let choices = [
        (Model::Direct, all.iter().filter(|(index, _)| is_named(*index)).max_by_key(key)),
        (Model::First, strongest().min_by_key(key)),
        (Model::Last, strongest().max_by_key(key)),
    ];
    let mut credited: Vec<(usize, Models, bool)> = Vec::new();
    for (model, choice) in choices {
        let Some((index, standing)) = choice else { continue };
        match credited.iter_mut().find(|(known, ..)| known == index) {
            Some((_, models, _)) => *models = models.with(model),
            None => credited.push((*index, Models::NONE.with(model), standing.by_click)),
        }
    }
    credited
}
