//! `beckon serve`: the whole loop on 127.0.0.1, until Ctrl-C.

mod archiving;
mod experiments;
mod listener;
mod pages;
mod ruleset;
mod shopping;
mod sweeping;

pub use pages::app;

use crate::error::CliError;
use crate::feed::{Feed, Watched};
use crate::laptop;
use crate::laptop::LocalModels;
use crate::stack::{Parts, Stack, Tables, epoch};
use axum::Router;
use beckon_domain::DurationMs;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::Ruleset;
use beckon_runtime::metrics::Registry;
use beckon_runtime::{Clock, Metrics};
use beckon_store::archive::folder::FolderArchive;
use beckon_store::models::folder::FolderModels;
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::objects::{FailedEventArchive, FailedEventStore, RewriteObjects};
use beckon_store::tables::dynamodb::DynamoTables;
use clap::Args;
use collector::{Guard, PagePurchases, Rates};
use listener::Bounds;
use ruleset::Beginning;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Where a laptop's state lives, below the folder the command runs in.
const STATE_FOLDER: &str = "target/beckon";
/// How fast time runs with synthetic visitors, unless told: a minute a second.
const SHOP_SPEED: f64 = 60.0;
/// Shards of the laptop's stream.
const SHARD_COUNT: u32 = 2;

/// Arguments of `beckon serve`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon serve --shop 50             50 synthetic visitors, a minute a second: see /live and /inbox
  beckon serve --shop 500 --speed 100 --memory   an experiment to its verdict, within minutes: see `beckon report`
  beckon serve --rules my-shop.yaml  your own ruleset, real time
  beckon serve --memory --port 9000  nothing kept, another port")]
pub struct ServeArgs {
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// Ruleset to serve by [default: what was published with `beckon rules publish`, else the sample shop]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Experiments to run beside it [default: what was published; with --shop on the sample shop, a test with a winner and
    /// one without]
    #[arg(long, value_name = "FILE")]
    pub experiments: Option<PathBuf>,
    /// Keep nothing: state in memory instead of target/beckon/
    #[arg(long)]
    pub memory: bool,
    /// Synthetic visitors that browse, fill carts, leave and buy
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub shop: u32,
    /// How fast time runs [default: 60 with --shop, else 1]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    pub speed: Option<f64>,
    /// Seed of the synthetic visitors
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keep every event that arrives for 30 days in this folder [default: target/beckon/archive; with --memory none]
    #[arg(long, value_name = "DIR", conflicts_with = "no_archive")]
    pub archive: Option<PathBuf>,
    /// Keep no archive
    #[arg(long)]
    pub no_archive: bool,
    /// What a page's purchase is: `counted`, or `unconfirmed` until a server tells of the order with the secret key
    #[arg(long, value_name = "POLICY", default_value = "counted")]
    pub page_purchases: PagePurchases,
    /// Take as many events of a key and of a visitor as come, for load tests
    #[arg(long)]
    pub unlimited: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (1.0..=3_600.0).contains(&speed) => Ok(speed),
        _ => Err("expected a number from 1 to 3600".to_owned()),
    }
}

/// Runs until Ctrl-C.
///
/// # Errors
/// When the port is taken, the ruleset is bad, or a file cannot be read.
pub async fn run(args: ServeArgs) -> Result<(), CliError> {
    let beginning = ruleset::read(args.rules.as_deref())?;
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(|e| {
        CliError::usage(format!(
            "port {} on 127.0.0.1 cannot be used: {e}; choose another with --port",
            args.port
        ))
    })?;
    let port = listener
        .local_addr()
        .map_err(|e| CliError::failed(format!("the listener has no address: {e}")))?
        .port();
    let speed = args.speed.unwrap_or(if args.shop > 0 { SHOP_SPEED } else { 1.0 });
    let clock = if (speed - 1.0).abs() < f64::EPSILON { Clock::system() } else { Clock::scaled(speed) };
    let file = (!args.memory).then(|| Path::new(STATE_FOLDER).join("dynamodb.sqlite"));
    let tables = laptop::tables(file.as_deref()).await?;
    let beginning = beginning.or_published(&tables).await?;
    let experiments = experiments::begin(&tables, &beginning, &args).await?;
    let base = Base { tables, beginning, experiments, file, clock, speed, port };
    if args.memory {
        Box::pin(start(base, listener, &args, MemoryFailedEvents::default())).await
    } else {
        Box::pin(start(base, listener, &args, FolderFailedEvents::new(STATE_FOLDER))).await
    }
}

