//! Rounds: everything is measured once in each, one after the other, so that what slows the machine slows all of them.

use crate::PERSON_COUNT;
use crate::dice::Dice;
use crate::engines::Engine;
use crate::timing::Timing;
use std::hint::black_box;
use std::time::Instant;

/// Decisions of an engine in a round.
const DECISION_COUNT: usize = 1 << 17;

/// Something else that is measured.
pub struct Work {
    /// What it is.
    pub name: &'static str,
    /// How often it is done in a round.
    pub times: usize,
    /// Does it, for the person at this index.
    pub run: Box<dyn FnMut(usize)>,
}

/// Everything that was measured, in nanoseconds.
pub struct Timings {
    /// One for each engine, in their order: a decision about one person.
    pub engines: Vec<Timing>,
    /// One for each work, in their order.
    pub works: Vec<Timing>,
}

/// Measures everything so many times. People come in a random order that is the same for every engine and does not
/// repeat within a round, so that the processor cannot learn the answers by heart.
pub fn run(rounds: u32, seed: u64, engines: &mut [Engine<'_>], works: &mut [Work]) -> Timings {
    let mut dice = Dice::new(seed, 2);
    let mut order: Vec<usize> = Vec::new();
    let (mut by_engine, mut by_work) = (vec![Vec::new(); engines.len()], vec![Vec::new(); works.len()]);
    for _ in 0..rounds {
        order.clear();
        order.extend((0..DECISION_COUNT).map(|_| dice.index(PERSON_COUNT)));
        for (times, engine) in by_engine.iter_mut().zip(engines.iter_mut()) {
            times.push(nanoseconds(&order, |index| {
                black_box((engine.holds)(black_box(index)));
            }));
        }
        for (times, work) in by_work.iter_mut().zip(works.iter_mut()) {
            let people = order.get(..work.times).unwrap_or(&order);
            times.push(nanoseconds(people, |index| (work.run)(black_box(index))));
        }
    }
    let timing = |(name, times): (&'static str, Vec<f64>)| Timing::of(name, times);
    Timings {
        engines: engines.iter().map(|engine| engine.name).zip(by_engine).map(timing).collect(),
        works: works.iter().map(|work| work.name).zip(by_work).map(timing).collect(),
    }
}

fn nanoseconds(order: &[usize], mut work: impl FnMut(usize)) -> f64 {
    let began = Instant::now();
    order.iter().for_each(|index| work(*index));
    began.elapsed().as_nanos() as f64 / order.len().max(1) as f64
}
