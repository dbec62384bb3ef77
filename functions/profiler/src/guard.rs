//! Two limits that are not the profiler's own: the age at which the mapping discards a record, and the end of the
//! invocation. Both are turned into an instant to compare with the clock.

pub(crate) use beckon_batch::TimeLeft;
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
}
