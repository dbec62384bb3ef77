//! `beckon stack up`: tools, emulator, build, deployment, ruleset and driver, one after the other.

use super::deploy::Deployment;
use super::folder::Folder;
use super::lock::Lock;
use super::phases::Phases;
use super::resources::{self, Deployed, WriteKeyText};
use super::ruleset::{self, Outcome};
use super::sam::{self, Parameter};
use super::state::State;
use super::target::{Kind, Target};
use super::{build, confirm, driver, ministack, tools};
use crate::error::CliError;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Longest name of a stack. A function's is up to 12 characters longer, and Lambda takes 64; the rest is for others.
const STACK_NAME_MAX: usize = 40;

/// Arguments of `beckon stack up`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon stack up                                   MiniStack on 127.0.0.1, and the stack in it; again: an update
  beckon stack up --rules my-shop.yaml              the same with your ruleset
  beckon stack up --endpoint-url http://127.0.0.1:4566
                                                    into an emulator that runs already
  beckon stack up --stack-name beckon-dev --parameter Sender=reminders@shop.example
                                                    into your AWS account; shows the changes and asks

The first time takes some minutes: it installs pinned tools below target/stack/tools and builds the functions.")]
pub struct UpArgs {
    /// The ruleset [default: the sample, unless one is live]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// A parameter of template.yaml; may be given again
    #[arg(long = "parameter", value_name = "KEY=VALUE")]
    pub parameters: Vec<Parameter>,
    /// On an emulator: build the functions as they are released, which takes longer
    #[arg(long)]
    pub release: bool,
    /// On AWS: do not ask before changes are made
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Deploys the stack and starts what it needs.
pub(crate) async fn run(args: UpArgs, target: &Target) -> Result<(), CliError> {
    check_name(&target.stack_name)?;
    let asks = confirm::is_needed(target, args.yes)?;
    if target.kind == Kind::MiniStack {
        ministack::require_linux()?;
    }
    let chosen = ruleset::choose(args.rules.as_deref())?;
    let folder = Folder::find()?;
    let template = folder.root().join("template.yaml");
    let template = std::fs::read_to_string(&template)
        .map_err(|e| CliError::usage(format!("cannot read {}: {e}", folder.show(&template))))?;
    sam::check_parameters(&template, &args.parameters)?;
    let _lock = Lock::take(&folder)?;
    let mut state = State::load(&folder)?;
    refuse_second(&state, target)?;
    let mut phases = Phases::new();
    let bin = tools::DEPLOY.ensure(&folder, &mut phases)?;
    if let (Kind::MiniStack, Some(port)) = (target.kind, target.port()) {
        ministack::ensure(&folder, &mut state, port, &mut phases).await?;
    }
    let parameters = sam::parameters(target.kind, &args.parameters);
    build::build(&folder, target, &bin, &parameters, args.release, &mut phases)?;
    let sdk = target.sdk().await;
    let deployment = Deployment { folder: &folder, target, bin: &bin, sdk: &sdk };
    deployment.deploy(&parameters, asks, &mut phases).await?;
    phases.begin("publishing the ruleset");
    let deployed = resources::describe(target, &sdk).await?.ok_or_else(|| {
        CliError::failed(format!("{} is gone since its deployment: run it again", target.place()))
    })?;
    let outcome = ruleset::publish(&chosen, &deployed, &sdk).await?;
    phases.end();
    if let Outcome::Left(version) = &outcome {
        phases.say(&format!("ruleset {version} stays live: name another with --rules"));
    }
    let mut keys = Vec::new();
    if target.kind != Kind::Aws {
        phases.begin("starting the mapping driver");
        driver::restart(&folder, &mut state, target).await?;
        phases.end();
        keys = resources::write_keys(&deployed, &sdk).await?;
    }
    report(&args, target, &deployed, &outcome, &keys, &phases)
}

/// Names that CloudFormation takes, and short enough for the functions' names, which begin with the stack's.
fn check_name(name: &str) -> Result<(), CliError> {
    let is_pattern = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_pattern && name.len() <= STACK_NAME_MAX {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "--stack-name {name} cannot be a stack's: a letter first, then letters, digits and hyphens, at most {STACK_NAME_MAX}"
    )))
}

/// The driver is for one stack at a time.
fn refuse_second(state: &State, target: &Target) -> Result<(), CliError> {
    match &state.driver {
        Some(driver) if target.kind != Kind::Aws && !driver.is_for(target) && driver.process.is_alive() => {
            let other = if driver.on_ministack {
                String::new()
            } else {
                format!(" --endpoint-url {} --stack-name {}", driver.endpoint_url, driver.stack_name)
            };
            Err(CliError::usage(format!(
                "the stack at {} is up: end it first, with `beckon stack down{other}`",
                driver.endpoint_url
            )))
        }
        _ => Ok(()),
    }
}

