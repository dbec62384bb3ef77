//! Whether a share has fallen: the last days against the days before them, asked of many shares and every day.
//!
//! What is counted is not as regular as coins: the same person sees several decisions, and weekends differ from weekdays. So
//! the variance is not believed to be binomial but measured, by how much the days differ (Pearson's dispersion, which
//! P. McCullagh and J. Nelder, Generalized Linear Models, 2nd edition, 1989, section 4.5, call the scale; never below 1),
//! and the statistic is held against Student's t with the days' degrees of freedom, because a measured variance is itself
//! uncertain: the tail that many comparisons ask for is where that matters most.
//!
//! All shares that can be asked share one level by Holm's procedure ([`crate::holm`]), which needs no assumption on how they
//! hang together; a false alarm of any of them costs somebody's trust in all, so it is the chance of one at all that is
//! held, and not the part of false ones among the alarms (Benjamini and Hochberg). The looks share it too: a report is
//! read every day, so [`LOOK_LEVEL`] is the year's level divided by the days of a year (Bonferroni), and of a hundred shops in
//! which nothing changes at most five are told of a fall within a year of looking each day.

use crate::family::holm;
use crate::share::Share;
use statrs::function::beta::checked_beta_reg;

/// The chance that anything is said within a year of looking every day while nothing falls.
pub const YEAR_LEVEL: f64 = 0.05;
/// The same of one day's look.
pub const LOOK_LEVEL: f64 = YEAR_LEVEL / 365.0;
/// Of the last days: fewer say nothing.
pub const LATELY_MIN: u64 = 500;
/// Of the days before them.
pub const BEFORE_MIN: u64 = 2_000;
/// How many are to be expected in the last days if nothing has changed.
pub const EXPECTED_MIN: f64 = 10.0;

/// How a share of the last days stands to that of the days before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Decline {
    /// The days before, together.
    pub before: Share,
    /// The last days, together.
    pub lately: Share,
    /// How many times the binomial variance the days have, 1 or more.
    pub dispersion: f64,
    /// How likely a share at least as low is, if nothing has changed: one-sided, at one look, of this share alone.
    pub p_value: f64,
}

/// Compares the last days with the days before them; `None` where there is too little to say anything: each day is so many
/// of so many. A day's count is at most what it is of; what is more is as much.
#[must_use]
pub fn decline(before: &[(u64, u64)], lately: &[(u64, u64)]) -> Option<Decline> {
    let (first, last) = (sum(before)?, sum(lately)?);
    let (b, l) = (first.of as f64, last.of as f64);
    let pooled = (first.count + last.count) as f64 / (b + l);
    if first.of < BEFORE_MIN || last.of < LATELY_MIN || first.rate() * l < EXPECTED_MIN || pooled >= 1.0 {
        return None;
    }
    let (of_before, of_lately) = (deviation(before, first.rate()), deviation(lately, last.rate()));
    let days = of_before.1 + of_lately.1;
    let freedom = days.checked_sub(2).filter(|freedom| *freedom > 0)? as f64;
    let dispersion = ((of_before.0 + of_lately.0) / freedom).max(1.0);
    let error = (pooled * (1.0 - pooled) * (1.0 / b + 1.0 / l) * dispersion).sqrt();
    let t = (last.rate() - first.rate()) / error;
    Some(Decline { before: first, lately: last, dispersion, p_value: lower_tail(t, freedom)? })
}

/// All days together; `None` of no day with anything.
fn sum(days: &[(u64, u64)]) -> Option<Share> {
    let add = |(count, of), day: &(u64, u64)| (count + day.0.min(day.1), of + day.1);
    let (count, of) = days.iter().fold((0, 0), add);
    (of > 0).then_some(Share { count, of })
}

