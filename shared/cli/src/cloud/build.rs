//! Building: the eight functions with cargo-lambda, and the template with `sam build`.

use super::external;
use super::folder::Folder;
use super::phases::Phases;
use super::sam::{self, Parameter};
use super::target::{Kind, Target};
use crate::error::CliError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The functions' binaries.
const FUNCTIONS: [&str; 8] =
    ["collector", "profiler", "trends", "decisions", "cart-mailer", "preferences", "admin", "trainer"];

/// A profile that is built in a fraction of the time, for an emulator.
const QUICK: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// Builds everything that is deployed, into `.aws-sam/build`.
pub(crate) fn build(
    folder: &Folder,
    target: &Target,
    bin: &Path,
    parameters: &[Parameter],
    as_released: bool,
    phases: &mut Phases,
) -> Result<(), CliError> {
    let quick = target.kind != Kind::Aws && !as_released;
    if target.kind == Kind::MiniStack {
        // One call for all: SAM's eight find finished work.
        phases.begin("building the functions");
        let mut cargo = sam::command("cargo-lambda", bin, folder, target)?;
        cargo.args(["lambda", "build", "--release"]);
        if cfg!(target_arch = "aarch64") {
            cargo.arg("--arm64");
        }
        cargo.args(FUNCTIONS.iter().flat_map(|name| ["--bin", *name]));
        profile(&mut cargo, folder, target.kind, quick);
        external::run(
            phases,
            &mut cargo,
            &folder.make("")?.join("cargo.log"),
            "mend what the compiler names",
        )?;
        phases.end();
    }
    phases.begin("building the stack");
    let mut command = sam::command("sam", bin, folder, target)?;
    command.arg("build");
    sam::name_region(&mut command, target);
    if !parameters.is_empty() {
        command.arg("--parameter-overrides").args(parameters.iter().map(ToString::to_string));
    }
    profile(&mut command, folder, target.kind, quick);
    let log = folder.make("")?.join("build.log");
    external::run(phases, &mut command, &log, "mend what it names and try again")?;
    phases.end();
    Ok(())
}

/// What the compiler is told, unless the caller has said otherwise.
fn profile(command: &mut Command, folder: &Folder, kind: Kind, quick: bool) {
    let mut settings: Vec<(&str, &str)> = if quick { QUICK.to_vec() } else { Vec::new() };
    if kind == Kind::MiniStack {
        // The functions run on this very machine: its own linker is quicker than zig, and its libc is there.
        settings.push(("CARGO_LAMBDA_COMPILER", "cargo"));
    }
    for (name, value) in settings {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    if quick {
        // A folder of its own: in a common one this and the build for AWS would each undo the other's work.
        let common = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let common = folder.root().join(common.unwrap_or_else(|| "target".into()));
        command.env("CARGO_TARGET_DIR", common.join("emulator"));
    }
}
