//! Sample journeys: what a person did before a decision changed, and both decisions.

use super::tally::Kind;
use beckon_domain::event::{Event, EventKind};
use beckon_domain::{ProductId, SmolStr, Timestamp};
use beckon_wire::format_time;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Events that a journey shows.
const EVENTS_MAX: usize = 8;
/// Journeys that a report shows.
pub(super) const JOURNEYS_MAX: usize = 10;

/// What a person did.
#[derive(Clone)]
struct Did {
    at: Timestamp,
    name: SmolStr,
    product: Option<ProductId>,
}

/// What a person did last.
#[derive(Clone, Default)]
pub(super) struct Recent(VecDeque<Did>);

impl Recent {
    /// Something happened.
    pub fn push(&mut self, event: &Event) {
        if self.0.len() == EVENTS_MAX {
            self.0.pop_front();
        }
        let product = match &event.kind {
            EventKind::ProductViewed(item)
            | EventKind::ProductAdded(_, item)
            | EventKind::ProductRemoved(_, item) => Some(item.product.clone()),
            EventKind::ProductDwelled { product, .. } => Some(product.clone()),
            EventKind::CartUpdated(_, items) | EventKind::OrderCompleted { items, .. } => {
                items.first().map(|item| item.product.clone())
            }
            _ => None,
        };
        self.0.push_back(Did { at: event.occurred_at, name: SmolStr::new(event.kind.name()), product });
    }

    fn lines(&self) -> Vec<String> {
        let line = |did: &Did| match &did.product {
            Some(product) => format!("{}  {} {product}", format_time(did.at), did.name),
            None => format!("{}  {}", format_time(did.at), did.name),
        };
        self.0.iter().map(line).collect()
    }
}

/// The first time that a kind of change met a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Journey {
    /// The row or line after which both were asked.
    pub row: u64,
    /// When, in RFC 3339.
    pub at: String,
    /// The slot.
    pub slot: String,
    /// What the person did last, the decision's own event at the end.
    pub events: Vec<String>,
    /// What the ruleset before shows, and why.
    pub from: String,
    /// What the ruleset after shows, and why.
    pub to: String,
    /// Tells people apart, and says nothing else of them.
    #[serde(skip)]
    pub person: u64,
}

impl Journey {
    pub(super) fn new(row: u64, person: u64, recent: &Recent, slot: &str, told: (String, String)) -> Self {
        let at = recent.0.back().map(|did| format_time(did.at)).unwrap_or_default();
        Self { row, at, slot: slot.to_owned(), events: recent.lines(), from: told.0, to: told.1, person }
    }
}

/// Ten of them: the most frequent kinds of change first, each kind in its turn, every person once.
pub(super) fn choose(kinds: &BTreeMap<Kind, (u64, Vec<Journey>)>) -> Vec<Journey> {
    let mut by_count: Vec<(&Kind, u64, &[Journey])> =
        kinds.iter().map(|(kind, (count, samples))| (kind, *count, samples.as_slice())).collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let (mut chosen, mut people) = (Vec::new(), BTreeSet::new());
    for turn in 0..JOURNEYS_MAX {
        for (_, _, samples) in &by_count {
            if chosen.len() == JOURNEYS_MAX {
                return chosen;
            }
            if let Some(journey) = samples.get(turn).filter(|journey| people.insert(journey.person)) {
                chosen.push(journey.clone());
            }
        }
    }
    chosen
}
