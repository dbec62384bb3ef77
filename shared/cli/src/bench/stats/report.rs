//! What `beckon bench stats` says.

use beckon_statistics::simulate::{Course, Shop, Story};
use serde::Serialize;
use std::fmt;

/// Per cent of experiments in which an always-valid statement may be wrong.
const WRONG_MAX: f64 = 5.0;
/// Per cent of sound experiments whose division may ever be called certainly wrong.
const CERTAIN_MAX: f64 = 0.1;
/// From so many experiments on, 5 % are 5 %; of fewer three standard errors more are granted.
const RUNS_MANY: u64 = 10_000;

/// One metric in one shop; everything in per cent of experiments, unless it says otherwise.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    metric: &'static str,
    /// Share of users who convert, 0 to 1.
    rate: f64,
    /// 0 in an A/A test.
    uplift: f64,
    /// Of the logarithm of what a payer pays.
    spread: f64,
    /// Of users who are assigned the variant, 0 to 1.
    share: f64,
    /// Declared a winner or a loser, looking after every 100 users.
    declared: f64,
    /// The same looking at the end of each day.
    declared_daily: f64,
    /// By the interval of a fixed sample, looking at the end of each day.
    fixed_daily: f64,
    /// The same, looking at the end of the last day alone.
    fixed_once: f64,
    /// Some always-valid interval of the difference left the truth out.
    missed_difference: f64,
    /// The same of the uplift.
    missed_uplift: f64,
    /// Day on which half of those who were declared, looking each day, were declared.
    median_day: Option<u64>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatsReport {
    runs: u64,
    seed: u64,
    days: u64,
    users_per_day: u64,
    rows: Vec<Row>,
    /// Most of all shops: experiments, all of them divided soundly, that were warned of on some day.
    ratio_warned: f64,
    /// The same by the always-valid test.
    ratio_certain: f64,
    /// Every promise was kept.
    pub met: bool,
}

/// What of a story one metric says.
type Told = fn(&Story) -> Course;

impl StatsReport {
    pub fn new(runs: u64, seed: u64) -> Self {
        Self {
            runs,
            seed,
            days: super::DAYS,
            users_per_day: super::USERS_PER_DAY,
            rows: Vec::new(),
            ratio_warned: 0.0,
            ratio_certain: 0.0,
            met: true,
        }
    }

