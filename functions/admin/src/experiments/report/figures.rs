//! What tallies say: a pure function of the experiment, its tallies and the instant.

use super::super::experiment_told;
use beckon_domain::experiment::report::day_of;
use beckon_domain::experiment::{Cohort, Experiment, GoalTally, Tally, TallyBook, Variant};
use beckon_domain::{Currency, Timestamp};
use beckon_statistics::{
    Comparison, Effect, Figures, Level, Metric, Moments, SampleRatio, Verdict, days_left, judge, sample_ratio,
};
use beckon_wire::experiments::{
    ComparedAnswer, DayAnswer, GoalAnswer, IntervalAnswer, ReportAnswer, RevenueAnswer, SampleRatioAnswer,
    VariantReportAnswer,
};
use beckon_wire::format_time;

/// The effect whose discovery is foretold: a tenth more or less.
const EXPECTED_UPLIFT: f64 = 0.1;
/// Days whose pace foretells the next ones.
const PACE_DAYS: i64 = 7;

/// What was read of a run.
pub(super) struct Read<'a> {
    /// The rows, added up.
    pub(super) book: &'a TallyBook,
    /// Whether it was all of them.
    pub(super) complete: bool,
    /// When.
    pub(super) now: Timestamp,
}

/// What a variant's people did, as the statistics want it, in one currency.
fn figures(tally: &Tally, experiment: &Experiment, currency: Currency) -> Option<Figures> {
    let goal = tally.goals.get(&experiment.goal);
    let value = goal.and_then(|goal| goal.values.get(&currency)).copied().unwrap_or_default();
    let revenue = Moments::new(tally.people, value.sum as f64, value.squares as f64).ok()?;
    Figures::new(tally.people, goal.map_or(0, |goal| goal.people), revenue).ok()
}

/// What all comparisons of a report share.
struct Frame<'a> {
    experiment: &'a Experiment,
    sample_ratio: SampleRatio,
    level: Level,
    complete: bool,
    users_per_day: u64,
}

impl Frame<'_> {
    fn compared(&self, control: &Figures, variant: &Figures, metric: Metric) -> ComparedAnswer {
        let finding = judge(control, variant, metric, self.sample_ratio, self.level);
        let Comparison { control: value, uplift, p_value, .. } = finding.comparison;
        let days =
            days_left(control, variant, metric, value * EXPECTED_UPLIFT, self.users_per_day, self.level);
        let verdict = if self.complete { word(finding.verdict) } else { "too_few" };
        let is_open = finding.verdict == Verdict::NoDifferenceSeen || finding.verdict == Verdict::TooFew;
        ComparedAnswer {
            uplift: uplift.map(|uplift| uplift.value),
            interval: uplift.and_then(interval),
            p_value,
            verdict,
            days_left: days.filter(|_| is_open && value > 0.0 && self.users_per_day > 0),
        }
    }

    /// What a variant's people paid, in each currency.
    fn revenue(&self, tally: &Tally, control: Option<&Tally>) -> Vec<RevenueAnswer> {
        let empty = GoalTally::default();
        let goal = tally.goals.get(&self.experiment.goal).unwrap_or(&empty);
        let revenue = goal.values.iter().map(|(currency, value)| {
            let of = |tally: &Tally| figures(tally, self.experiment, *currency);
            let pair = control.and_then(of).zip(of(tally));
            RevenueAnswer {
                currency: currency.to_string(),
                total: i64::try_from(value.sum).unwrap_or(i64::MAX),
                per_person: value.sum as f64 / tally.people.max(1) as f64,
                compared: pair.map(|(control, own)| self.compared(&control, &own, Metric::Revenue)),
            }
        });
        revenue.collect()
    }

    fn variant(
        &self,
        variant: &Variant,
        tally: &Tally,
        control: Option<&Tally>,
        currency: Currency,
    ) -> VariantReportAnswer {
        let goal = tally.goals.get(&self.experiment.goal);
        let converted = goal.map_or(0, |goal| goal.people);
        let of = |tally: &Tally| figures(tally, self.experiment, currency);
        let pair = control.and_then(of).zip(of(tally));
        let others = tally.goals.iter().filter(|(id, _)| **id != self.experiment.goal);
        VariantReportAnswer {
            id: variant.id.to_string(),
            weight: variant.weight,
            people: tally.people,
            crossed_over: tally.crossed_over,
            converted,
            conversions: goal.map_or(0, |goal| goal.times),
            rate: converted as f64 / tally.people.max(1) as f64,
            compared: pair.map(|(control, own)| self.compared(&control, &own, Metric::Conversion)),
            revenue: self.revenue(tally, control),
            goals: others
                .map(|(id, goal)| GoalAnswer { goal: id.to_string(), people: goal.people, times: goal.times })
                .collect(),
        }
    }

    /// The goal, day by day, each day with everything until its end.
    fn days(&self, book: &TallyBook, currency: Currency) -> Vec<DayAnswer> {
        let (mut until, mut days) = (Cohort::new(), Vec::new());
        for (day, cohort) in &book.days {
            for (variant, tally) in cohort {
                *until.entry(variant.clone()).or_default() += tally;
            }
            let of = |variant: &Variant| figures(until.get(&variant.id)?, self.experiment, currency);
            let control = self.experiment.control().and_then(of);
            for (index, variant) in self.experiment.variants.iter().enumerate() {
                let Some(own) = of(variant) else { continue };
                let compared = control.filter(|_| index > 0);
                let compared = compared.map(|control| self.compared(&control, &own, Metric::Conversion));
                days.push(DayAnswer {
                    day: day_name(*day),
                    variant: variant.id.to_string(),
                    people: own.users(),
                    converted: own.conversions(),
                    uplift: compared.as_ref().and_then(|compared| compared.uplift),
                    interval: compared.and_then(|compared| compared.interval),
                });
            }
        }
        days
    }
}

