//! What happens to a run from outside: requests and their retries, resharding, poison, writes that land late; and how each
//! task ends.

use super::book::Origin;
use super::fault::Fault;
use super::ground::LateWrite;
use super::ports::land;
use super::script::What;
use super::world::{Ended, Task, Waiting, Work, World};
use crate::failed::redrive::{Redriven, received_again};
use beckon_domain::DurationMs;
use beckon_store::streams::NewRecord;
use beckon_store::tables::{CatalogStore, EngagementStore, OutreachStore, SwitchAction};
use beckon_wire::auth::Credentials;
use beckon_wire::capture::CaptureAnswer;
use collector::Told;
use futures_util::FutureExt;

/// Attempts of a client at one request.
pub(crate) const CLIENT_ATTEMPTS_MAX: u32 = 8;

impl World {
    /// Everything whose time has come.
    pub(crate) fn happen(&mut self) {
        let now = self.now();
        if let Some(pace) = &mut self.net.lock().pace {
            pace.wake(now);
        }
        loop {
            let mut ground = self.net.lock();
            match ground.late.first_key_value() {
                Some(((at, _), _)) if *at <= now => {}
                _ => break,
            }
            let Some((_, write)) = ground.late.pop_first() else { break };
            drop(ground);
            self.land(write);
        }
        loop {
            let mut ground = self.net.lock();
            match ground.post.first_key_value() {
                Some(((at, _), _)) if *at <= now => {}
                _ => break,
            }
            let Some((_, telling)) = ground.post.pop_first() else { break };
            drop(ground);
            self.tell(telling);
        }
        let meddled = std::mem::take(&mut self.net.lock().meddled);
        for (key, what) in meddled {
            self.meddle(&key, what);
        }
        while self.waiting.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            let Some((_, what)) = self.waiting.pop_first() else { break };
            match what {
                Waiting::Op(op) => self.op(op),
                Waiting::Retry { op, attempt } => self.request(op, attempt),
                Waiting::Redrive(index) => self.redrive(index),
                Waiting::Erase { customer } => self.erase(customer),
                Waiting::Release { customer } => self.release(customer),
                Waiting::Sweep => self.sweep(),
                Waiting::Resume => self.turn_sending(SwitchAction::Resume),
            }
        }
    }

    /// A write that its caller gave up takes effect.
    fn land(&mut self, write: LateWrite) {
        self.net.lock().trace.mix(0x1A7E);
        match write {
            LateWrite::Save { key, profile, read_version, due_at } => {
                drop(self.tables.commit(&key, &profile, read_version, due_at).now_or_never());
            }
            LateWrite::Put { records, producer, basis } => {
                producer.land(&mut self.net.lock(), records, &basis);
            }
            LateWrite::Trend { key, trend, read_version } => {
                drop(self.tables.inner.save_trend(&key, &trend, read_version).now_or_never());
            }
            LateWrite::BestSellers { key, list, read_version } => {
                drop(self.tables.inner.save_best_sellers(&key, &list, read_version).now_or_never());
            }
            LateWrite::Ledger { change, now } => {
                drop(self.tables.inner.save_reminder(&change, now).now_or_never());
            }
            LateWrite::SlotDay { of, row, read_version } => {
                drop(self.tables.inner.save_slot_day(&of, &row, read_version).now_or_never());
            }
            LateWrite::Finding { of, finding, now } => {
                drop(self.tables.find(&of, &finding, now).now_or_never());
            }
        }
    }

    pub(crate) fn op(&mut self, index: usize) {
        let Some(op) = self.script.ops.get(index) else { return };
        let (what, faults) = (op.what.clone(), op.faults.clone());
        let done = match what {
            What::Request(_) => {
                self.request(index, 1);
                true
            }
            What::Poison { key_of, data } => {
                let Some(key) = self.visitor(key_of) else { return };
                let record = NewRecord { partition_key: key.as_str().to_owned(), data };
                land(&mut self.net.lock(), vec![record], Origin::Poison);
                true
            }
            What::Pause(time) => {
                self.turn_sending(SwitchAction::Pause);
                self.wait(self.now() + time, Waiting::Resume);
                true
            }
            What::Unsubscribe { customer } => {
                self.unsubscribe(customer);
                true
            }
            What::Erase { customer, .. } => {
                self.erase(customer);
                true
            }
            What::Split => {
                let mut ground = self.net.lock();
                ground.signals.shards.split() | ground.shards.split()
            }
            What::Merge => {
                let mut ground = self.net.lock();
                ground.signals.shards.merge() | ground.shards.merge()
            }
        };
        let mut ground = self.net.lock();
        for fault in faults.into_iter().filter(|_| done) {
            ground.count(fault);
        }
    }

    fn request(&mut self, op: usize, attempt: u32) {
        let Some(What::Request(request)) = self.script.ops.get(op).map(|op| &op.what) else { return };
        let (key, body) = (if request.secret { "sk_local" } else { "pk_local" }, request.body.to_string());
        let (collector, instance) = self.instance();
        let net = self.net.clone();
        let call = async move {
            net.compute(|pace, _| pace.collecting()).await;
            Ended::Collected(
                collector
                    .collect(body.as_bytes(), &Credentials::of_key(key), None, Told::default(), "simulated")
                    .await,
            )
        };
        self.start(Work::Request { op, attempt }, None, Box::pin(call));
        if let Some(task) = self.tasks.last_mut() {
            task.notes.instance = instance;
        }
    }

    /// A task has ended.
    pub(crate) fn ended(&mut self, task: Task, ended: Ended) {
        if let Some((_, is_busy)) = task.notes.instance.and_then(|index| self.instances.get_mut(index)) {
            *is_busy = false;
        }
        match (task.work, ended) {
            (Work::Request { op, .. }, Ended::Collected(Ok(answer))) => {
                self.answered(op, &answer);
                if !self.net.is_paced() {
                    self.ask(op);
                }
            }
            (Work::Decision(before), Ended::Decided(answer)) => self.decided(&before, &task.notes, &answer),
            (Work::Request { op, .. }, Ended::Collected(Err(error))) if self.is_throttled(op, &error) => {}
            (Work::Request { op, .. }, Ended::Collected(Err(error))) if !error.is_transient() => {
                self.net.lock().book.violated(|| format!("request {op} was refused: {error}"));
            }
            (Work::Request { op, attempt }, _) => self.retry(op, attempt),
            (Work::Batch { invocation, records }, ended) => {
                self.delivered(invocation, records, &task.notes, ended)
            }
            (Work::Signals { invocation, records }, ended) => {
                self.signals_counted(invocation, &records, ended);
            }
            (Work::Feedback(telling), ended) => self.was_told(*telling, &ended),
            (Work::Erase { customer }, ended) => self.was_erased(customer, &ended),
            (Work::Release { customer }, ended) => self.was_released(customer, &ended),
            (Work::Mailer | Work::Decision(_), _) => {}
        }
    }

    /// The client was told what became of its events: it must be so.
    fn answered(&mut self, op: usize, answer: &CaptureAnswer) {
        let Some(What::Request(request)) = self.script.ops.get(op).map(|op| &op.what) else { return };
        self.rejected += answer.rejected.len() as u64;
        let valid = request.events.iter().filter(|event| event.valid).count();
        let counts = (answer.accepted, answer.rejected.len());
        let expected = (valid, request.events.len() - valid);
        let mut ground = self.net.lock();
        let missing = request.events.iter().find(|e| e.valid && !ground.book.accepted.contains(&e.id));
        if counts != expected {
            ground.book.violated(|| format!("request {op} was answered {counts:?} instead of {expected:?}"));
        } else if let Some(event) = missing {
            ground.book.violated(|| format!("{} was accepted and is not in the stream", event.id));
        }
    }

    /// A client that was not answered tries again, most of the time.
    fn retry(&mut self, op: usize, attempt: u32) {
        if self.gives_up(op, attempt) {
            return;
        }
        let mut ground = self.net.lock();
        if attempt >= CLIENT_ATTEMPTS_MAX || (ground.pace.is_none() && ground.dice.chance(50)) {
            return;
        }
        let pause = DurationMs::from_ms(ground.dice.between(50, 400 << attempt));
        drop(ground);
        self.wait(self.now() + pause, Waiting::Retry { op, attempt: attempt + 1 });
    }

    /// An operator puts again what was given up, its cause being mended.
    fn redrive(&mut self, index: usize) {
        let (erased, now) = (self.erased(), self.now());
        let mut ground = self.net.lock();
        let Some(logged) = ground.book.log.get(index) else { return };
        let names_erased = logged.told.iter().any(|told| told.names(&erased));
        let (record, ids) =
            (logged.record.clone(), logged.told.iter().map(|t| t.line.id.clone()).collect::<Vec<_>>());
        for id in &ids {
            ground.book.killers.remove(id);
        }
        ground.count(Fault::Redrive);
        if names_erased {
            ground.count(Fault::RedrivenErased);
        }
        if self.bug == super::bugs::Bug::RedriveOldNumber {
            if let Some(logged) = ground.book.log.get_mut(index) {
                logged.origin = Origin::Collector;
                logged.failed = 0;
            }
            ground.book.owe(index);
            drop(ground);
            return self.deliver(None, vec![index], None);
        }
        let data = received_again(&record.data, now, &mut Redriven::default());
        let again = NewRecord { partition_key: record.partition_key, data };
        land(&mut ground, vec![again], Origin::Redriven);
    }
}
