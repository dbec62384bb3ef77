//! The open connections, and which of them has to go when there are too many: the one that has kept everybody waiting for
//! the longest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Doing {
    /// It waits for its client: to send a request, the rest of one, or to read an answer.
    Waiting,
    /// It is told what happens, without an end.
    Watching,
    /// A request of it is whole, and is being answered.
    Answering,
}

#[derive(Debug)]
struct Open {
    doing: Doing,
    /// When it began that, counted in such changes of all connections.
    since: u64,
    /// Bytes of the request's body that were read so far.
    body_bytes: usize,
    end: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    open: BTreeMap<u64, Open>,
    changes: u64,
    body_bytes: usize,
}

/// All seats.
#[derive(Debug)]
pub(super) struct Seats {
    count_max: usize,
    body_bytes_max: usize,
    inner: Mutex<Inner>,
}

impl Seats {
    /// So many connections at most, with so many bytes of bodies in memory.
    pub(super) fn new(count_max: usize, body_bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { count_max, body_bytes_max, inner: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat for a new connection. Where all are taken, somebody loses theirs.
    pub(super) fn take(self: &Arc<Self>) -> Seat {
        let mut inner = self.lock();
        while inner.open.len() >= self.count_max && inner.evict(|_| true) {}
        inner.changes += 1;
        let (number, end) = (inner.changes, Arc::new(Notify::new()));
        let open = Open { doing: Doing::Waiting, since: number, body_bytes: 0, end: Arc::clone(&end) };
        inner.open.insert(number, open);
        drop(inner);
        Seat { number, end, seats: Arc::clone(self) }
    }

    /// Frees a seat, if any is taken.
    pub(super) fn make_room(&self) {
        self.lock().evict(|_| true);
    }
}

impl Inner {
    /// Ends the one that has waited for longest, before those that watch, before those that are being answered.
    fn evict(&mut self, may_go: impl Fn(&Open) -> bool) -> bool {
        let candidates = self.open.iter().filter(|(_, open)| may_go(open));
        let Some(number) = candidates.min_by_key(|(_, open)| (open.doing, open.since)).map(|(n, _)| *n)
        else {
            return false;
        };
        if let Some(open) = self.open.remove(&number) {
            self.body_bytes -= open.body_bytes;
            open.end.notify_one();
        }
        true
    }
}

/// A connection's seat; dropped, it is free.
#[derive(Debug)]
pub(super) struct Seat {
    number: u64,
    end: Arc<Notify>,
    seats: Arc<Seats>,
}

impl Seat {
    /// It begins something else.
    pub(super) fn begin(&self, doing: Doing) {
        let mut inner = self.seats.lock();
        inner.changes += 1;
        let since = inner.changes;
        if let Some(open) = inner.open.get_mut(&self.number) {
            (open.doing, open.since) = (doing, since);
        }
    }

    /// More of a body is in memory. Where that is too much for all of them together, whoever is slowest loses its seat.
    pub(super) fn hold(&self, bytes: usize) {
        let mut inner = self.seats.lock();
        let Some(open) = inner.open.get_mut(&self.number) else { return };
        open.body_bytes += bytes;
        inner.body_bytes += bytes;
        while inner.body_bytes > self.seats.body_bytes_max && inner.evict(|open| open.body_bytes > 0) {}
    }

    /// Nothing of a body is in memory any more.
    pub(super) fn let_go(&self) {
        let mut inner = self.seats.lock();
        let Some(open) = inner.open.get_mut(&self.number) else { return };
        let bytes = std::mem::take(&mut open.body_bytes);
        inner.body_bytes -= bytes;
    }

    /// Whether it is told what happens, without an end.
    pub(super) fn is_watching(&self) -> bool {
        self.seats.lock().open.get(&self.number).is_some_and(|open| open.doing == Doing::Watching)
    }

    /// Resolves when the seat is lost.
    pub(super) async fn lost(&self) {
        self.end.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.let_go();
        self.seats.lock().open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn has_lost(seat: &Seat) -> bool {
        seat.lost().now_or_never().is_some()
    }

    #[test]
    fn who_has_waited_for_longest_goes_first_and_who_is_answered_last() {
        let seats = Seats::new(3, usize::MAX);
        let (idle, asks, watches) = (seats.take(), seats.take(), seats.take());
        asks.begin(Doing::Answering);
        watches.begin(Doing::Watching);
        let new = seats.take();
        assert!(has_lost(&idle) && !has_lost(&asks) && !has_lost(&watches));
        new.begin(Doing::Answering);
        let newer = seats.take();
        assert!(has_lost(&watches), "nobody waits");
        newer.begin(Doing::Answering);
        let newest = seats.take();
        assert!(has_lost(&asks) && !has_lost(&new) && !has_lost(&newer), "all are busy: the oldest");
        asks.begin(Doing::Waiting);
        drop((idle, watches, asks));
        assert!(!has_lost(&newest), "who has lost a seat takes nobody else's with it");
        drop(new);
        let _room = seats.take();
        assert!(!has_lost(&newest) && !has_lost(&newer), "a seat that was left is free");
    }

    #[test]
    fn bodies_that_do_not_end_cost_no_more_than_all_bodies_may() {
        let seats = Seats::new(10, 100);
        let (idle, slow, quick) = (seats.take(), seats.take(), seats.take());
        slow.hold(60);
        quick.hold(30);
        quick.let_go();
        quick.hold(40);
        assert!(!has_lost(&slow), "exactly as much as may be");
        quick.hold(1);
        assert!(has_lost(&slow) && !has_lost(&quick) && !has_lost(&idle), "the oldest with a body");
        slow.hold(1_000);
        quick.hold(59);
        assert!(!has_lost(&quick), "what was evicted counts no more");
        quick.hold(1);
        assert!(has_lost(&quick), "one alone is too much too");
    }
}
