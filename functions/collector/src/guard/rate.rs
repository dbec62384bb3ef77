//! Token buckets: so many events a second for each key and for each visitor, and more at once after a pause.
//!
//! A bucket is one number, the time at which it will be full again (the generic cell rate algorithm, ITU-T I.371 annex A),
//! so that a million visitors' buckets need no clock of their own.

use beckon_domain::{DurationMs, Timestamp};
use lru::LruCache;
use std::num::NonZeroUsize;

/// Buckets of a kind that are remembered, those used last: about three megabytes. One that is forgotten is full.
const BUCKET_COUNT_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(19_999);
/// Events that a visitor may send at once after a pause: the largest request, and some more.
const VISITOR_BURST: u64 = 600;
/// Seconds of a key's rate that may come at once.
const KEY_BURST_SECS: u64 = 10;
/// Microseconds of a second.
const SECOND_US: u64 = 1_000_000;

/// Events a second that one process takes in the long run; 0 for as many as come. On AWS each instance of the function is a
/// process, so that the stack as a whole takes as many times as much as there are instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
    /// Of one write key.
    pub key_per_second: u32,
    /// Of one visitor, when the key is publishable: a server speaks for many, and is trusted.
    pub visitor_per_second: u32,
}

impl Rates {
    /// As many as come.
    pub const NONE: Self = Self { key_per_second: 0, visitor_per_second: 0 };
}

impl Default for Rates {
    fn default() -> Self {
        Self { key_per_second: 2_000, visitor_per_second: 20 }
    }
}

/// Buckets of one kind.
#[derive(Debug)]
struct Buckets {
    name: &'static str,
    /// Microseconds that one event takes to be made good.
    gap_us: u64,
    /// Microseconds that may be owed.
    burst_us: u64,
    /// When each is full again, in microseconds since 1970.
    full_at: LruCache<String, u64>,
}

impl Buckets {
    fn new(name: &'static str, per_second: u32, burst: u64) -> Option<Self> {
        let gap_us = SECOND_US.checked_div(u64::from(per_second))?.max(1);
        let full_at = LruCache::new(BUCKET_COUNT_MAX);
        Some(Self { name, gap_us, burst_us: burst.saturating_mul(gap_us), full_at })
    }

    /// When a bucket is full again if so many events are taken out of it now; or how long they must wait. What is larger
    /// than a bucket waits until it is full.
    fn after(&self, whose: &str, count: usize, now: u64) -> Result<u64, Throttled> {
        let full_at = self.full_at.peek(whose).copied().unwrap_or_default().max(now);
        let costs = (count as u64).saturating_mul(self.gap_us);
        let (owed, room) = (full_at - now, self.burst_us.saturating_sub(costs));
        let wait = DurationMs::from_ms(owed.saturating_sub(room).div_ceil(1_000));
        if owed <= room {
            Ok(full_at.saturating_add(costs))
        } else {
            Err(Throttled { bucket: self.name, wait })
        }
    }
}

/// Why a request has to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Throttled {
    /// Whose bucket is empty: `key` or `visitor`.
    pub(super) bucket: &'static str,
    /// Until when it is not full enough.
    pub(super) wait: DurationMs,
}

/// The buckets of a process.
#[derive(Debug)]
pub(super) struct Limiter {
    keys: Option<Buckets>,
    visitors: Option<Buckets>,
}

impl Limiter {
    pub(super) fn new(rates: Rates) -> Self {
        let key_burst = u64::from(rates.key_per_second) * KEY_BURST_SECS;
        Self {
            keys: Buckets::new("key", rates.key_per_second, key_burst.max(VISITOR_BURST)),
            visitors: Buckets::new("visitor", rates.visitor_per_second, VISITOR_BURST),
        }
    }

    /// Whether so many events could be taken out of a request's buckets.
    pub(super) fn check(
        &self,
        key: (&str, usize),
        visitors: &[(&str, usize)],
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let (now, keys) = (micros(now), [key]);
        for (buckets, of) in [(&self.keys, keys.as_slice()), (&self.visitors, visitors)] {
            let Some(buckets) = buckets else { continue };
            of.iter().try_for_each(|(whose, count)| buckets.after(whose, *count, now).map(drop))?;
        }
        Ok(())
    }

    /// Takes a request's events out of its buckets: all of them, or none.
    pub(super) fn take(
        &mut self,
        key: (&str, usize),
        visitors: &[(&str, usize)],
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let (now, keys) = (micros(now), [key]);
        let mut taken = Vec::new();
        for (buckets, of) in [(&mut self.keys, keys.as_slice()), (&mut self.visitors, visitors)] {
            let Some(buckets) = buckets else { continue };
            let after = of.iter().map(|(whose, count)| buckets.after(whose, *count, now));
            let after: Vec<u64> = after.collect::<Result<_, _>>()?;
            taken.push((buckets, of.iter().zip(after)));
        }
        for (buckets, of) in taken {
            for ((whose, _), full_at) in of {
                buckets.full_at.put((*whose).to_owned(), full_at);
            }
        }
        Ok(())
    }
}

fn micros(time: Timestamp) -> u64 {
    u64::try_from(time.as_ms()).unwrap_or_default().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    fn throttled(bucket: &'static str, wait_ms: u64) -> Result<(), Throttled> {
        Err(Throttled { bucket, wait: DurationMs::from_ms(wait_ms) })
    }

    #[test]
    fn a_visitor_sends_a_burst_and_then_the_rate() {
        let mut limiter = Limiter::new(Rates { key_per_second: 0, visitor_per_second: 20 });
        let mut send = |count, ms| limiter.take(("k", count), &[("v", count)], at(ms));
        assert_eq!(send(512, 0), Ok(()));
        assert_eq!(send(88, 0), Ok(()), "600 at once");
        assert_eq!(send(1, 0), throttled("visitor", 50));
        assert_eq!(send(1, 49), throttled("visitor", 1), "what was refused costs nothing");
        assert_eq!(send(1, 50), Ok(()));
        assert_eq!(send(600, 60_000), Ok(()), "after half a minute it is full again");
        assert_eq!(send(700, 61_000), throttled("visitor", 29_000));
        assert_eq!(send(700, 91_000), Ok(()), "more than a bucket holds goes through a full one");
    }

    #[test]
    fn a_keys_bucket_is_shared_and_a_request_takes_from_all_of_its_buckets_or_from_none() {
        let mut limiter = Limiter::new(Rates { key_per_second: 100, visitor_per_second: 1 });
        for visitor in ["a", "b"] {
            assert_eq!(limiter.take(("k", 450), &[(visitor, 450)], at(0)), Ok(()));
        }
        let full = limiter.take(("k", 450), &[("c", 450)], at(0));
        assert_eq!(full, throttled("key", 3_500));
        assert_eq!(limiter.take(("other", 450), &[("c", 450)], at(0)), Ok(()), "c's was not touched");
        let visitors = [("d", 1), ("a", 200)];
        assert_eq!(limiter.take(("k", 1), &visitors, at(0)), throttled("visitor", 50_000));
        assert_eq!(limiter.take(("k", 100), &[], at(0)), Ok(()), "the refused one took nothing");
    }

    #[test]
    fn strangers_without_end_fill_no_memory() {
        let mut limiter = Limiter::new(Rates::default());
        for n in 0..50_000_u32 {
            let _ = limiter.take((&format!("k{}", n / 100), 1), &[(&n.to_string(), 1)], at(i64::from(n)));
        }
        let count = limiter.visitors.map_or(0, |buckets| buckets.full_at.len());
        assert_eq!(count, BUCKET_COUNT_MAX.get());
    }
}
