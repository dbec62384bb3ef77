//! How a world is made: the ports, the real functions on them, and the options of the mapping, all by the seed.

use super::archive::SimArchive;
use super::book::{Book, EPOCH};
use super::bugs::Bug;
use super::bus::SimBus;
use super::experiments::DOCUMENT;
use super::fault::{AGE_MAX, FaultCounts, Weather};
use super::ground::{Ground, InjectedPanic, Net, Notes, Trace};
use super::ports::{Producer, SimFailed, SimStream, SimTables};
use super::post::PostOffice;
use super::script::{CUSTOMER_COUNT_MAX, START, Script, What, customer_id, panics_the_fold, visitor_id};
use super::shards::Shards;
use super::signals::{self, Reader, SignalStream};
use super::world::{Waiting, World};
use crate::CliError;
use crate::dice::Dice;
use crate::stack::{publish, publish_experiments};
use admin::{Admin, run_tests};
use beckon_domain::fold::{Folded, Item, fold};
use beckon_domain::id::{AnonymousId, UserId};
use beckon_domain::reaction::Reaction;
use beckon_domain::{DurationMs, Policy, Profile, ProfileKey, Timestamp};
use beckon_mapping::{Mapping, Options};
use beckon_rules::{Experiments, Ruleset};
use beckon_runtime::clock::Hand;
use beckon_runtime::{Clock, Secrets, Timer};
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::ActiveRuleset;
use cart_mailer::Mailer;
use cart_mailer::send::account::MemoryAccount;
use collector::Collector;
use decisions::{BUDGET_DEFAULT, Decider, Exposures};
use futures_util::FutureExt;
use mail_feedback::Feedback;
use profiler::Profiler;
use std::collections::BTreeMap;
use std::sync::Arc;
use trends::{SeenProducts, Trends};

impl World {
    /// A world in which this script will happen.
    pub(crate) fn new(seed: u64, script: Script, bug: Bug) -> Result<Self, CliError> {
        let mut dice = Dice::new(seed, 2);
        let (clock, hand) = Clock::manual(START);
        let early = dice.chance(300);
        // Nothing that ends its function, then: what waits behind it would be given up unseen.
        let ages = dice.chance(250) && bug == Bug::None;
        let age_secs = u32::try_from(AGE_MAX.as_ms() / 1_000).ok();
        let options = Options {
            batch_size: dice.pick(&[5, 20, 100]).copied().unwrap_or(20),
            maximum_batching_window_in_seconds: dice.pick(&[0, 0, 1, 5]).copied().unwrap_or(0),
            parallelization_factor: dice.pick(&[1, 2, 10]).copied().unwrap_or(1),
            // As the template has it, in small: storms end long before.
            maximum_retry_attempts: Some(if bug.is_calm() { 0 } else { 200 }),
            maximum_record_age_in_seconds: age_secs.filter(|_| ages),
            bisect_batch_on_function_error: bug != Bug::NoBisect,
            report_batch_item_failures: true,
            backoff: DurationMs::from_secs(if ages { 120 } else { 1 }),
            splits_use_up_retries: bug == Bug::SplitsUseRetries,
            ..Options::default()
        };
        let mapping = Mapping::new(options).map_err(|e| CliError::caused("the simulation's mapping", &e))?;
        let mut book = Book::default();
        book.one_shard_name = bug == Bug::OneMark;
        for request in
            script.ops.iter().filter_map(|op| if let What::Request(r) = &op.what { Some(r) } else { None })
        {
            let times = request.events.iter().map(|e| (e.id.clone(), (e.happened_at, request.sent_at)));
            book.client_times.extend(times);
            if request.killer && !ages {
                book.killers.extend(request.events.iter().map(|event| event.id.clone()));
            }
        }
        let shard_count = dice.between(1, 3);
        let net = Net::new(Ground {
            dice,
            clock: clock.clone(),
            weather: Weather::default(),
            faults: FaultCounts::default(),
            trace: Trace(seed),
            notes: Notes::default(),
            late: BTreeMap::new(),
            post: BTreeMap::new(),
            meddled: Vec::new(),
            orders: 0,
            shards: Shards::new(shard_count),
            signals: SignalStream { shards: Shards::new(2), log: Vec::new() },
            book,
            bug,
            call_count: 0,
            pace: None,
        });
        let mut world = Self::wire(seed, net, script, mapping, (clock, hand), early, bug)?;
        world.profiler.record_age_max = ages.then_some(AGE_MAX);
        if bug.is_calm() {
            world.healed = true;
            world.net.lock().weather.heal();
        }
        Ok(world)
    }

