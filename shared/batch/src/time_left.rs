//! The end of an invocation, as an instant to compare with the clock.

use beckon_domain::{DurationMs, Timestamp};

/// Share of an invocation's time that is kept for what has begun and for the answer ...
const RESERVE_SHARE: u64 = 10;
/// ... at least this ...
const RESERVE_MIN: DurationMs = DurationMs::from_secs(2);
/// ... but never more than this share: every invocation gets something done.
const RESERVE_SHARE_MAX: u64 = 2;

/// How long an invocation may begin something new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeLeft {
    begin_until: Option<Timestamp>,
}

impl TimeLeft {
    /// Of an invocation that begins now and is ended at `deadline`; without one it has all the time there is.
    #[must_use]
    pub fn of(deadline: Option<Timestamp>, now: Timestamp) -> Self {
        let begin_until = deadline.map(|deadline| {
            let whole = deadline.since(now).as_ms();
            let reserve = (whole / RESERVE_SHARE).max(RESERVE_MIN.as_ms()).min(whole / RESERVE_SHARE_MAX);
            deadline - DurationMs::from_ms(reserve)
        });
        Self { begin_until }
    }

    /// Whether nothing new may begin.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        self.begin_until.is_some_and(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

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
