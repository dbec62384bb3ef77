//! Time as the core knows it: UTC milliseconds, always given, never read from a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// A length of time in milliseconds. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct DurationMs(u64);

impl DurationMs {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A length in milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// A length in seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// A length in minutes.
    #[must_use]
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    /// A length in hours.
    #[must_use]
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_minutes(hours.saturating_mul(60))
    }

    /// A length in days of 24 hours.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Parses `30s`, `15m`, `24h` or `7d`: a whole number and a unit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unit = text.chars().last()?;
        let number: u64 = text[..text.len() - unit.len_utf8()].trim().parse().ok()?;
        let (unit_ms, number_max) = match unit {
            's' => (1_000, 366 * 86_400),
            'm' => (60_000, 366 * 1_440),
            'h' => (3_600_000, 366 * 24),
            'd' => (86_400_000, 366),
            _ => return None,
        };
        (number <= number_max).then(|| Self(number * unit_ms))
    }
}

impl fmt::Display for DurationMs {
    /// Writes the largest unit that leaves no rest: `90s`, `15m`, `1h`, `2d`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        for (ms, unit) in units {
            if self.0 >= ms && self.0.is_multiple_of(ms) {
                return write!(f, "{}{unit}", self.0 / ms);
            }
        }
        write!(f, "{}ms", self.0)
    }
}

impl fmt::Debug for DurationMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z, kept within the years 1970 to 2999 so that no later
/// arithmetic can overflow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    const MS_MAX: i64 = 32_503_679_999_999;

    /// An instant from milliseconds since 1970; out of range values are drawn to the nearest end.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        if ms < 0 {
            Self(0)
        } else if ms > Self::MS_MAX {
            Self(Self::MS_MAX)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Time passed since `earlier`; zero when `earlier` is later (clocks of strangers do that).
    #[must_use]
    pub const fn since(self, earlier: Self) -> DurationMs {
        if self.0 > earlier.0 { DurationMs((self.0 - earlier.0) as u64) } else { DurationMs(0) }
    }

    /// Whether the instant lies in the half-open window `(now − width, now]`: the one definition of "within".
    #[must_use]
    pub fn is_within(self, width: DurationMs, now: Self) -> bool {
        self <= now && (now.0 - self.0) < width.0 as i64
    }
}

impl Add<DurationMs> for Timestamp {
    type Output = Self;
    fn add(self, length: DurationMs) -> Self {
        Self::from_ms(self.0.saturating_add_unsigned(length.0))
    }
}

impl Sub<DurationMs> for Timestamp {
    type Output = Self;
    fn sub(self, length: DurationMs) -> Self {
        Self::from_ms(self.0.saturating_sub_unsigned(length.0))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_at_its_start_and_closed_at_its_end() {
        let (now, width) = (Timestamp::from_ms(10_000), DurationMs::from_secs(5));
        assert!(!Timestamp::from_ms(5_000).is_within(width, now));
        assert!(Timestamp::from_ms(5_001).is_within(width, now));
        assert!(Timestamp::from_ms(10_000).is_within(width, now));
        assert!(!Timestamp::from_ms(10_001).is_within(width, now));
    }

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(DurationMs::parse("15m"), Some(DurationMs::from_minutes(15)));
        assert_eq!(DurationMs::parse(" 7d "), Some(DurationMs::from_days(7)));
        for bad in ["", "15", "m", "-1m", "1.5h", "9999999999999999d", "5µ"] {
            assert_eq!(DurationMs::parse(bad), None, "{bad}");
        }
        assert_eq!(DurationMs::from_secs(90).to_string(), "90s");
        assert_eq!(DurationMs::from_hours(1).to_string(), "1h");
    }

    #[test]
    fn arithmetic_never_leaves_the_range() {
        let end = Timestamp::from_ms(i64::MAX);
        assert_eq!(end + DurationMs::from_ms(u64::MAX), end);
        assert_eq!(Timestamp::EPOCH - DurationMs::from_days(1), Timestamp::EPOCH);
        assert_eq!(Timestamp::EPOCH.since(end), DurationMs::ZERO);
    }
}