    fn wire(
        seed: u64,
        net: Net,
        script: Script,
        mapping: Mapping<usize>,
        (clock, hand): (Clock, Hand),
        early: bool,
        bug: Bug,
    ) -> Result<Self, CliError> {
        let secrets = Secrets::local().map_err(|e| CliError::caused("the simulation's secrets", &e))?;
        let text = super::rulesets::write(seed);
        let ruleset = Ruleset::parse(&text).map_err(|e| CliError::ruleset("the simulation's ruleset", &e))?;
        if let Some(reminder) = ruleset.reminder() {
            net.lock().book.mail.series = reminder.series.clone();
        }
        let (tables, failed) = (SimTables::new(&net), MemoryFailedEvents::default());
        let published = publish(&tables.inner, &text, START).now_or_never();
        published.unwrap_or(Ok(()))?;
        let ruleset = compare(&tables, ruleset)?;
        super::pool::fill(&tables.inner, Dice::new(seed, 4).between(2, 30), START);
        let (visitors, customers) = people(&script, &secrets);
        let waiting =
            script.ops.iter().enumerate().map(|(i, op)| ((op.at, i as u64), Waiting::Op(i))).collect();
        Ok(Self {
            collector: Arc::new(Collector {
                stream: SimStream { net: net.clone(), producer: Producer::Collector },
                tables: tables.clone(),
                secrets: secrets.clone(),
                clock: clock.clone(),
                currency: ruleset.currency(),
                public_url: "https://sim.shop.example".to_owned(),
                guard: collector::Guard::unlimited(),
                metrics: beckon_runtime::Metrics::default(),
            }),
            decider: Arc::new(decider(&net, &tables, &secrets, &clock)),
            reader: Reader::new(trends(&net, &tables, &clock, &failed))?,
            profiler: Profiler {
                tables: tables.clone(),
                stream: SimStream { net: net.clone(), producer: Producer::Functions },
                signals: SimStream { net: net.clone(), producer: Producer::Signals },
                failed: SimFailed { net: net.clone(), documents: failed.clone() },
                bus: SimBus { net: net.clone() },
                rulesets: ActiveRuleset::default(),
                clock: clock.clone(),
                epoch: EPOCH.to_owned(),
                record_age_max: None,
                fold: fold_or_panic,
                metrics: beckon_runtime::Metrics::default(),
            },
            admin: Arc::new(admin(&tables, &secrets, &clock)),
            has_erased: false,
            let_back: BTreeMap::new(),
            archive: SimArchive::new(bug),
            failed: failed.clone(),
            feedback: feedback(&tables, &secrets, &clock),
            mailer: mailer(&net, &tables, secrets, clock),
            order: script.ops.len() as u64,
            ruleset,
            net,
            tables,
            script,
            mapping,
            tasks: Vec::new(),
            waiting,
            delivered: Vec::new(),
            bug,
            early,
            rejected: 0,
            instances: Vec::new(),
            hand,
            visitors,
            customers,
            turns: 0,
            mailer_ran_at: Timestamp::EPOCH,
            healed: false,
        })
    }
}

