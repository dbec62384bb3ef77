//! The products a person looked at last: for how long, and how much they care about each.

use crate::decay::{Horizon, Weights};
use crate::id::{Category, ProductId};
use crate::policy::VIEWED_COUNT_MAX;
use crate::price_band::PriceBand;
use crate::time::{DurationMs, Timestamp};
use serde::{Deserialize, Serialize};

/// How a view ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum End {
    /// Not yet: the next event ends it.
    Open,
    /// By the next event: its length is a guess, which a measurement replaces.
    Guessed,
    /// By `Product Dwelled`, which a page may send again and again while the view lasts.
    Measured,
}

/// One product looked at: its latest view.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View {
    /// The product.
    pub product: ProductId,
    /// Its category, when an event told it.
    pub category: Option<Category>,
    /// Its price band, when an event told a price.
    pub price_band: Option<PriceBand>,
    /// When it was last viewed.
    pub at: Timestamp,
    /// Attention paid in earlier views, as long as the product is remembered.
    earlier: DurationMs,
    /// Attention paid in the latest view: nothing while it is open, at most the policy's `dwell_max`.
    latest: DurationMs,
    end: End,
    /// Views in the session of the latest one; more than 255 are 255.
    in_session: u8,
    weights: Weights,
}

/// Products looked at, oldest first, each once.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Viewed {
    views: Vec<View>,
    horizon: Horizon,
}

impl Viewed {
    /// Products looked at, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &View> {
        self.views.iter().rev()
    }

    /// The latest view of a product.
    #[must_use]
    pub fn of(&self, product: &str) -> Option<&View> {
        self.views.iter().find(|v| v.product.as_str() == product)
    }

    /// A product was viewed, in a session of its own. A view that comes late leaves the newer one as it is.
    pub fn view(&mut self, product: &ProductId, category: Option<&Category>, at: Timestamp) {
        self.view_in_session(product, (category, None), at, at);
    }

    /// A product was viewed in the session that began at `since`. What the event does not tell of category and price band
    /// stays as it was.
    pub fn view_in_session(
        &mut self,
        product: &ProductId,
        (category, price_band): (Option<&Category>, Option<PriceBand>),
        at: Timestamp,
        since: Timestamp,
    ) {
        let seen = self.views.iter().position(|v| v.product == *product);
        let mut view = seen.map_or_else(|| View::new(product, at), |index| self.views.remove(index));
        if category.is_some() && view.category.as_ref() != category {
            view.category = category.cloned();
        }
        view.price_band = price_band.or(view.price_band);
        if view.at < since && at >= since {
            view.in_session = 0;
        }
        if at >= since {
            view.in_session = view.in_session.saturating_add(1);
        }
        if at >= view.at {
            view.earlier = add(view.earlier, view.latest);
            (view.at, view.latest, view.end) = (at, DurationMs::ZERO, End::Open);
        }
        self.insert(view);
        if self.views.len() > VIEWED_COUNT_MAX {
            self.views.remove(0);
        }
    }

    fn insert(&mut self, view: View) {
        let index = self.views.partition_point(|v| (v.at, &v.product) < (view.at, &view.product));
        self.views.insert(index, view);
    }

    /// Some event happened: a view that was open until then lasted from its time to the event's. A pause longer
    /// than a session's gap says nothing about attention and counts as none.
    pub fn close_open_view(&mut self, at: Timestamp, gap: DurationMs, dwell_max: DurationMs) {
        for view in self.views.iter_mut().filter(|v| v.end == End::Open && v.at < at) {
            view.latest = open_dwell(view.at, at, gap, dwell_max);
            view.end = End::Guessed;
        }
    }

    /// A page measured the attention paid to a product: better than the gap to the next event, which it replaces even
    /// if that event came first. Several reports of one view add up.
    pub fn dwelled(&mut self, product: &ProductId, engaged: DurationMs, dwell_max: DurationMs) {
        if let Some(view) = self.views.iter_mut().find(|v| v.product == *product) {
            let before = if view.end == End::Measured { view.latest } else { DurationMs::ZERO };
            view.latest = add(before, engaged).min(dwell_max);
            view.end = End::Measured;
        }
    }

    /// Adds points of interest to a product that is remembered as viewed, however late the event arrives. Other
    /// products get none: what was bought is in [`crate::orders`], what is in the cart in [`crate::cart`].
    pub fn interest(&mut self, product: &ProductId, points: u64, at: Timestamp, half_life: DurationMs) {
        let Some(index) = self.views.iter().position(|v| v.product == *product) else { return };
        self.reach(Horizon::of(at, half_life), half_life);
        self.views[index].weights.add(points, at, self.horizon, half_life);
    }

    /// Lets the newest period of interest be at least this one.
    fn reach(&mut self, horizon: Horizon, half_life: DurationMs) {
        let periods = horizon.periods_after(self.horizon, half_life);
        if periods > 0 {
            self.horizon = horizon;
            self.views.iter_mut().for_each(|view| view.weights.age(periods));
        }
    }

    /// The affinity to a product now, in millionths of a point; none for a product that is not remembered.
    #[must_use]
    pub fn score(&self, product: &str, now: Timestamp, half_life: DurationMs) -> u64 {
        self.of(product).map_or(0, |view| view.weights.score(self.horizon, now, half_life))
    }

    /// The products by their affinity now, strongest first.
    #[must_use]
    pub fn ranked(&self, now: Timestamp, half_life: DurationMs) -> Vec<(&ProductId, u64)> {
        let score = |view: &View| view.weights.score(self.horizon, now, half_life);
        let mut ranked: Vec<_> = self.views.iter().map(|view| (&view.product, score(view))).collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        ranked
    }

    /// The views of two halves of one person: per product the latest time, and the attention and interest of both.
    #[must_use]
    pub fn merge(&self, other: &Self, half_life: DurationMs) -> Self {
        let (mut merged, mut other) = (self.clone(), other.clone());
        merged.reach(other.horizon, half_life);
        other.reach(merged.horizon, half_life);
        for theirs in other.views {
            let known = merged.views.iter().position(|v| v.product == theirs.product);
            let view = match known.map(|index| merged.views.remove(index)) {
                Some(ours) => ours.join(theirs),
                None => theirs,
            };
            merged.insert(view);
        }
        let excess = merged.views.len().saturating_sub(VIEWED_COUNT_MAX);
        merged.views.drain(..excess);
        merged
    }
}

