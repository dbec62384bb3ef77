//! The age at which the mapping discards a record, turned into instants to compare with arrivals.

use beckon_domain::{DurationMs, Timestamp};

/// A record is set aside this share of the age limit before the limit ...
const AGE_MARGIN_SHARE: u64 = 10;
/// ... and no longer before it than this. Half of the margin is how long a write may be under way and still land: AWS
/// takes no request that reaches it more than 15 minutes after its date stamp (AWS APIs, "Common Errors",
/// `RequestExpired`).
const AGE_MARGIN_MAX: DurationMs = DurationMs::from_minutes(30);

/// The records that near the mapping's age limit.
///
/// From [`Expiry::until`] on a record is never applied again, and what no mark covers is kept as failed. That it has only
/// one of both ends needs more than a look at the marks: a write that was given up may still land. So the profile's
/// version is raised first (a fence: the write then finds another version), or, where the table takes no write, the
/// record waits until [`Expiry::landed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Expiry {
    /// What arrived at this instant or before is not applied any more.
    pub(crate) until: Timestamp,
    /// Of what arrived at this instant or before, no write can still land.
    pub(crate) landed: Timestamp,
}

impl Expiry {
    /// At this instant; `None` when there is no limit.
    pub(crate) fn at(now: Timestamp, age_max: Option<DurationMs>) -> Option<Self> {
        let age_max = age_max?.as_ms();
        let margin = (age_max / AGE_MARGIN_SHARE).min(AGE_MARGIN_MAX.as_ms());
        let arrived = |margin| now - DurationMs::from_ms(age_max - margin);
        Some(Self { until: arrived(margin), landed: arrived(margin / 2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

    #[test]
    fn the_margin_is_a_tenth_of_the_limit_and_half_an_hour_at_most() {
        let ages = |age_max| {
            Expiry::at(NOW, Some(age_max))
                .map(|e| [NOW.since(e.until), NOW.since(e.landed)].map(|age| age.as_ms() / 1_000))
        };
        assert_eq!(ages(DurationMs::from_minutes(10)), Some([540, 570]));
        assert_eq!(ages(DurationMs::from_hours(6)), Some([330 * 60, 345 * 60]));
        assert_eq!(ages(DurationMs::from_days(7)), Some([(7 * 1_440 - 30) * 60, (7 * 1_440 - 15) * 60]));
        assert_eq!(Expiry::at(NOW, None), None);
    }
}
