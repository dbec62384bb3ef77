//! The products a person looked at last, and for how long.

use crate::id::{Category, ProductId};
use crate::policy::VIEWED_COUNT_MAX;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// One product looked at: its latest view.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View {
    /// The product.
    pub product: ProductId,
    /// Its category, when an event told it.
    pub category: Option<Category>,
    /// When it was last viewed.
    pub at: Timestamp,
    /// Attention paid, over all views remembered.
    pub dwell: DurationMs,
    /// Whether the view has no measured end yet: the next event ends it.
    pub open: bool,
}

/// Products looked at, oldest first, each once.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Viewed(Vec<View>);

impl Viewed {
    /// Products looked at, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &View> {
        self.0.iter().rev()
    }

    /// The latest view of a product.
    #[must_use]
    pub fn of(&self, product: &str) -> Option<&View> {
        self.0.iter().find(|v| v.product.as_str() == product)
    }

    /// A product was viewed.
    pub fn view(&mut self, product: &ProductId, category: Option<&Category>, at: Timestamp) {
        let seen = self.0.iter().position(|v| v.product == *product).map(|index| self.0.remove(index));
        let (dwell, before, category_before) =
            seen.map_or((DurationMs::ZERO, Timestamp::EPOCH, None), |v| (v.dwell, v.at, v.category));
        self.insert(View {
            product: product.clone(),
            category: category.cloned().or(category_before),
            at: at.max(before),
            dwell,
            open: at >= before,
        });
    }

    fn insert(&mut self, view: View) {
        let index = self.0.partition_point(|v| (v.at, &v.product) < (view.at, &view.product));
        self.0.insert(index, view);
        if self.0.len() > VIEWED_COUNT_MAX {
            self.0.remove(0);
        }
    }

    /// Some event happened: a view that was open until then lasted from its time to the event's. A pause longer
    /// than a session's gap says nothing about attention and counts as none.
    pub fn close_open_view(&mut self, at: Timestamp, gap: DurationMs, dwell_max: DurationMs) {
        for view in self.0.iter_mut().filter(|v| v.open && v.at < at) {
            view.dwell = add(view.dwell, open_dwell(view.at, at, gap, dwell_max));
            view.open = false;
        }
    }

    /// A page measured the attention paid to a product: better than the gap to the next event.
    pub fn dwelled(&mut self, product: &ProductId, engaged: DurationMs, dwell_max: DurationMs) {
        if let Some(view) = self.0.iter_mut().find(|v| v.product == *product) {
            view.dwell = add(view.dwell, engaged.min(dwell_max));
            view.open = false;
        }
    }

    /// The views of two halves of one person: per product the latest time and the attention of both.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        for theirs in &other.0 {
            let Some(index) = merged.0.iter().position(|v| v.product == theirs.product) else {
                merged.insert_uncapped(theirs.clone());
                continue;
            };
            let ours = merged.0.remove(index);
            let newer =
                if (ours.at, &ours.category) >= (theirs.at, &theirs.category) { &ours } else { theirs };
            merged.insert_uncapped(View {
                dwell: add(ours.dwell, theirs.dwell),
                category: newer
                    .category
                    .clone()
                    .or_else(|| ours.category.clone())
                    .or_else(|| theirs.category.clone()),
                open: ours.open && theirs.open,
                ..newer.clone()
            });
        }
        let excess = merged.0.len().saturating_sub(VIEWED_COUNT_MAX);
        merged.0.drain(..excess);
        merged
    }

    fn insert_uncapped(&mut self, view: View) {
        let index = self.0.partition_point(|v| (v.at, &v.product) < (view.at, &view.product));
        self.0.insert(index, view);
    }
}

impl View {
    /// Attention paid until `now`, the open view included: a decision asked for at `now` shows that the person is
    /// still there.
    #[must_use]
    pub fn dwell_at(&self, now: Timestamp, gap: DurationMs, dwell_max: DurationMs) -> DurationMs {
        if self.open { add(self.dwell, open_dwell(self.at, now, gap, dwell_max)) } else { self.dwell }
    }
}

fn open_dwell(from: Timestamp, to: Timestamp, gap: DurationMs, dwell_max: DurationMs) -> DurationMs {
    let length = to.since(from);
    if length > gap { DurationMs::ZERO } else { length.min(dwell_max) }
}

fn add(a: DurationMs, b: DurationMs) -> DurationMs {
    DurationMs::from_ms(a.as_ms().saturating_add(b.as_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: DurationMs = DurationMs::from_minutes(30);
    const MAX: DurationMs = DurationMs::from_minutes(10);

    fn product(name: &str) -> ProductId {
        ProductId::new(name).unwrap()
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::EPOCH + DurationMs::from_secs(secs)
    }

    #[test]
    fn dwell_is_the_gap_to_the_next_event_capped_and_none_after_a_long_pause() {
        for (next_secs, dwell_secs) in [(45, 45), (1_200, 600), (7_200, 0)] {
            let mut viewed = Viewed::default();
            viewed.view(&product("p"), None, at(0));
            viewed.close_open_view(at(next_secs), GAP, MAX);
            assert_eq!(viewed.of("p").unwrap().dwell, DurationMs::from_secs(dwell_secs), "{next_secs}");
        }
    }

    #[test]
    fn measured_attention_replaces_the_guess() {
        let mut viewed = Viewed::default();
        viewed.view(&product("p"), None, at(0));
        viewed.dwelled(&product("p"), DurationMs::from_secs(12), MAX);
        viewed.close_open_view(at(300), GAP, MAX);
        assert_eq!(viewed.of("p").unwrap().dwell, DurationMs::from_secs(12));
    }

    #[test]
    fn an_open_view_grows_while_the_person_is_there() {
        let mut viewed = Viewed::default();
        viewed.view(&product("p"), None, at(0));
        let view = viewed.of("p").unwrap();
        assert_eq!(view.dwell_at(at(31), GAP, MAX), DurationMs::from_secs(31));
        assert_eq!(view.dwell_at(at(7_200), GAP, MAX), DurationMs::ZERO);
    }

    #[test]
    fn the_oldest_view_is_forgotten_first_and_a_late_view_does_not_jump_the_queue() {
        let mut viewed = Viewed::default();
        for n in 0..=VIEWED_COUNT_MAX as u64 {
            viewed.view(&product(&format!("p{n}")), None, at(n + 100));
        }
        assert!(viewed.of("p0").is_none());
        viewed.view(&product("late"), None, at(1));
        assert!(viewed.of("late").is_none());
        assert_eq!(viewed.newest_first().next().unwrap().product, product("p16"));
    }

    #[test]
    fn merging_two_halves_commutes() {
        let (mut a, mut b) = (Viewed::default(), Viewed::default());
        for n in 0..12 {
            a.view(&product(&format!("p{n}")), None, at(n * 3));
            b.view(&product(&format!("p{}", n + 6)), Some(&Category::new("c").unwrap()), at(n * 2));
        }
        assert_eq!(a.merge(&b), b.merge(&a));
    }
}