/// What is known before anything runs.
struct Base {
    tables: DynamoTables,
    beginning: Beginning,
    experiments: Option<String>,
    file: Option<PathBuf>,
    clock: Clock,
    speed: f64,
    port: u16,
}

async fn start<F: FailedEventStore + FailedEventArchive + RewriteObjects + Clone + 'static>(
    base: Base,
    listener: TcpListener,
    args: &ServeArgs,
    failed: F,
) -> Result<(), CliError> {
    let feed = Arc::new(Feed::new(base.clock.clone(), base.speed));
    let registry = Registry::default();
    let metrics = Metrics::kept_in(registry.clone());
    let base_url = format!("http://127.0.0.1:{}", base.port);
    let sweeper = sweeping::sweeper(&base.tables, failed.clone(), &base.clock, args);
    let stack = Stack::new(Parts {
        tables: base.tables,
        failed: Watched { inner: failed, feed: Arc::clone(&feed) },
        models: match base.file {
            Some(_) => LocalModels::Folder(FolderModels::new(STATE_FOLDER)),
            None => LocalModels::default(),
        },
        ruleset: base.beginning.text,
        experiments: base.experiments,
        clock: base.clock,
        shard_count: SHARD_COUNT,
        batch_size: 100,
        epoch: epoch(Clock::system().now()),
        public_url: base_url.clone(),
        consent_default: ConsentDefault::default(),
        feed: Some(Arc::clone(&feed)),
    })
    .await?
    .with_metrics(&metrics)
    .with_guard(Guard::new(if args.unlimited { Rates::NONE } else { Rates::default() }, args.page_purchases));
    let archive = archiving::open(args, &stack.stream)?;
    let (compiled, from) = (base.beginning.compiled, base.beginning.from);
    announce(&base_url, &compiled, &from, base.file.as_deref(), args, base.speed);
    let sweep = tokio::spawn(Box::pin(sweeping::each_minute(sweeper, metrics)));
    let stack = Arc::new(stack);
    let app = pages::app(Arc::clone(&stack), feed, registry);
    let ended = keep_running(stack, listener, app, &compiled, args, base.speed, archive).await;
    sweep.abort();
    ended
}

fn announce(
    base_url: &str,
    ruleset: &Ruleset,
    from: &str,
    file: Option<&Path>,
    args: &ServeArgs,
    speed: f64,
) {
    let state = file.map_or_else(
        || "in memory, gone when this ends".to_owned(),
        |file| format!("{} (delete it to start afresh)", file.display()),
    );
    crate::say(format_args!("Beckon runs on {base_url}"));
    crate::say(format_args!("  watch   {base_url}/live    what happens, as it happens"));
    crate::say(format_args!("  mails   {base_url}/inbox   each mail as a person sees it"));
    crate::say(format_args!(
        "  bus     {base_url}/bus     what rules publish, and segments entered and left"
    ));
    crate::say(format_args!("  metrics {base_url}/metrics what functions measure, for Prometheus"));
    crate::say(format_args!("  keys    pk_local (pages), sk_local (servers)"));
    crate::say(format_args!("  rules   {} ({from})", ruleset.name()));
    crate::say(format_args!("  state   {state}"));
    if let Some(folder) = archiving::folder(args) {
        crate::say(format_args!("  archive {} (beckon replay reads it)", folder.display()));
    }
    if args.shop > 0 {
        crate::say(format_args!("  shop    {} synthetic visitors, seed {}", args.shop, args.seed));
    }
    if speed > 1.0 {
        crate::say(format_args!("  time    runs {speed} times as fast"));
    }
    crate::say(format_args!("Ctrl-C ends it."));
}

