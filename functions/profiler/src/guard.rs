//! Two limits that are not the profiler's own: the age at which the mapping discards a record, and the end of the
//! invocation. Both are turned into an instant to compare with the clock.

use beckon_domain::{DurationMs, Timestamp};

/// A record is set aside this share of the age limit before the limit ...
const AGE_MARGIN_SHARE: u64 = 10;
/// ... and no longer before it than this: time enough for every invocation that is under way to end.
const AGE_MARGIN_MAX: DurationMs = DurationMs::from_minutes(30);

/// What arrived at this instant or before nears the age limit. `None` when there is no limit.
///
/// From then on a record is set aside and never tried again: what one delivery sets aside, no later one applies, and so
/// an event has one of both ends whatever answer gets lost.
pub(crate) fn expiring_until(now: Timestamp, age_max: Option<DurationMs>) -> Option<Timestamp> {
    let age_max = age_max?.as_ms();
    let margin = (age_max / AGE_MARGIN_SHARE).min(AGE_MARGIN_MAX.as_ms());
    Some(now - DurationMs::from_ms(age_max - margin))
}

/// Share of an invocation's time that is kept for what has begun and for the answer ...
const RESERVE_SHARE: u64 = 10;
/// ... at least this ...
const RESERVE_MIN: DurationMs = DurationMs::from_secs(2);
/// ... but never more than this share: every invocation gets something done.
const RESERVE_SHARE_MAX: u64 = 2;

/// How long an invocation may begin something new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimeLeft {
    begin_until: Option<Timestamp>,
}

impl TimeLeft {
    /// Of an invocation that begins now and is ended at `deadline`; without one it has all the time there is.
    pub(crate) fn of(deadline: Option<Timestamp>, now: Timestamp) -> Self {
        let begin_until = deadline.map(|deadline| {
            let whole = deadline.since(now).as_ms();
            let reserve = (whole / RESERVE_SHARE).max(RESERVE_MIN.as_ms()).min(whole / RESERVE_SHARE_MAX);
            deadline - DurationMs::from_ms(reserve)
        });
        Self { begin_until }
    }

    /// Whether nothing new may begin.
    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        self.begin_until.is_some_and(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

    #[test]
    fn the_margin_is_a_tenth_of_the_limit_and_half_an_hour_at_most() {
        let age = |age_max| expiring_until(NOW, Some(age_max)).map(|at| NOW.since(at));
        assert_eq!(age(DurationMs::from_minutes(10)), Some(DurationMs::from_minutes(9)));
        assert_eq!(age(DurationMs::from_hours(6)), Some(DurationMs::from_minutes(330)));
        assert_eq!(age(DurationMs::from_days(7)), Some(DurationMs::from_minutes(7 * 1_440 - 30)));
        assert_eq!(expiring_until(NOW, None), None);
    }

    #[test]
    fn a_tenth_of_the_time_or_two_seconds_are_kept_for_the_end() {
        let begins_for = |secs| {
            let time = TimeLeft::of(Some(NOW + DurationMs::from_secs(secs)), NOW);
            (0..=secs * 1_000).find(|ms| time.is_over(NOW + DurationMs::from_ms(*ms)))
        };
        assert_eq!(begins_for(60), Some(54_000));
        assert_eq!(begins_for(10), Some(8_000));
        assert_eq!(begins_for(3), Some(1_500), "half of a short time is for work");
        assert!(!TimeLeft::of(None, NOW).is_over(Timestamp::from_ms(i64::MAX)));
    }
}
