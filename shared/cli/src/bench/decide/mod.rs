//! `beckon bench decide`: what a decision costs, and how long a page waits for it while the store behaves as stores do.
//!
//! The processor's time is measured on the decisions function itself with tables in memory; what a page waits for is
//! virtual time, passed by a model of DynamoDB alone.

mod modelled;
mod report;
mod shop;
mod virtual_time;

use super::timing::Timing;
use crate::error::CliError;
use beckon_domain::experiment::bucket::{HashVersion, bucket_ranges, choose_variation, hash};
use beckon_runtime::clock::Hand;
use beckon_runtime::{Clock, Secrets, Timer};
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::{CatalogStore, ConfigStore, DecisionStore, ProfileStore};
use beckon_wire::auth::Credentials;
use clap::Args;
use decisions::{BUDGET_DEFAULT, Browser, Decider, DecisionLog};
use modelled::{Faults, Modelled};
use report::{DecideReport, Waits};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use virtual_time::VirtualTime;

/// Arguments of `beckon bench decide`.
#[derive(Args, Debug)]
#[command(after_help = "Build it as it runs on Lambda, and keep the machine quiet:
  cargo run --release --package beckon-cli --bin beckon -- bench decide

What a page waits for is virtual time: it does not depend on the machine, and a seed gives the same on every one.")]
pub struct DecideArgs {
    /// Requests of a round
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub requests: u32,
    /// Rounds; everything is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=101))]
    pub rounds: u32,
    /// What decides people, pages and the model of the store
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// One round of few requests: says that it runs, not how fast
    #[arg(long)]
    pub quick: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Measures, and prints what was measured.
///
/// # Errors
/// When the shop cannot be made, or an answer is not one that a page can use.
pub(super) fn run(args: &DecideArgs) -> Result<(), CliError> {
    let report = measure(args)?;
    super::tell(&report, args.json)
}

/// What one round of requests came to.
#[derive(Default)]
struct Round {
    cpu_ns: Vec<f64>,
    waits: Vec<Duration>,
    usable: u64,
    degraded: u64,
}

fn measure(args: &DecideArgs) -> Result<DecideReport, CliError> {
    let (rounds, requests) = if args.quick { (1, 100) } else { (args.rounds, args.requests) };
    let secrets = Secrets::local().map_err(|e| CliError::caused("the laptop's secrets", &e))?;
    let (tables, people) = shop::open(args.seed, &secrets.pepper)?;
    let (mut p50, mut p99, mut assignment) = (Vec::new(), Vec::new(), Vec::new());
    let (mut calm, mut bad) = (Waits::default(), Waits::default());
    for number in 0..u64::from(rounds) {
        let still = decider(tables.clone(), &secrets, Timer::still());
        let mut round = ask(&still, &VirtualTime::default(), requests, people, || ())?;
        round.cpu_ns.sort_by(f64::total_cmp);
        p50.push(report::at(&round.cpu_ns, 50));
        p99.push(report::at(&round.cpu_ns, 99));
        assignment.push(assign_ns());
        for (faults, waits) in [(Faults::FEW, &mut calm), (Faults::MANY, &mut bad)] {
            let time = VirtualTime::default();
            let store = Modelled::new(&tables, &time, args.seed + number, faults);
            let slow = decider(store.clone(), &secrets, Timer::of(time.clone()));
            waits.add(ask(&slow, &time, requests, people, || store.next_request())?);
        }
    }
    let cpu = [Timing::of("a request, p50", p50), Timing::of("a request, p99", p99)];
    let [cpu_p50, cpu_p99] = cpu;
    let assignment = Timing::of("an assignment", assignment);
    Ok(DecideReport::new(rounds, requests, [cpu_p50, cpu_p99, assignment], calm, bad))
}

/// A decisions function with nothing in memory, and the hand of its clock.
fn decider<T>(tables: T, secrets: &Secrets, timer: Timer) -> (Decider<T>, Hand)
where
    T: DecisionStore + Clone + 'static,
{
    let (clock, hand) = Clock::manual(shop::NOW);
    let decider = Decider::new(tables.clone(), ActiveRuleset::default(), secrets.clone(), clock);
    (decider.with_log(DecisionLog::keeping(tables)).with_budget(BUDGET_DEFAULT, timer), hand)
}

/// Asks one request after the other, each answered and written down as the handler does it.
fn ask<T>(
    (decider, hand): &(Decider<T>, Hand),
    time: &VirtualTime,
    requests: u32,
    people: usize,
    mut before: impl FnMut(),
) -> Result<Round, CliError>
where
    T: ProfileStore + ConfigStore + CatalogStore,
{
    let (mut round, credentials) = (Round::default(), Credentials::of_key("pk_local"));
    warm(decider, time, &credentials, people)?;
    for number in 0..requests {
        let body = shop::request(number as usize, people);
        hand.advance(shop::PAUSE);
        before();
        let request_id = format!("01a20266-8bf4-7399-8c43-{number:012x}");
        let began = thread_time();
        let answered = time.run(async {
            let decided = decider.begin(&body, &credentials, Browser::default(), &request_id).await?;
            let ((), rendered) =
                tokio::join!(decided.beside.done(), async { serde_json::to_vec(&decided.response) });
            Ok::<_, decisions::DecideError>((decided.response, rendered))
        });
        let took = thread_time().saturating_sub(began);
        let Some((answered, waited)) = answered else {
            return Err(CliError::failed("a decision waits for something that never comes"));
        };
        round.cpu_ns.push(took.as_nanos() as f64);
        round.waits.push(waited);
        let Ok((response, Ok(_))) = answered else { continue };
        let is_full = response.decisions.iter().all(|decision| {
            let items = decision.items.as_deref().unwrap_or_default();
            let ids: BTreeSet<&str> = items.iter().map(|item| item.product_id.as_str()).collect();
            ids.len() == shop::ITEM_COUNT && items.len() == shop::ITEM_COUNT
        });
        round.usable += u64::from(is_full && response.decisions.len() == shop::SLOT_COUNT);
        round.degraded += u64::from(!response.degraded.is_empty());
    }
    Ok(round)
}

/// What init does: the ruleset is read before any page waits.
fn warm<T: ConfigStore + ProfileStore + CatalogStore>(
    decider: &Decider<T>,
    time: &VirtualTime,
    credentials: &Credentials,
    people: usize,
) -> Result<(), CliError> {
    for _ in 0..10 {
        let body = shop::request(0, people);
        let asked = time.run(async {
            let decided = decider.begin(&body, credentials, Browser::default(), "").await?;
            decided.beside.done().await;
            Ok::<_, decisions::DecideError>(())
        });
        if matches!(asked, Some((Ok(()), _))) {
            return Ok(());
        }
    }
    Err(CliError::failed("the benchmark's ruleset is never read; this is a bug of Beckon"))
}

/// What assigning one person to one of two variants takes: the hash, and its range.
fn assign_ns() -> f64 {
    const COUNT: u32 = 100_000;
    let ranges = bucket_ranges(2, 1.0, &[0.5, 0.5]);
    let units: Vec<String> =
        (0..64).map(|n| format!("a1_68psBUQBrbdoXaY9tMQE75GO70U3Ph7g6qw-Pr1j{n:03}")).collect();
    let began = Instant::now();
    for number in 0..COUNT as usize {
        let unit = std::hint::black_box(&units[number % units.len()]);
        std::hint::black_box(choose_variation(hash("hero-copy", unit, HashVersion::V2), &ranges));
    }
    began.elapsed().as_nanos() as f64 / f64::from(COUNT)
}

/// How long this thread was on a processor.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The shop is also that of a test: that what is measured is what it says it is.
#[cfg(test)]
mod tests {
    use super::*;
    use beckon_store::tables::memory::MemoryTables;