async fn keep_running<T: Tables, F: FailedEventStore + Clone + 'static>(
    stack: Arc<Stack<T, F>>,
    listener: TcpListener,
    app: Router,
    ruleset: &Ruleset,
    args: &ServeArgs,
    speed: f64,
    archive: Option<FolderArchive>,
) -> Result<(), CliError> {
    let mut tasks = tokio::task::JoinSet::new();
    let (ending, ends) = watch::channel(false);
    tasks.spawn(Box::pin(deliver(Arc::clone(&stack), ends.clone())));
    tasks.spawn(Box::pin(schedule(Arc::clone(&stack), speed, ends.clone())));
    if args.shop > 0 {
        let shop = shopping::shop(app.clone(), stack.clock.clone(), ruleset, args, speed);
        tasks.spawn(until_ended(shop, ends.clone()));
    }
    if let Some(archive) = &archive {
        tasks.spawn(until_ended(archiving::flush_each_minute(archive.clone()), ends));
    }
    let server = listener::serve(listener, app, Bounds::default(), asked_to_end());
    tokio::select! {
        // What was asked before has been answered by then, so nothing is acknowledged after what follows.
        () = server => {}
        Some(task) = tasks.join_next() => {
            return Err(CliError::failed(format!("a part of the loop stopped: {task:?}")));
        }
    }
    // A batch that is being delivered is delivered: cut off, it would be in flight for ever.
    let _ = ending.send(true);
    while tasks.join_next().await.is_some() {}
    // What could not be applied has arrived all the same: it belongs into the archive.
    let drained = stack.drain().await;
    let archived = archiving::end(archive);
    crate::say(format_args!("\nstopped; {} records left undone", drained?.stuck_count));
    archived
}

/// Ctrl-C, or the polite signal that scripts send. Without handlers for them the process would end at once, which is
/// what was asked for.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// What may be cut off anywhere, until the end.
async fn until_ended(
    task: impl Future<Output = Result<(), CliError>>,
    mut ends: watch::Receiver<bool>,
) -> Result<(), CliError> {
    tokio::select! {
        result = task => result,
        _ = ends.wait_for(|is_ending| *is_ending) => Ok(()),
    }
}

/// The mapping: whatever arrives is delivered. At the end no batch is begun any more.
async fn deliver<T: Tables, F: FailedEventStore + Clone>(
    stack: Arc<Stack<T, F>>,
    mut ends: watch::Receiver<bool>,
) -> Result<(), CliError> {
    loop {
        tokio::select! {
            () = stack.arrival() => {}
            _ = ends.wait_for(|is_ending| *is_ending) => return Ok(()),
        }
        let drained = stack.drain().await?;
        if drained.stuck_count > 0 {
            tracing::warn!(record.stuck_count = drained.stuck_count, "records wait for a store that fails");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The scheduler: each minute of the stack's clock.
async fn schedule<T: Tables, F: FailedEventStore + Clone>(
    stack: Arc<Stack<T, F>>,
    speed: f64,
    mut ends: watch::Receiver<bool>,
) -> Result<(), CliError> {
    let minute = DurationMs::from_minutes(1).as_ms() as f64 / speed;
    let mut ticks = tokio::time::interval(Duration::from_millis((minute as u64).max(100)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = ends.wait_for(|is_ending| *is_ending) => return Ok(()),
        }
        if let Err(error) = stack.tick().await {
            tracing::warn!(error = %error, "the cart mailer did not run");
        }
    }
}