impl View {
    fn new(product: &ProductId, at: Timestamp) -> Self {
        Self {
            product: product.clone(),
            category: None,
            price_band: None,
            at,
            earlier: DurationMs::ZERO,
            latest: DurationMs::ZERO,
            end: End::Open,
            in_session: 0,
            weights: Weights::default(),
        }
    }

    /// Views of one product by both halves: the later one is the latest.
    fn join(self, other: Self) -> Self {
        let rank = |v: &Self| (v.at, v.category.clone(), v.end, v.latest, v.price_band, v.in_session);
        let (mut newer, older) = if rank(&self) >= rank(&other) { (self, other) } else { (other, self) };
        newer.category = newer.category.or(older.category);
        newer.price_band = newer.price_band.or(older.price_band);
        newer.earlier = add(newer.earlier, add(older.earlier, older.latest));
        newer.weights.merge(&older.weights);
        newer
    }

    /// How often it was viewed in the session of its latest view.
    #[must_use]
    pub const fn count_in_session(&self) -> u8 {
        self.in_session
    }

    /// Attention paid in all views remembered, without one that is still open.
    #[must_use]
    pub fn dwell(&self) -> DurationMs {
        add(self.earlier, self.latest)
    }

    /// Attention paid until `now`, the open view included: a decision asked for at `now` shows that the person is
    /// still there.
    #[must_use]
    pub fn dwell_at(&self, now: Timestamp, gap: DurationMs, dwell_max: DurationMs) -> DurationMs {
        let open =
            if self.end == End::Open { open_dwell(self.at, now, gap, dwell_max) } else { DurationMs::ZERO };
        add(self.dwell(), open)
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
    const WEEK: DurationMs = DurationMs::from_days(7);

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
            assert_eq!(viewed.of("p").unwrap().dwell(), DurationMs::from_secs(dwell_secs), "{next_secs}");
        }
    }

    #[test]
    fn measured_attention_replaces_the_guess() {
        let mut viewed = Viewed::default();
        viewed.view(&product("p"), None, at(0));
        viewed.dwelled(&product("p"), DurationMs::from_secs(12), MAX);
        viewed.close_open_view(at(300), GAP, MAX);
        assert_eq!(viewed.of("p").unwrap().dwell(), DurationMs::from_secs(12));
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
            a.interest(&product(&format!("p{n}")), n, at(n * 3), WEEK);
            b.view(&product(&format!("p{}", n + 6)), Some(&Category::new("c").unwrap()), at(n * 2));
            b.interest(&product("p8"), n, at(n * 20_000_000), WEEK);
        }
        assert_eq!(a.merge(&b, WEEK), b.merge(&a, WEEK));
        assert_eq!(a.merge(&b, WEEK).newest_first().count(), VIEWED_COUNT_MAX);
    }

    #[test]
    fn a_measurement_that_comes_after_the_guess_replaces_it_and_reports_of_one_view_add_up() {
        let mut viewed = Viewed::default();
        viewed.view(&product("p"), None, at(0));
        viewed.close_open_view(at(300), GAP, MAX);
        for (engaged_secs, dwell_secs) in [(20, 20), (15, 35), (3_600, 600)] {
            viewed.dwelled(&product("p"), DurationMs::from_secs(engaged_secs), MAX);
            assert_eq!(viewed.of("p").unwrap().dwell(), DurationMs::from_secs(dwell_secs));
        }
        viewed.view(&product("p"), None, at(900));
        viewed.dwelled(&product("p"), DurationMs::from_secs(5), MAX);
        assert_eq!(viewed.of("p").unwrap().dwell(), DurationMs::from_secs(605), "a view of its own");
    }

    #[test]
    fn a_late_view_does_not_end_the_one_that_is_open() {
        let mut viewed = Viewed::default();
        viewed.view(&product("p"), None, at(100));
        viewed.view(&product("p"), None, at(40));
        assert_eq!(viewed.of("p").unwrap().dwell_at(at(130), GAP, MAX), DurationMs::from_secs(30));
    }

    #[test]
    fn interest_in_a_product_decays_and_a_later_period_does_not_change_what_was() {
        let mut viewed = Viewed::default();
        for name in ["old", "new"] {
            viewed.view(&product(name), None, at(0));
        }
        viewed.interest(&product("old"), 8, at(0), WEEK);
        let later = at(0) + DurationMs::from_days(140);
        viewed.interest(&product("new"), 1, later, WEEK);
        viewed.interest(&product("nobody looked at"), 9, later, WEEK);
        let ranked: Vec<_> =
            viewed.ranked(later, WEEK).into_iter().map(|(p, score)| (p.as_str(), score)).collect();
        assert_eq!(ranked[0].0, "new");
        assert!(ranked[1].1.abs_diff(8) <= 1, "8 points after 20 half-lives: {ranked:?}");
        assert_eq!((ranked.len(), viewed.score("nobody looked at", later, WEEK)), (2, 0));
    }

    #[test]
    fn views_of_both_halves_at_one_instant_are_joined_the_same_way_round_or_not() {
        let half = |dwell_secs: Option<u64>, category: Option<&str>| {
            let mut viewed = Viewed::default();
            viewed.view(&product("p"), category.map(|c| Category::new(c).unwrap()).as_ref(), at(0));
            if let Some(secs) = dwell_secs {
                viewed.dwelled(&product("p"), DurationMs::from_secs(secs), MAX);
            }
            viewed
        };
        let halves = [half(None, None), half(Some(5), None), half(Some(7), Some("a")), half(None, Some("b"))];
        for a in &halves {
            for b in &halves {
                assert_eq!(a.merge(b, WEEK), b.merge(a, WEEK));
            }
        }
    }
}
