//! Shops whose truth is known, and experiments in them that are looked at again and again: by these the promises of
//! this crate are checked, in its tests and by `beckon bench stats`. What is random is an argument: a function that
//! gives 64 bits at each call.

use crate::comparison::{Comparison, Effect, Metric, compare};
use crate::figures::Figures;
use crate::level::Level;
use crate::moments::Moments;
use crate::sample_ratio::sample_ratio;
use crate::verdict::{Verdict, verdict};

/// A shop, and what the variant changes in it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shop {
    /// Share of users who convert in the control, 0 to 1.
    pub rate: f64,
    /// How many more convert in the variant, as a part of the rate: 0 in an A/A test, 0.1 for a tenth more.
    pub uplift: f64,
    /// The natural logarithm of what a converted user pays is normal with this standard deviation; the median is 1.
    pub spread: f64,
    /// Share of users who are assigned the variant, 0 to 1.
    pub share: f64,
}

impl Shop {
    /// What a user pays on average in the control.
    #[must_use]
    pub fn revenue(self) -> f64 {
        self.rate * libm::exp(self.spread * self.spread / 2.0)
    }
}

/// When an experiment is looked at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plan {
    /// Users of both variants, each day.
    pub users_per_day: u64,
    /// Days.
    pub days: u64,
    /// It is looked at after each so many users, and at the end of each day.
    pub look_every: u64,
    /// α.
    pub level: Level,
}

/// What the looks at one metric came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Course {
    /// Users after whom a winner or a loser was declared first.
    pub declared_after: Option<u64>,
    /// The same where only the end of each day is looked at.
    pub declared_on_a_day: Option<u64>,
    /// The same by the interval of a fixed sample, at the end of each day.
    pub fixed_on_a_day: Option<u64>,
    /// The same at the end of the last day alone.
    pub fixed_at_the_end: bool,
    /// Some look's always-valid interval of the difference left the truth out.
    pub missed_difference: bool,
    /// Some look's always-valid interval of the uplift left the truth out.
    pub missed_uplift: bool,
}

/// What became of one experiment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Story {
    /// The share of users who converted.
    pub conversion: Course,
    /// Revenue of each user.
    pub revenue: Course,
    /// Some day's division was warned of.
    pub ratio_warned: bool,
    /// Some day's division was certainly wrong.
    pub ratio_certain: bool,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    users: u64,
    conversions: u64,
    revenue: Moments,
}

impl Counted {
    fn figures(self) -> Option<Figures> {
        Figures::new(self.users, self.conversions, self.revenue.among(self.users)).ok()
    }
}

/// Runs one experiment. The same bits give the same story.
pub fn run(shop: &Shop, plan: &Plan, bits: &mut impl FnMut() -> u64) -> Story {
    let mut story = Story::default();
    let mut counted = [Counted::default(); 2];
    let users = plan.users_per_day.saturating_mul(plan.days);
    let parts = 2.0_f64.powi(32);
    for user in 1..=users {
        // One draw for both: the upper half assigns, the lower one converts.
        let draw = bits();
        let is_variant = ((draw >> 32) as f64) < shop.share * parts;
        let rate = if is_variant { shop.rate * (1.0 + shop.uplift) } else { shop.rate };
        let group = &mut counted[usize::from(is_variant)];
        group.users += 1;
        if ((draw & 0xFFFF_FFFF) as f64) < rate * parts {
            group.conversions += 1;
            group.revenue.add(libm::exp(shop.spread * normal(bits)));
        }
        let is_day = user % plan.users_per_day == 0;
        if is_day || user % plan.look_every.max(1) == 0 {
            look(&mut story, shop, plan, counted, Look { user, is_day, is_last: user == users });
        }
    }
    story
}

#[derive(Clone, Copy)]
struct Look {
    user: u64,
    is_day: bool,
    is_last: bool,
}

fn look(story: &mut Story, shop: &Shop, plan: &Plan, counted: [Counted; 2], at: Look) {
    let [Some(control), Some(variant)] = counted.map(Counted::figures) else { return };
    let metrics = [
        (Metric::Conversion, &mut story.conversion, shop.rate),
        (Metric::Revenue, &mut story.revenue, shop.revenue()),
    ];
    for (metric, course, base) in metrics {
        course.note(&compare(&control, &variant, metric, plan.level), shop, base, plan.level, at);
    }
    if at.is_day {
        let ratio = sample_ratio(&counted.map(|group| group.users), &[1.0 - shop.share, shop.share]);
        story.ratio_warned |= ratio.warning;
        story.ratio_certain |= ratio.is_certain;
    }
}

impl Course {
    fn note(&mut self, comparison: &Comparison, shop: &Shop, base: f64, level: Level, at: Look) {
        if matches!(verdict(comparison, false, level), Verdict::Better | Verdict::Worse) {
            self.declared_after.get_or_insert(at.user);
            if at.is_day {
                self.declared_on_a_day.get_or_insert(at.user);
            }
        }
        let difference = &comparison.difference;
        if at.is_day && !difference.fixed_interval.holds(0.0) {
            self.fixed_on_a_day.get_or_insert(at.user);
            self.fixed_at_the_end |= at.is_last;
        }
        let leaves_out = |effect: &Effect, truth: f64| effect.interval.is_some_and(|i| !i.holds(truth));
        self.missed_difference |= leaves_out(difference, base * shop.uplift);
        self.missed_uplift |= comparison.uplift.is_some_and(|uplift| leaves_out(&uplift, shop.uplift));
    }
}

/// A standard normal value (G. E. P. Box and M. E. Muller, 1958).
fn normal(bits: &mut impl FnMut() -> u64) -> f64 {
    let mut uniform = || ((bits() >> 11) as f64 + 0.5) / 2.0_f64.powi(53);
    let (radius, angle) = ((-2.0 * libm::log(uniform())).sqrt(), std::f64::consts::TAU * uniform());
    radius * libm::cos(angle)
}
