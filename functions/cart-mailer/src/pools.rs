//! How many codes the pools have left that the rules take codes from: counted once an hour, so that somebody hears of one
//! that gets low before a mail goes without.

use crate::process::{MailTables, Mailer, Run};
use beckon_domain::{DurationMs, Timestamp};

impl<T: MailTables, S, M, A> Mailer<T, S, M, A> {
    /// Counts them, in the first minute of an hour: a count reads every code of a pool. Returns how many are free in the one
    /// that has the fewest.
    pub(crate) async fn count_pools(&self, run: &Run) -> Option<u64> {
        let reminder = run.ruleset.reminder().filter(|_| is_first_of_hour(run.now))?;
        let mut fewest: Option<u64> = None;
        for pool in reminder.code_pools() {
            match self.tables.count_codes(pool, run.now).await {
                Ok(counts) => {
                    counts.log(pool);
                    fewest = Some(fewest.map_or(counts.free, |known| known.min(counts.free)));
                }
                Err(error) => tracing::warn!(pool = pool.as_str(), error = ?error, "codes not counted"),
            }
        }
        fewest
    }
}

fn is_first_of_hour(now: Timestamp) -> bool {
    let minute = DurationMs::from_minutes(1).as_ms().cast_signed();
    now.as_ms().div_euclid(minute).rem_euclid(60) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_of_an_hours_minutes_counts() {
        let start = Timestamp::from_ms(1_763_802_000_000);
        let counting =
            (0..180).map(|n| start + DurationMs::from_minutes(n)).filter(|at| is_first_of_hour(*at));
        assert_eq!(counting.count(), 3);
    }
}
