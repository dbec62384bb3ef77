//! `rules`: how long a rule takes, here and in the engines that people would use instead, in one program on one table of
//! people; and how long many rules take. `cargo beckon bench rules` runs it.

mod beckon;
#[path = "../../../../shared/cli/src/dice.rs"]
#[allow(dead_code)]
mod dice;
mod engines;
mod many;
mod report;
mod rounds;
mod shopper;
#[path = "../../../../shared/cli/src/bench/timing.rs"]
mod timing;

use anyhow::{Result, ensure};
use clap::Parser;
use engines::Engine;
use report::Report;
use shopper::{Known, Shopper};
use std::rc::Rc;

/// People in the table.
const PERSON_COUNT: usize = 1_000;

/// Measures rules: four conditions against other engines, and many rules at once.
#[derive(Parser)]
#[command(name = "rules")]
pub struct Arguments {
    /// Rounds; everything is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=101))]
    rounds: u32,
    /// What decides the table of people
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let shoppers = Shopper::table(PERSON_COUNT, arguments.seed);
    let known: Rc<[Known]> = shoppers.iter().map(Shopper::known).collect::<Result<_>>()?;
    let persons: Vec<_> = known.iter().map(Known::person).collect();
    let ruleset = beckon::parse(engines::BECKON)?;
    let mut engines = engines::all(&ruleset, &persons, &shoppers, shopper::now())?;
    let holding = agree(&mut engines)?;
    let mut works = many::works(&known)?;
    let timings = rounds::run(arguments.rounds, arguments.seed, &mut engines, &mut works);
    let report = Report::new(&arguments, holding, timings);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}

/// Every engine must say the same of everybody; how many the conditions hold of.
fn agree(engines: &mut [Engine<'_>]) -> Result<usize> {
    let mut holding = 0;
    for index in 0..PERSON_COUNT {
        let answers: Vec<_> = engines.iter_mut().map(|engine| (engine.holds)(index)).collect();
        let first = answers.first().copied().flatten();
        ensure!(
            first.is_some() && answers.iter().all(|answer| *answer == first),
            "person {index} is answered differently: {:?} say {answers:?}; times cannot be compared",
            engines.iter().map(|engine| engine.name).collect::<Vec<_>>()
        );
        holding += usize::from(first == Some(true));
    }
    Ok(holding)
}
