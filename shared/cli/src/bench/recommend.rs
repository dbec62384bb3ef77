//! `beckon bench recommend`: runs `tests/peers/recommend`, which is `beckon evaluate` built with optimisation and without
//! the AWS SDK, round by round, and says whether recommendations are as fast as they must be.

use super::rules::{MANIFEST, ended};
use crate::cloud::folder::Folder;
use crate::error::CliError;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Arguments of `beckon bench recommend`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon bench recommend                                          on sessions that it makes
  beckon bench recommend --train train.txt.gz --test test.tsv.gz  on recorded ones (see beckon evaluate)

The first time takes a minute: it builds what it measures with optimisation, into tests/peers/target.
Times of different runs must not be compared, ratios of one run may be. Keep the machine quiet.")]
pub struct RecommendArgs {
    /// Sessions to learn from [default: sessions that are made, by --seed]
    #[arg(long, value_name = "FILE")]
    pub train: Option<PathBuf>,
    /// Sessions, or pairs, to ask about [default: the newest 7 % of the training sessions]
    #[arg(long, value_name = "FILE", requires = "train")]
    pub test: Option<PathBuf>,
    /// Rounds; every layer is measured once in each, and the median counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=101))]
    pub rounds: u32,
    /// What decides the sessions that are made
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
pub(super) fn run(args: &RecommendArgs) -> Result<(), CliError> {
    ended(command(Folder::find()?.root(), args)?.status())
}

fn command(root: &Path, args: &RecommendArgs) -> Result<Command, CliError> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["run", "--release", "--locked", "--quiet", "--manifest-path", MANIFEST]);
    cargo.args(["--package", "recommend", "--", "bench"]);
    cargo.args(["--rounds", &args.rounds.to_string(), "--seed", &args.seed.to_string()]);
    for (option, file) in [("--train", &args.train), ("--test", &args.test)] {
        if let Some(file) = file {
            // The program runs in the repository's root; the file was named from here.
            let file = std::path::absolute(file).map_err(|e| {
                CliError::usage(format!("{}: {e}; name the file with its whole path", file.display()))
            })?;
            cargo.arg(option).arg(file);
        }
    }
    cargo.args(args.json.then_some("--json"));
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_what_the_command_was_told() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let args = RecommendArgs {
            train: Some(PathBuf::from("/data/train.txt")),
            test: Some(PathBuf::from("test.tsv")),
            rounds: 3,
            seed: 7,
            json: true,
        };
        let command = command(&root, &args).unwrap();
        let words: Vec<_> = command.get_args().filter_map(|word| word.to_str()).collect();
        let said = words.join(" ");
        assert!(
            said.contains("--package recommend -- bench --rounds 3 --seed 7 --train /data/train.txt --test "),
            "{said}"
        );
        let test = words.iter().find(|word| word.ends_with("test.tsv")).unwrap();
        assert!(Path::new(test).is_absolute() && words.ends_with(&["--json"]), "{said}");
        assert!(root.join("tests/peers/recommend/Cargo.toml").is_file());
    }
}
