//! The tools that are written in Python: pinned with hashes, installed below `target/stack/tools/`, nowhere else.
//!
//! Two sets, because MiniStack and SAM CLI each pin another botocore: one environment cannot hold both.

use super::external;
use super::folder::{Folder, remove};
use super::phases::Phases;
use super::python;
use crate::error::CliError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tools that are installed together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToolSet {
    name: &'static str,
    /// Every package, pinned, with its hashes.
    requirements: &'static str,
}

/// SAM CLI, cargo-lambda with zig, cfn-lint.
pub(crate) const DEPLOY: ToolSet = ToolSet { name: "deploy", requirements: include_str!("requirements.txt") };

/// MiniStack.
pub(crate) const EMULATOR: ToolSet =
    ToolSet { name: "emulator", requirements: include_str!("requirements-emulator.txt") };

impl ToolSet {
    /// The set's folder of programs, installing it first unless exactly this set is there.
    pub(crate) fn ensure(&self, folder: &Folder, phases: &mut Phases) -> Result<PathBuf, CliError> {
        let home = folder.stack("tools").join(self.name);
        if !self.is_installed(&home) {
            phases.begin(&format!("installing the {} tools (once)", self.name));
            self.install(folder, &home, phases)?;
            phases.end();
        }
        Ok(home.join("bin"))
    }

    fn is_installed(&self, home: &Path) -> bool {
        std::fs::read_to_string(stamp(home)).is_ok_and(|installed| installed == self.requirements)
    }

    fn install(&self, folder: &Folder, home: &Path, phases: &Phases) -> Result<(), CliError> {
        let python = python::find()?;
        let log = folder.make("tools")?.join(format!("{}.log", self.name));
        remove(home)?;
        let mut venv = Command::new(python);
        venv.args(["-m", "venv"]).arg(home);
        external::run(phases, &mut venv, &log, "install Python's venv module (Debian: python3-venv)")
            .map_err(CliError::usage)?;
        let list = folder.stack("tools").join(format!("{}.txt", self.name));
        write(&list, self.requirements)?;
        let mut pip = Command::new(home.join("bin").join("python"));
        // The list is complete, so pip resolves nothing, and what it fetches can only be what the hashes name.
        pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-deps"])
            .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
            .arg(&list);
        external::run(phases, &mut pip, &log, "check the network and pip's settings, then try again")
            .map_err(CliError::usage)?;
        // Last: an installation that was interrupted has no stamp and is made anew.
        write(&stamp(home), self.requirements)
    }
}

fn stamp(home: &Path) -> PathBuf {
    home.join("installed.txt")
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    std::fs::write(path, text).map_err(|e| CliError::usage(format!("cannot write {}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_with_a_hash_and_no_file_names_an_index() {
        for set in [DEPLOY, EMULATOR] {
            let text = set.requirements.replace("\\\n", " ");
            let packages: Vec<&str> = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).collect();
            assert!(packages.len() > 10, "{}", set.name);
            for line in packages {
                assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
            }
            assert!(!text.contains("://") && !text.contains("index-url"), "{}", set.name);
        }
    }

    #[test]
    fn a_set_is_installed_only_when_its_stamp_is_the_same_list() {
        let home = std::env::temp_dir().join(format!("beckon-tools-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        assert!(!EMULATOR.is_installed(&home), "an interrupted installation");
        write(&stamp(&home), EMULATOR.requirements).unwrap();
        assert!(EMULATOR.is_installed(&home));
        assert!(!DEPLOY.is_installed(&home), "another list");
        remove(&home).unwrap();
    }
}
