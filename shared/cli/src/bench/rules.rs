//! `beckon bench rules`: runs `tests/peers`, a workspace of its own, so that nobody who builds Beckon builds its peers.

use crate::cloud::folder::Folder;
use crate::error::CliError;
use clap::Args;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// Where the program is, from the repository's root.
pub(super) const MANIFEST: &str = "tests/peers/Cargo.toml";

/// Arguments of `beckon bench rules`.
#[derive(Args, Debug)]
#[command(
    after_help = "The first time takes some minutes: it builds the other engines, into tests/peers/target.

Times of different runs must not be compared, ratios of one run may be. Keep the machine quiet."
)]
pub struct RulesArgs {
    /// Rounds; everything is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=101))]
    pub rounds: u32,
    /// What decides the table of people
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Builds and runs it; it prints what it measured.
///
/// # Errors
/// When this is no checkout of Beckon, there is no cargo, or the program ends with an error.
pub(super) fn run(args: &RulesArgs) -> Result<(), CliError> {
    ended(command(Folder::find()?.root(), args).status())
}

fn command(root: &Path, args: &RulesArgs) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["run", "--release", "--locked", "--quiet", "--manifest-path", MANIFEST]);
    cargo.args([
        "--bin",
        "rules",
        "--",
        "--rounds",
        &args.rounds.to_string(),
        "--seed",
        &args.seed.to_string(),
    ]);
    cargo.args(args.json.then_some("--json"));
    cargo
}

pub(super) fn ended(status: std::io::Result<std::process::ExitStatus>) -> Result<(), CliError> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(CliError::failed(format!(
            "the benchmark in {MANIFEST} ended with {status}: what went wrong is said above"
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(CliError::usage(
            "no `cargo` on the PATH: install Rust, because this builds the engines that it compares",
        )),
        Err(error) => Err(CliError::caused("cargo did not run", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn the_program_is_told_what_the_command_was_told() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        assert!(root.join(MANIFEST).is_file());
        let command = command(&root, &RulesArgs { rounds: 3, seed: 7, json: true });
        let words: Vec<_> = command.get_args().filter_map(|word| word.to_str()).collect();
        assert!(words.ends_with(&["--rounds", "3", "--seed", "7", "--json"]), "{words:?}");
        assert_eq!(command.get_current_dir(), Some(root.as_path()));
    }

    #[test]
    fn what_goes_wrong_is_said_in_one_line_with_what_to_do() {
        let missing = ended(Err(io::Error::from(ErrorKind::NotFound))).unwrap_err().to_string();
        assert!(missing.contains("install Rust") && !missing.contains('\n'), "{missing}");
    }
}