/// What came of an experiment so far. Everything but the request and the run is told.
pub(super) fn of(experiment: &Experiment, read: &Read<'_>, currency: Currency) -> ReportAnswer {
    let Read { book, complete, now } = read;
    let empty = Tally::default();
    let tally = |variant: &Variant| book.total.get(&variant.id).unwrap_or(&empty);
    let variants = &experiment.variants;
    let counts: Vec<u64> = variants.iter().map(|variant| tally(variant).people).collect();
    let weights: Vec<f64> = variants.iter().map(|variant| variant.weight).collect();
    let frame = Frame {
        experiment,
        sample_ratio: sample_ratio(&counts, &weights),
        level: Level::default().shared_by(variants.len().saturating_sub(1) as u64),
        complete: *complete,
        users_per_day: pace(book, *now),
    };
    let control = experiment.control().map(tally);
    let rows: Vec<VariantReportAnswer> = variants
        .iter()
        .enumerate()
        .map(|(index, variant)| {
            frame.variant(variant, tally(variant), control.filter(|_| index > 0), currency)
        })
        .collect();
    let SampleRatio { p_value, always_valid_p_value, warning, .. } = frame.sample_ratio;
    ReportAnswer {
        request_id: String::new(),
        experiment: experiment_told(experiment, *now),
        run: experiment.run.number,
        complete: *complete,
        people: counts.iter().sum(),
        sample_ratio: SampleRatioAnswer { p_value, always_valid_p_value, warning },
        verdict: verdict(&rows, *complete, warning),
        variants: rows,
        days: frame.days(book, currency),
    }
}

/// People a day, over the last days before today.
fn pace(book: &TallyBook, now: Timestamp) -> u64 {
    let today = day_of(now);
    let days = book.days.range(today - PACE_DAYS..today);
    let people: u64 = days.flat_map(|(_, cohort)| cohort.values()).map(|tally| tally.people).sum();
    let begun = book.days.keys().next().copied().unwrap_or(today);
    people / (today - begun).clamp(1, PACE_DAYS).unsigned_abs()
}

fn interval(effect: Effect) -> Option<IntervalAnswer> {
    effect.interval.map(|interval| IntervalAnswer { low: interval.low, high: interval.high })
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TooFew => "too_few",
        Verdict::NoDifferenceSeen => "no_difference_seen",
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::SampleRatioMismatch => "sample_ratio_mismatch",
    }
}

fn day_name(day: i64) -> String {
    let text = format_time(Timestamp::from_ms(day.saturating_mul(86_400_000)));
    text.split('T').next().unwrap_or_default().to_owned()
}

/// What may be said, in words.
fn verdict(variants: &[VariantReportAnswer], complete: bool, is_mismatch: bool) -> String {
    if !complete {
        return "there are too many rows for one answer: nothing is concluded".to_owned();
    }
    if is_mismatch {
        let why = "people were not divided as they were to be, so no comparison is to be believed";
        return format!("{why}: look for what loses people of one variant");
    }
    let percent = |part: f64| format!("{:+.1} %", part * 100.0);
    let said = variants.iter().filter_map(|variant| {
        let compared = variant.compared.as_ref()?;
        let range = compared.interval.as_ref();
        let range = range.map(|range| format!("{} to {}", percent(range.low), percent(range.high)));
        let (id, range) = (&variant.id, range.unwrap_or_default());
        let days = compared.days_left.map_or_else(String::new, |days| {
            format!("; a tenth more or less would be seen in {days} days or so")
        });
        Some(match compared.verdict {
            "better" => format!("{id} does better: {range}"),
            "worse" => format!("{id} does worse: {range}"),
            "too_few" => format!("{id}: too few to say anything{days}"),
            _ => format!("{id}: no difference seen, it is within {range}{days}"),
        })
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { "nobody was shown anything yet".to_owned() } else { said.join(". ") }
}

#[cfg(test)]
mod tests;