    pub fn add(&mut self, shop: &Shop, stories: &[Story]) {
        let metrics: [(&'static str, Told); 2] =
            [("converted", |story| story.conversion), ("revenue", |story| story.revenue)];
        for (metric, course) in metrics {
            let courses: Vec<Course> = stories.iter().map(course).collect();
            let row = Row::of(metric, shop, &courses);
            self.met &= row.is_kept(self.wrong_max());
            self.rows.push(row);
        }
        self.ratio_warned = self.ratio_warned.max(percent(stories, |story| story.ratio_warned));
        self.ratio_certain = self.ratio_certain.max(percent(stories, |story| story.ratio_certain));
        self.met &= self.is_ratio_kept();
    }

    fn wrong_max(&self) -> f64 {
        if self.runs >= RUNS_MANY { WRONG_MAX } else { granted(WRONG_MAX, self.runs) }
    }

    /// One in 1,000 is promised of each shop; the largest share of several shops may be above it by chance.
    fn is_ratio_kept(&self) -> bool {
        self.ratio_certain <= granted(CERTAIN_MAX, self.runs)
    }
}

/// So many per cent and three standard errors.
fn granted(percent: f64, runs: u64) -> f64 {
    let part = percent / 100.0;
    percent + 300.0 * (part * (1.0 - part) / runs.max(1) as f64).sqrt()
}

impl Row {
    fn of(metric: &'static str, shop: &Shop, courses: &[Course]) -> Self {
        let mut days: Vec<u64> = courses.iter().filter_map(|course| course.declared_on_a_day).collect();
        days.sort_unstable();
        Self {
            metric,
            rate: shop.rate,
            uplift: shop.uplift,
            spread: shop.spread,
            share: shop.share,
            declared: percent(courses, |course| course.declared_after.is_some()),
            declared_daily: percent(courses, |course| course.declared_on_a_day.is_some()),
            fixed_daily: percent(courses, |course| course.fixed_on_a_day.is_some()),
            fixed_once: percent(courses, |course| course.fixed_at_the_end),
            missed_difference: percent(courses, |course| course.missed_difference),
            missed_uplift: percent(courses, |course| course.missed_uplift),
            median_day: days.get(days.len() / 2).map(|users| users / super::USERS_PER_DAY),
        }
    }

    fn is_kept(&self, wrong_max: f64) -> bool {
        let is_silent = self.uplift != 0.0 || self.declared <= wrong_max;
        is_silent && self.missed_difference <= wrong_max && self.missed_uplift <= wrong_max
    }
}

fn percent<T>(of: &[T], holds: impl Fn(&T) -> bool) -> f64 {
    100.0 * of.iter().filter(|one| holds(one)).count() as f64 / of.len().max(1) as f64
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_same = self.uplift == 0.0;
        let effect = if is_same { "A/A".to_owned() } else { format!("+{:.0} %", self.uplift * 100.0) };
        let day = self.median_day.filter(|_| !is_same).map_or_else(|| "-".to_owned(), |day| day.to_string());
        write!(
            f,
            "{:<9} {:>4} % {:>6} {:>6} {:>5.0} % | {:>8.2} {:>8.2} | {:>6.2} {:>6.2} | {:>6.2} {:>6.2} | {:>3}",
            self.metric,
            self.rate * 100.0,
            effect,
            self.spread,
            self.share * 100.0,
            self.declared,
            self.declared_daily,
            self.fixed_daily,
            self.fixed_once,
            self.missed_difference,
            self.missed_uplift,
            day,
        )
    }
}

impl fmt::Display for StatsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, days, users_per_day, seed, .. } = self;
        writeln!(
            f,
            "{runs} experiments of {days} days and {users_per_day} users a day in each shop, seed {seed};"
        )?;
        writeln!(
            f,
            "per cent of them: in which a winner or loser was declared, by always-valid intervals (looking after"
        )?;
        writeln!(
            f,
            "each 100 users; each day) and by fixed ones (each day; on the last day only); in which an always-valid"
        )?;
        writeln!(
            f,
            "interval ever left the truth out (difference; uplift); and the median day of a declaration"
        )?;
        writeln!(
            f,
            "{:<9} {:>6} {:>6} {:>6} {:>7} | {:>8} {:>8} | {:>6} {:>6} | {:>6} {:>6} | {:>3}",
            "metric",
            "rate",
            "effect",
            "spread",
            "variant",
            "each 100",
            "each day",
            "daily",
            "once",
            "diff.",
            "uplift",
            "day"
        )?;
        for row in &self.rows {
            writeln!(f, "{row}{}", if row.is_kept(self.wrong_max()) { "" } else { "  NOT MET" })?;
        }
        let most = |value: fn(&Row) -> f64| self.rows.iter().fold(0.0_f64, |most, row| most.max(value(row)));
        let declared = most(|row| if row.uplift == 0.0 { row.declared } else { 0.0 });
        let missed = most(|row| row.missed_difference.max(row.missed_uplift));
        let verdict = |met: bool| if met { "met" } else { "NOT MET" };
        for (goal, found) in [("A/A tests with a winner", declared), ("truth ever left out", missed)] {
            writeln!(f, "goal: {goal} <= 5 %: at most {found:.2}, {}", verdict(found <= self.wrong_max()))?;
        }
        writeln!(
            f,
            "goal: sound divisions ever certainly wrong <= 0.1 % (and three standard errors): at most {:.2}, {}",
            self.ratio_certain,
            verdict(self.is_ratio_kept())
        )?;
        writeln!(
            f,
            "sound divisions warned of on some day (p < 0.001 at one look): at most {:.2}",
            self.ratio_warned
        )
    }
}