/// The days' squared deviations from a rate, in binomial variances, and how many days there are.
fn deviation(days: &[(u64, u64)], rate: f64) -> (f64, usize) {
    let mut sum = (0.0, 0);
    for (count, of) in days.iter().filter(|(_, of)| *of > 0) {
        let (expected, count) = (*of as f64 * rate, (*count).min(*of) as f64);
        let variance = expected * (1.0 - rate);
        if variance > 0.0 {
            sum.0 += (count - expected) * (count - expected) / variance;
        }
        sum.1 += 1;
    }
    sum
}

/// The probability that Student's t with these degrees of freedom is at most `t`.
fn lower_tail(t: f64, freedom: f64) -> Option<f64> {
    let both = checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t)).ok()?;
    Some(if t < 0.0 { both / 2.0 } else { 1.0 - both / 2.0 })
}

/// Which of these have fallen, at [`LOOK_LEVEL`] together: for each its p-value that regards the others, and whether that is
/// low enough.
#[must_use]
pub fn fallen(declines: &[Decline]) -> Vec<(f64, bool)> {
    let p_values: Vec<f64> = declines.iter().map(|one| one.p_value).collect();
    holm(&p_values).into_iter().map(|p| (p, p < LOOK_LEVEL)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_that_of_the_table() {
        // One-sided quantiles of Student's t as any table has them: 2.228 at 97.5 % with 10 degrees, 1.692 at 95 % with 33.
        for (t, freedom, expected) in [(2.228, 10.0, 0.025), (1.692, 33.0, 0.05), (0.0, 5.0, 0.5)] {
            assert!((lower_tail(-t, freedom).unwrap() - expected).abs() < 5e-5, "{t}");
            assert!((lower_tail(t, freedom).unwrap() - (1.0 - expected)).abs() < 5e-5, "{t}");
        }
    }

    #[test]
    fn what_is_too_little_says_nothing() {
        let days = |count, of| vec![(count, of); 28];
        let lately = |count, of| vec![(count, of); 7];
        assert!(decline(&days(10, 1_000), &lately(1, 1_000)).is_some());
        assert_eq!(decline(&days(10, 1_000), &lately(0, 71)), None, "few lately");
        assert_eq!(decline(&days(2, 71), &lately(0, 1_000)), None, "few before");
        assert_eq!(decline(&days(0, 1_000), &lately(0, 1_000)), None, "nothing is expected");
        assert_eq!(decline(&days(1_000, 1_000), &lately(1_000, 1_000)), None, "nothing varies");
        assert_eq!(decline(&[], &lately(1, 1_000)), None);
        assert_eq!(decline(&[(100, 10_000)], &[(1, 1_000)]), None, "days must tell how they vary");
    }

    #[test]
    fn days_that_vary_by_themselves_make_a_fall_less_certain() {
        let even: Vec<(u64, u64)> = vec![(50, 1_000); 28];
        let uneven: Vec<(u64, u64)> =
            (0..28).map(|day| (if day % 2 == 0 { 20 } else { 80 }, 1_000)).collect();
        let lately = vec![(35, 1_000); 7];
        let (steady, restless) = (decline(&even, &lately).unwrap(), decline(&uneven, &lately).unwrap());
        assert_eq!(steady.dispersion, 1.0);
        assert!(restless.dispersion > 10.0, "{restless:?}");
        assert!(steady.p_value < 1e-4 && restless.p_value > 0.01, "{steady:?} {restless:?}");
    }

    #[test]
    fn a_rise_is_no_fall_and_more_questions_need_more_certainty() {
        let before: Vec<(u64, u64)> = vec![(50, 1_000); 28];
        let of = |count| decline(&before, &[(count, 1_000); 7]).unwrap();
        assert!(of(80).p_value > 0.99);
        let alone = fallen(&[of(35)]);
        assert!(alone[0].1, "{alone:?}");
        let many: Vec<Decline> = (0..40).map(|_| of(50)).chain([of(35)]).collect();
        let among = fallen(&many);
        assert!(among[40].0 > alone[0].0 && among[..40].iter().all(|(_, fell)| !fell));
    }
}
