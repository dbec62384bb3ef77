//! The `beckon` command.

use beckon_cli::{
    CliError, audit, bench, canary, catalog, cloud, codes, cost, evaluate, experiments, failed, keys, mail,
    model, openapi, plan, preview, privacy, reconcile, replay, report, rules, serve, sim, smoke,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Real-time personalization that runs in your own AWS account; this command runs it on a laptop and deploys it.
#[derive(Parser)]
#[command(name = "beckon", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 something did not hold or went wrong; 2 an argument, a file or a port to mend.

Start here:
  beckon serve --shop 50   then open http://127.0.0.1:8787/live
  beckon stack up          the same stack that runs on AWS, in an emulator"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole loop on 127.0.0.1, with pages to watch it
    Serve(serve::ServeArgs),
    /// Drive the loop once, headless, and say whether every step held
    Smoke(smoke::SmokeArgs),
    /// Drive recorded behaviour through the loop at full speed
    Replay(replay::ReplayCommand),
    /// Run the functions against a world that fails in bursts, and hold what comes of it against an oracle
    Sim(sim::SimArgs),
    /// Measure how long the core takes for one event
    Bench(bench::BenchArgs),
    /// Measure how good recommendations are, layer by layer, on recorded sessions
    Evaluate(evaluate::EvaluateArgs),
    /// Deploy the real stack, to an AWS emulator on this machine or to AWS, and drive it
    Stack(cloud::StackArgs),
    /// List failed events, look at one, or put them into the stream again
    Failed(failed::FailedArgs),
    /// Publish experiments, see how they stand, stop one, or switch it off
    Experiments(experiments::ExperimentsArgs),
    /// Say what came of an experiment, or of the holdout
    Report(report::ReportArgs),
    /// Tell products by a feed, and see how the catalog stands
    Catalog(catalog::CatalogArgs),
    /// Publish and look at what mails say, say what came of them, pause them
    Mail(mail::MailArgs),
    /// Upload or make discount codes, see how many are left, and check one
    Codes(codes::CodesArgs),
    /// List what was asked of the admin API, export it, and verify that the record is whole
    Audit(audit::AuditArgs),
    /// Make keys, see which there are, and take them back
    Keys(keys::KeysArgs),
    /// Make a token with which a page shows what somebody else would be shown
    Preview(Box<preview::PreviewArgs>),
    /// Export, erase or let back a person, and see how far an erasure is
    Privacy(privacy::PrivacyArgs),
    /// Send one event of nobody to `serve`, and say after how long the right decision shows it
    Canary(canary::CanaryArgs),
    /// Hold the archive of some hours against what became of their events, and say what is lost or counted twice
    Reconcile(reconcile::ReconcileArgs),
    /// Show what was learned and how good it is, or train now
    Model(model::ModelArgs),
    /// Print the OpenAPI documents of the HTTP APIs, or write them with the JSON Schemas of events
    Openapi(openapi::OpenapiArgs),
    /// Say what a month of the stack costs, from counted units and a dated list of prices
    Cost(cost::CostArgs),
    /// Say what so many events a second need, and which limit is met first
    Plan(plan::PlanArgs),
    /// Publish a ruleset, roll back, and see who published what
    Rules(rules::RulesArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What goes wrong while serving is said; the other commands report it themselves.
    let level = match &cli.command {
        Command::Serve(_) => "warn,dynoxide=error",
        Command::Stack(args) => args.log_level(),
        Command::Smoke(_)
        | Command::Replay(_)
        | Command::Failed(_)
        | Command::Rules(_)
        | Command::Experiments(_)
        | Command::Report(_)
        | Command::Catalog(_)
        | Command::Mail(_)
        | Command::Codes(_)
        | Command::Audit(_)
        | Command::Keys(_)
        | Command::Preview(_)
        | Command::Privacy(_)
        | Command::Model(_)
        | Command::Reconcile(_)
        | Command::Canary(_)
        | Command::Openapi(_)
        | Command::Cost(_)
        | Command::Plan(_)
        | Command::Evaluate(_) => "error",
        // Faults are injected: what the functions say of them is no news.
        Command::Sim(_) | Command::Bench(_) => "off",
    };
    let filter = EnvFilter::try_from_env("BECKON_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&CliError::failed(format!("the async runtime did not start: {error}"))),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => Box::pin(serve::run(args)).await,
            Command::Smoke(args) => Box::pin(smoke::run(args)).await,
            Command::Replay(args) => Box::pin(replay::run(args)).await,
            Command::Sim(args) => sim::run(&args),
            Command::Bench(args) => Box::pin(bench::run(args)).await,
            Command::Evaluate(args) => evaluate::run(&args),
            Command::Stack(args) => Box::pin(cloud::run(args)).await,
            Command::Failed(args) => Box::pin(failed::run(args)).await,
            Command::Experiments(args) => Box::pin(experiments::run(args)).await,
            Command::Report(args) => Box::pin(report::run(args)).await,
            Command::Catalog(args) => Box::pin(catalog::run(args)).await,
            Command::Mail(args) => Box::pin(mail::run(args)).await,
            Command::Codes(args) => Box::pin(codes::run(args)).await,
            Command::Audit(args) => Box::pin(audit::run(args)).await,
            Command::Keys(args) => Box::pin(keys::run(args)).await,
            Command::Preview(args) => Box::pin(preview::run(*args)).await,
            Command::Privacy(args) => Box::pin(privacy::run(args)).await,
            Command::Canary(args) => Box::pin(canary::run(args)).await,
            Command::Reconcile(args) => Box::pin(reconcile::run(args)).await,
            Command::Model(args) => Box::pin(model::run(args)).await,
            Command::Openapi(args) => openapi::run(&args),
            Command::Cost(args) => cost::run(&args),
            Command::Plan(args) => plan::run(&args),
            Command::Rules(args) => Box::pin(rules::run(args)).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &CliError) -> ExitCode {
    eprintln!("beckon: {error}");
    error.exit_code()
}
