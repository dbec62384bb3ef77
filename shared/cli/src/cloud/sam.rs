//! SAM CLI and cargo-lambda: the commands that build the template and deploy it, and the environment they see.

use super::external;
use super::folder::Folder;
use super::target::{Kind, Target};
use crate::error::CliError;
use std::path::Path;
use std::process::Command;

/// Capabilities that the template asks for: it makes roles, and SAM expands it.
pub(crate) const CAPABILITIES: [&str; 2] = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"];

/// A template's parameter: `KEY=VALUE`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Parameter {
    pub(crate) fn new(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), value: value.to_owned() }
    }
}

impl std::str::FromStr for Parameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric()) => {
                Ok(Self::new(key, value))
            }
            _ => Err("write KEY=VALUE, with a parameter of template.yaml".to_owned()),
        }
    }
}

/// What SAM reads after `--parameter-overrides`. Quotes, because a value may hold spaces.
impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=\"{}\"", self.key, self.value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// The parameters of a deployment: on an emulator those it needs, and everywhere the person's, which win.
pub(crate) fn parameters(kind: Kind, given: &[Parameter]) -> Vec<Parameter> {
    let mut parameters = match kind {
        Kind::Aws => Vec::new(),
        Kind::MiniStack | Kind::Emulator => vec![
            Parameter::new("Architecture", architecture()),
            // An emulator's own mapping ignores the failure options: Beckon's driver delivers instead.
            Parameter::new("StreamProcessing", "DISABLED"),
            // They are on sums of metrics, which MiniStack refuses.
            Parameter::new("TableAlarms", "DISABLED"),
            Parameter::new("Sender", "reminders@shop.example"),
            Parameter::new("DataRetention", "Delete"),
        ],
    };
    for parameter in given {
        parameters.retain(|p| p.key != parameter.key);
        parameters.push(parameter.clone());
    }
    parameters
}

/// Refuses a parameter that the template has not got: SAM would pass over it, and the person would wonder.
pub(crate) fn check_parameters(template: &str, given: &[Parameter]) -> Result<(), CliError> {
    let lines = template.lines().skip_while(|line| *line != "Parameters:").skip(1);
    let section = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    let names: Vec<&str> = section
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with([' ', '#']))
        .collect();
    match given.iter().find(|parameter| !names.contains(&parameter.key.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(CliError::usage(format!(
            "template.yaml has no parameter {}: it has {}",
            unknown.key,
            names.join(", ")
        ))),
    }
}

/// Lambda's name of this machine's architecture.
fn architecture() -> &'static str {
    if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" }
}

/// A command of the tools, in the repository.
pub(crate) fn command(
    program: &str,
    bin: &Path,
    folder: &Folder,
    target: &Target,
) -> Result<Command, CliError> {
    let mut paths = vec![bin.to_owned()];
    paths.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let path = std::env::join_paths(paths)
        .map_err(|e| CliError::usage(format!("the repository's path cannot stand in PATH: {e}")))?;
    let mut command = Command::new(bin.join(program));
    command.current_dir(folder.root()).env("PATH", path).env("SAM_CLI_TELEMETRY", "0");
    // What `cargo run` tells the program it runs is not meant for the builds that follow.
    for (name, _) in std::env::vars_os() {
        let is_of_cargo_run = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "LD_LIBRARY_PATH"
        });
        if is_of_cargo_run {
            command.env_remove(name);
        }
    }
    if let Some(url) = &target.endpoint_url {
        external::forget_aws(&mut command);
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_ENDPOINT_URL", url).env("AWS_EC2_METADATA_DISABLED", "true");
    }
    Ok(command)
}

/// Names the region, which is known by now: SAM would look for one by itself, and not where this program does.
pub(crate) fn name_region(command: &mut Command, target: &Target) {
    if let Some(region) = &target.region {
        command.args(["--region", region]);
    }
}

/// Names the stack and its region. Everything comes from the arguments: the environments in
/// samconfig.toml each belong to a stack of their own, and the first of them deletes its data.
pub(crate) fn name_stack(command: &mut Command, folder: &Folder, target: &Target) -> Result<(), CliError> {
    let settings = folder.make("")?.join("samconfig.toml");
    std::fs::write(&settings, "version = 0.1\n")
        .map_err(|e| CliError::usage(format!("cannot write {}: {e}", folder.show(&settings))))?;
    command.arg("--config-file").arg(&settings).args(["--stack-name", &target.stack_name]);
    name_region(command, target);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::folder::remove;
    use super::*;

    fn shown(parameters: &[Parameter]) -> Vec<String> {
        parameters.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_parameter_that_the_template_has_not_got_is_refused_with_those_it_has() {
        let template = include_str!("../../../../template.yaml");
        let given = |key: &str| [Parameter::new(key, "x")];
        for known in ["Sender", "DataRetention", "AlarmTopicArn"] {
            check_parameters(template, &given(known)).unwrap();
        }
        let message = check_parameters(template, &given("Sendr")).unwrap_err().to_string();
        assert!(message.starts_with("template.yaml has no parameter Sendr: it has Sender, "), "{message}");
        // Neither what stands in a parameter, nor a section behind them.
        for other in ["Type", "IsProvisioned", "EventStream", "Resources"] {
            assert!(check_parameters(template, &given(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn the_persons_parameters_win_and_aws_gets_no_others() {
        let given = ["Sender=Shop <a@shop.example>".parse().unwrap(), "Retention=Keep".parse().unwrap()];
        let all = shown(&parameters(Kind::MiniStack, &given));
        for needed in ["StreamProcessing=\"DISABLED\"", "TableAlarms=\"DISABLED\""] {
            assert!(all.contains(&needed.to_owned()), "{all:?}");
        }
        assert_eq!(
            all.iter().filter(|p| p.starts_with("Sender=")).collect::<Vec<_>>(),
            ["Sender=\"Shop <a@shop.example>\""]
        );
        assert_eq!(shown(&parameters(Kind::Aws, &given)), shown(&given));
    }

    #[test]
    fn sam_is_told_the_region_and_nothing_of_aws_but_the_emulator() {
        let root = std::env::temp_dir().join(format!("beckon-sam-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        let target = Target {
            kind: Kind::Emulator,
            endpoint_url: Some("http://127.0.0.1:4566".to_owned()),
            stack_name: "beckon".to_owned(),
            region: Some("eu-west-1".to_owned()),
        };
        let mut command = command("sam", Path::new("/bin"), &folder, &target).unwrap();
        name_stack(&mut command, &folder, &target).unwrap();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert!(words.ends_with(&["--region".to_owned(), "eu-west-1".to_owned()]), "{words:?}");
        let told: Vec<_> = command
            .get_envs()
            .filter(|(name, value)| value.is_some() && name.to_string_lossy().starts_with("AWS_"))
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            told,
            [
                "AWS_ACCESS_KEY_ID",
                "AWS_CONFIG_FILE",
                "AWS_EC2_METADATA_DISABLED",
                "AWS_ENDPOINT_URL",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SHARED_CREDENTIALS_FILE",
            ]
        );
        remove(&root).unwrap();
    }

    #[test]
    fn a_parameter_is_a_name_and_any_text() {
        assert_eq!("A=b=c".parse(), Ok(Parameter::new("A", "b=c")));
        assert_eq!("A=".parse(), Ok(Parameter::new("A", "")));
        assert_eq!(Parameter::new("A", r#"say "hi" \ there"#).to_string(), r#"A="say \"hi\" \\ there""#);
        for wrong in ["A", "=b", "A B=c", "--x=1"] {
            assert!(wrong.parse::<Parameter>().is_err(), "{wrong}");
        }
    }
}
