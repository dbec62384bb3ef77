//! Rules that stopped paying: their last seven days against the 28 before them.

use super::figures::{Groups, Key, told_share};
use beckon_domain::Day;
use beckon_recommend::engagement::Counts;
use beckon_statistics::decline::{Decline, LOOK_LEVEL, decline, fallen};
use beckon_wire::engagement::{StoppedAnswer, StoppedPayingAnswer, day_name};
use std::collections::BTreeMap;

/// The last days, which may have fallen.
const LATELY: u32 = 7;
/// The days before them.
const BEFORE: u32 = 28;
/// All of them.
pub(super) const DAYS: u32 = LATELY + BEFORE;

/// What is counted of decisions.
type Metric = fn(&Counts) -> u64;

/// What is asked of each rule.
const METRICS: [(&str, Metric); 2] =
    [("clicks", |counts| counts.clicks), ("conversions", |counts| counts.last.conversions)];

/// What a rule's days say by one metric; `None` where that is too little.
fn asked(days: &BTreeMap<Day, Counts>, of: Metric, until: Day) -> Option<Decline> {
    let share = |day: Day| days.get(&day).map_or((0, 0), |counts| (of(counts), counts.views));
    let turn = until.before(LATELY);
    let before: Vec<(u64, u64)> = until.before(DAYS - 1).until(turn).map(share).collect();
    let lately: Vec<(u64, u64)> = turn.after(1).until(until).map(share).collect();
    decline(&before, &lately)
}

/// What may be said of the rules, whose last day is `until`.
pub(super) fn told(rules: &Groups, until: Day) -> StoppedPayingAnswer {
    let mut questions: Vec<(&str, &'static str, Decline)> = Vec::new();
    for (key, days) in rules {
        let Key::Of(rule) = key else { continue };
        for (metric, of) in METRICS {
            questions.extend(asked(days, of, until).map(|decline| (rule.as_str(), metric, decline)));
        }
    }
    let declines: Vec<Decline> = questions.iter().map(|(.., decline)| *decline).collect();
    let answers = questions.iter().zip(fallen(&declines)).filter(|(_, (_, fell))| *fell);
    let stopped = answers.map(|((rule, metric, decline), (p_value, _))| StoppedAnswer {
        rule: (*rule).to_owned(),
        metric,
        before: told_share(decline.before),
        lately: told_share(decline.lately),
        dispersion: decline.dispersion,
        p_value,
    });
    StoppedPayingAnswer {
        until: day_name(until),
        asked: questions.len(),
        level: LOOK_LEVEL,
        rules: stopped.collect(),
    }
}