fn report(
    args: &UpArgs,
    target: &Target,
    deployed: &Deployed,
    outcome: &Outcome,
    keys: &[WriteKeyText],
    phases: &Phases,
) -> Result<(), CliError> {
    let api_url = deployed.api_url(target)?;
    if args.json {
        let keys: Vec<_> = keys.iter().map(|k| json!({ "key": k.key, "source": k.source })).collect();
        crate::say(format_args!(
            "{:#}",
            json!({
                "stackName": target.stack_name,
                "endpointUrl": target.endpoint_url,
                "apiUrl": api_url,
                "writeKeys": keys,
                "ruleset": outcome.version(),
                "outputs": deployed.outputs,
                "phases": phases.done(),
            })
        ));
        return Ok(());
    }
    crate::say(format_args!("\nThe stack is up.\n\n  API      {api_url}\n  ruleset  {}", outcome.version()));
    for key in keys {
        crate::say(format_args!("  key      {}  ({})", key.key, key.source));
    }
    crate::say(format_args!("\nTry next:\n\n{}", next(target, &api_url, keys)));
    Ok(())
}

/// Commands to go on with.
fn next(target: &Target, api_url: &str, keys: &[WriteKeyText]) -> String {
    let stack = target.arguments();
    let page_key = keys.iter().find(|k| k.key.starts_with("pk_")).map_or("PUBLISHABLE_KEY", |k| &k.key);
    let on_aws = format!("  cargo beckon stack keys{stack}\n");
    format!(
        "{}  curl -s '{api_url}/v1/decisions' -u {page_key}: -d '{{\"slots\": [{{\"id\": \"home.hero\", \"count\": 1}}]}}'
  cargo beckon stack smoke{stack}
  cargo beckon stack logs --follow{stack}
  cargo beckon stack down{stack}",
        if keys.is_empty() { on_aws.as_str() } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::super::process::ProcessId;
    use super::super::state::Driver;
    use super::*;

    fn target(kind: Kind, url: Option<&str>) -> Target {
        Target {
            kind,
            endpoint_url: url.map(ToOwned::to_owned),
            stack_name: "beckon".to_owned(),
            region: (kind == Kind::Aws).then(|| "eu-west-1".to_owned()),
        }
    }

    #[test]
    fn a_second_stack_is_refused_with_the_command_that_ends_the_first() {
        let driver = Driver {
            process: ProcessId::of(i32::try_from(std::process::id()).unwrap()).unwrap(),
            on_ministack: false,
            endpoint_url: "http://127.0.0.1:4566".to_owned(),
            stack_name: "beckon".to_owned(),
        };
        let state = State { ministack: None, driver: Some(driver) };
        let message = refuse_second(&state, &target(Kind::MiniStack, Some("http://127.0.0.1:4588")))
            .unwrap_err()
            .to_string();
        assert!(
            message.ends_with("`beckon stack down --endpoint-url http://127.0.0.1:4566 --stack-name beckon`")
        );
        refuse_second(&state, &target(Kind::Emulator, Some("http://127.0.0.1:4566"))).unwrap();
        refuse_second(&state, &target(Kind::Aws, None)).unwrap();
        let mut ended = state;
        ended.driver.as_mut().unwrap().process.started = "before".to_owned();
        refuse_second(&ended, &target(Kind::MiniStack, Some("http://127.0.0.1:4588"))).unwrap();
    }

    #[test]
    fn what_to_try_next_names_the_same_stack() {
        let key = WriteKeyText { key: "pk_1".to_owned(), source: "web".to_owned() };
        let local = next(&target(Kind::MiniStack, Some("http://127.0.0.1:4588")), "http://api", &[key]);
        assert!(local.contains("stack smoke\n") && local.contains("-u pk_1:"), "{local}");
        let aws = next(&target(Kind::Aws, None), "https://api", &[]);
        assert!(aws.contains("stack keys --stack-name beckon --region eu-west-1\n"), "{aws}");
        assert!(aws.contains("stack smoke --stack-name beckon --region eu-west-1\n"), "{aws}");
    }

    #[test]
    fn a_name_is_one_of_cloudformations_and_leaves_room_for_the_functions() {
        for name in ["beckon", "B-2", &"a".repeat(40)] {
            check_name(name).unwrap();
        }
        for name in ["", "2beckon", "-beckon", "beckon_dev", "beckön", &"a".repeat(41)] {
            let message = check_name(name).unwrap_err().to_string();
            assert!(message.contains("at most 40"), "{message}");
        }
    }
}