/// The keys of a script's visitors, and of all customers that there may be.
fn people(script: &Script, secrets: &Secrets) -> (Vec<ProfileKey>, Vec<ProfileKey>) {
    let visitor = |index| AnonymousId::new(&visitor_id(index)).ok().map(|id| secrets.pepper.anonymous(&id));
    let customer = |index| UserId::new(&customer_id(index)).ok().map(|id| secrets.pepper.customer(&id));
    let visitors = (0..script.visitor_count).filter_map(visitor).collect();
    (visitors, (0..CUSTOMER_COUNT_MAX).filter_map(customer).collect())
}

/// Makes the experiment live, for the functions and for the oracle.
fn compare(tables: &SimTables, ruleset: Ruleset) -> Result<Ruleset, CliError> {
    let published = publish_experiments(&tables.inner, DOCUMENT, &ruleset, START).now_or_never();
    published.unwrap_or(Ok(()))?;
    let experiments = Experiments::load(DOCUMENT, &ruleset);
    let experiments = experiments.map_err(|e| CliError::ruleset("the simulation's experiment", &e))?;
    Ok(ruleset.with_experiments(experiments))
}

fn feedback(tables: &SimTables, secrets: &Secrets, clock: &Clock) -> Feedback<SimTables> {
    Feedback {
        tables: tables.clone(),
        secrets: secrets.clone(),
        clock: clock.clone(),
        metrics: beckon_runtime::Metrics::default(),
    }
}

fn admin(tables: &SimTables, secrets: &Secrets, clock: &Clock) -> Admin<SimTables, ()> {
    Admin {
        tables: tables.clone(),
        objects: (),
        secrets: secrets.clone(),
        clock: clock.clone(),
        run_tests,
        tombstone: DurationMs::from_days(90),
    }
}

/// Decisions, which wait for whatever comes: in virtual time nothing is late.
fn decider(net: &Net, tables: &SimTables, secrets: &Secrets, clock: &Clock) -> Decider<SimTables> {
    let mut decider = Decider::new(tables.clone(), ActiveRuleset::default(), secrets.clone(), clock.clone());
    decider.exposures = Exposures::putting(SimStream { net: net.clone(), producer: Producer::Pages });
    decider.with_budget(BUDGET_DEFAULT, Timer::still())
}

fn trends(
    net: &Net,
    tables: &SimTables,
    clock: &Clock,
    failed: &MemoryFailedEvents,
) -> Trends<SimTables, SimFailed> {
    Trends {
        tables: tables.clone(),
        failed: SimFailed { net: net.clone(), documents: failed.clone() },
        clock: clock.clone(),
        epoch: signals::EPOCH.to_owned(),
        seen: SeenProducts::default(),
        metrics: beckon_runtime::Metrics::default(),
    }
}

fn mailer(
    net: &Net,
    tables: &SimTables,
    secrets: Secrets,
    clock: Clock,
) -> Mailer<SimTables, SimStream, PostOffice, MemoryAccount> {
    Mailer {
        tables: tables.clone(),
        stream: SimStream { net: net.clone(), producer: Producer::Functions },
        sender: PostOffice { net: net.clone(), pepper: secrets.pepper.clone() },
        rulesets: ActiveRuleset::default(),
        account: MemoryAccount::default(),
        is_paced: false,
        content: cart_mailer::mail::ActiveMailContent::default(),
        propensity: ActivePropensity::default(),
        secrets,
        clock,
        from: "Simulation <reminders@shop.example>".to_owned(),
        public_url: "https://sim.shop.example".to_owned(),
        metrics: beckon_runtime::Metrics::default(),
    }
}

/// The fold, with a bug: it panics at some events.
fn fold_or_panic(
    stored: Option<&Profile>,
    key: &ProfileKey,
    items: &[Item],
    policy: &Policy,
    rules: &dyn Reaction,
) -> Folded {
    let is_new = |item: &Item| !stored.is_some_and(|profile| profile.marks.covers(&item.position));
    if items.iter().any(|item| panics_the_fold(item.event.id.as_str()) && is_new(item)) {
        std::panic::resume_unwind(Box::new(InjectedPanic));
    }
    fold(stored, key, items, policy, rules)
}
