//! Threads that decide. Each keeps the people whose ids hash to it, and all counts add up, so that the result does not
//! depend on how many there are.

use super::person::Person;
use super::source::{Step, Teller};
use super::tally::Tally;
use crate::error::CliError;
use beckon_domain::id::SlotId;
use beckon_domain::{ProfileKey, Timestamp};
use beckon_rules::{PageKind, Ruleset};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Steps that are handed over at once.
const CHUNK_STEPS: usize = 256;
/// Chunks that may wait for a thread: so much of a file is in memory.
const CHUNKS_WAITING_MAX: usize = 8;

/// What every thread decides by.
#[derive(Clone)]
pub(super) struct Setup {
    pub old: Arc<Ruleset>,
    pub new: Arc<Ruleset>,
    /// The type of every page, in place of what events tell.
    pub page: Option<PageKind>,
}

impl Setup {
    /// The slots of both, those of the one before first.
    fn slots(&self) -> Vec<SlotId> {
        let mut slots: Vec<SlotId> = self.old.slot_ids().cloned().collect();
        for slot in self.new.slot_ids() {
            if !slots.contains(slot) {
                slots.push(slot.clone());
            }
        }
        slots
    }
}

/// What a thread is given.
enum Message {
    Steps(Vec<Step>),
    /// History is over; time passes until then.
    End(Timestamp),
}

struct Worker {
    chunk: Vec<Step>,
    sender: SyncSender<Message>,
    thread: JoinHandle<Tally>,
}

/// The threads.
pub(super) struct Workers(Vec<Worker>);

impl Workers {
    /// Starts so many.
    pub fn spawn(setup: &Setup, count: usize) -> Self {
        let worker = |_| {
            let (sender, receiver) = sync_channel(CHUNKS_WAITING_MAX);
            let setup = setup.clone();
            let thread = std::thread::spawn(move || work(&setup, &receiver));
            Worker { chunk: Vec::with_capacity(CHUNK_STEPS), sender, thread }
        };
        Self((0..count.max(1)).map(worker).collect())
    }

    /// Hands something over to whoever keeps the person; waits while that thread has enough to do.
    pub fn give(&mut self, step: Step) -> Result<(), CliError> {
        let index = (step.spread() % self.0.len().max(1) as u64) as usize;
        let Some(worker) = self.0.get_mut(index) else { return Ok(()) };
        worker.chunk.push(step);
        if worker.chunk.len() < CHUNK_STEPS {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut worker.chunk, Vec::with_capacity(CHUNK_STEPS));
        worker.sender.send(Message::Steps(chunk)).map_err(|_| stopped())
    }

    /// Waits for all of them, and adds up what they counted.
    pub fn finish(self, end: Timestamp) -> Result<Tally, CliError> {
        let mut threads = Vec::new();
        for Worker { chunk, sender, thread } in self.0 {
            sender.send(Message::Steps(chunk)).map_err(|_| stopped())?;
            sender.send(Message::End(end)).map_err(|_| stopped())?;
            threads.push(thread);
        }
        let mut sum: Option<Tally> = None;
        for thread in threads {
            let tally = thread.join().map_err(|_| stopped())?;
            match &mut sum {
                Some(sum) => sum.add(tally),
                None => sum = Some(tally),
            }
        }
        sum.ok_or_else(stopped)
    }
}

fn stopped() -> CliError {
    CliError::failed("a thread of the backtest stopped before its work was done; this is a bug of Beckon")
}

fn work(setup: &Setup, receiver: &Receiver<Message>) -> Tally {
    let slots = setup.slots();
    let mut tally = Tally::new(&slots);
    let teller = Teller::new(setup.old.currency());
    let mut people: HashMap<ProfileKey, Person<'_>> = HashMap::new();
    let mut end = Timestamp::EPOCH;
    while let Ok(message) = receiver.recv() {
        let steps = match message {
            Message::Steps(steps) => steps,
            Message::End(at) => {
                end = at;
                break;
            }
        };
        for step in steps {
            match teller.tell(step) {
                Err(code) => *tally.rejected.entry(code).or_default() += 1,
                Ok(told) => {
                    let person = match people.get_mut(&told.key) {
                        Some(person) => person,
                        None => people
                            .entry(told.key.clone())
                            .or_insert_with(|| Person::new(&told.key, &setup.old, &setup.new)),
                    };
                    person.happen(&told, &slots, setup.page, &mut tally);
                }
            }
        }
    }
    for (_, person) in people {
        person.finish(end, &mut tally);
    }
    tally
}
