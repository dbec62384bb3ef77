//! How many mails a run may send, and how fast: a token bucket below what SES allows the account, so that the shop's other
//! mail has room, and so that a backlog after an outage goes out over several runs.

use beckon_domain::send_limits::SendLimits;
use beckon_domain::{DurationMs, Timestamp};

/// Of SES's rate so many per cent are used.
const SHARE_PERCENT: u64 = 80;
/// How long a run sends; the next one begins each minute.
pub(crate) const RUN_TIME_MAX: DurationMs = DurationMs::from_secs(45);
/// The rate when SES did not say: that of the sandbox.
const PER_SECOND_UNKNOWN: u64 = 1;
/// Waits before a send that SES throttled is tried again.
pub(crate) const BACK_OFF: [DurationMs; 3] =
    [DurationMs::from_secs(1), DurationMs::from_secs(2), DurationMs::from_secs(4)];

/// A run's budget of mails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pace {
    began_at: Timestamp,
    /// Milliseconds from one mail to the next.
    gap_ms: u64,
    /// Mails that may still be sent.
    left: u64,
    sent: u64,
}

impl Pace {
    /// The budget of a run that begins now.
    pub(crate) fn of(limits: Option<&SendLimits>, began_at: Timestamp) -> Self {
        let allowed = limits.map_or(PER_SECOND_UNKNOWN, |limits| u64::from(limits.per_second));
        // A rate of one a second is used whole: a share of it would be none.
        let per_second = (allowed * SHARE_PERCENT / 100).max(1);
        let of_run = per_second * (RUN_TIME_MAX.as_ms() / 1_000);
        let left_today = limits.and_then(SendLimits::left_today).unwrap_or(u64::MAX);
        Self { began_at, gap_ms: 1_000 / per_second, left: of_run.min(left_today), sent: 0 }
    }

    /// Whether no mail may be sent any more in this run.
    pub(crate) const fn is_used_up(&self) -> bool {
        self.left == 0
    }

    /// Takes one mail out of the budget. Returns how long to wait before it.
    pub(crate) fn take(&mut self, now: Timestamp) -> DurationMs {
        let slot = self.began_at + DurationMs::from_ms(self.gap_ms.saturating_mul(self.sent));
        self.left = self.left.saturating_sub(1);
        self.sent += 1;
        slot.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::send_limits::Standing;

    fn limits(per_second: u32, left: Option<u64>) -> SendLimits {
        SendLimits {
            per_second,
            per_day: left,
            sent_last_day: 0,
            is_sending_enabled: true,
            has_production_access: true,
            standing: Standing::Healthy,
        }
    }

    #[test]
    fn requirement_41_a_run_stays_below_the_rate_and_the_quota() {
        let start = Timestamp::from_ms(1_000_000);
        let mut pace = Pace::of(Some(&limits(10, Some(3))), start);
        let waits: Vec<u64> = (0..3).map(|_| pace.take(start).as_ms()).collect();
        assert_eq!(waits, [0, 125, 250], "eight a second of ten");
        assert!(pace.is_used_up(), "the day's quota");
        let mut sandbox = Pace::of(None, start);
        let sent = std::iter::from_fn(|| (!sandbox.is_used_up()).then(|| sandbox.take(start))).count();
        assert_eq!(sent, 45, "one a second while nothing is known");
    }

    #[test]
    fn who_was_slow_does_not_wait() {
        let start = Timestamp::from_ms(0);
        let mut pace = Pace::of(Some(&limits(1, None)), start);
        pace.take(start);
        assert_eq!(pace.take(start + DurationMs::from_secs(9)), DurationMs::ZERO);
    }
}