    #[test]
    fn every_page_is_answered_in_full_whatever_the_store_does_and_a_seed_gives_the_same_waits() {
        let args = DecideArgs { requests: 100, rounds: 1, seed: 1, quick: true, json: false };
        let report = measure(&args).unwrap();
        assert_eq!((report.calm.answered, report.bad.answered), (1.0, 1.0), "{report}");
        assert!(report.bad.max_ms <= 50.0 && report.bad.with_less > report.calm.with_less, "{report}");
        assert!(report.calm.p50_ms > 2.0, "the store takes its time: {report}");
        assert_eq!(measure(&args).unwrap().bad, report.bad);
    }

    #[test]
    fn the_rules_are_as_many_as_they_are_said_to_be_and_the_last_of_each_slot_decides() {
        let secrets = Secrets::local().unwrap();
        let (tables, people) = shop::open(1, &secrets.pepper).unwrap();
        assert_eq!(shop::ruleset().matches("- id: rule-").count(), shop::RULE_COUNT);
        let (decider, _hand) = decider::<MemoryTables>(tables, &secrets, Timer::still());
        let (body, credentials) = (shop::request(3, people), Credentials::of_key("pk_local"));
        let answered = VirtualTime::default()
            .run(decider.decide(&body, &credentials, Browser::default(), "r"))
            .unwrap()
            .0;
        let answered = answered.unwrap();
        for decision in &answered.decisions {
            assert_eq!(decision.reason.code, "RULE_MATCH");
            assert!(!decision.fallback.used, "fifty candidates: {decision:?}");
        }
        assert_eq!(answered.decisions.len(), shop::SLOT_COUNT);
    }
}
