//! `beckon openapi`: the documents of the HTTP APIs and the schemas of events, as the code generates them.

use crate::error::CliError;
use beckon_contract::api::{Api, File, files, written};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Arguments of `beckon openapi`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  beckon openapi collector                  the OpenAPI 3.1 document of the collector
  beckon openapi admin > admin.json         for a generator of clients
  beckon openapi --output .                 write all documents and the JSON Schemas of events, from the root of the repository
  beckon openapi --check                    say which of the committed files are not what the code generates

Exit codes: 0 done; 1 with --check: a file is another; 2 a file or a folder that cannot be written.")]
pub struct OpenapiArgs {
    /// Which API; all of them when left out
    #[arg(value_enum)]
    api: Option<Name>,
    /// Write the files below this folder instead of printing one document
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Compare the files below the folder (this one when left out) with what the code generates, and write nothing
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Name {
    Collector,
    Decisions,
    Preferences,
    Admin,
}

impl Name {
    const fn api(self) -> Api {
        match self {
            Self::Collector => Api::Collector,
            Self::Decisions => Api::Decisions,
            Self::Preferences => Api::Preferences,
            Self::Admin => Api::Admin,
        }
    }
}

/// Runs `beckon openapi`.
///
/// # Errors
/// When a file is not what the code generates, or cannot be written; when nothing says what to print.
pub fn run(args: &OpenapiArgs) -> Result<(), CliError> {
    let apis = args.api.map_or_else(|| Api::ALL.to_vec(), |name| vec![name.api()]);
    match (args.api, &args.output) {
        (_, folder) if args.check => check(folder.as_deref().unwrap_or(Path::new(".")), &files(&apis)),
        (_, Some(folder)) => write(folder, &files(&apis)),
        (Some(name), None) => {
            crate::say(written(&name.api().document()).trim_end());
            Ok(())
        }
        (None, None) => Err(CliError::usage(
            "name an API (collector, decisions, preferences, admin), or a folder with --output",
        )),
    }
}

fn check(folder: &Path, generated: &[File]) -> Result<(), CliError> {
    let is_other =
        |file: &&File| std::fs::read_to_string(folder.join(&file.path)).ok().as_ref() != Some(&file.text);
    let other: Vec<&str> = generated.iter().filter(is_other).map(|file| file.path.as_str()).collect();
    if other.is_empty() {
        crate::say(format!("{} files are what the code generates", generated.len()));
        return Ok(());
    }
    let list = other.join(", ");
    Err(CliError::failed(format!(
        "not what the code generates: {list}; write them with `beckon openapi --output`"
    )))
}

fn write(folder: &Path, generated: &[File]) -> Result<(), CliError> {
    for file in generated {
        let path = folder.join(&file.path);
        let fail = |error: std::io::Error| {
            CliError::usage(format!("{} cannot be written: {error}; choose another folder", path.display()))
        };
        std::fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(fail)?;
        std::fs::write(&path, &file.text).map_err(fail)?;
    }
    crate::say(format!("{} files written below {}", generated.len(), folder.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(api: Option<Name>, output: Option<&Path>, check: bool) -> OpenapiArgs {
        OpenapiArgs { api, output: output.map(Path::to_path_buf), check }
    }

    #[test]
    fn what_was_written_is_what_the_code_generates_until_somebody_changes_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = Some(folder.path());
        assert!(run(&args(None, at, true)).is_err(), "nothing is there yet");
        run(&args(None, at, false)).unwrap();
        run(&args(None, at, true)).unwrap();
        std::fs::write(folder.path().join("functions/decisions/openapi.json"), "{}").unwrap();
        let told = run(&args(None, at, true)).unwrap_err().to_string();
        assert!(told.contains("functions/decisions/openapi.json") && !told.contains("admin"), "{told}");
        run(&args(Some(Name::Admin), at, true)).unwrap();
        assert!(run(&args(None, None, false)).is_err(), "four documents are not printed one after another");
    }
}
