//! The same logic in Python, run once a round: what an interpreter needs on this machine.

use super::core::BATCH_LINES;
use super::log::LogLine;
use crate::error::CliError;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the Python program says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Peer {
    /// Nanoseconds an event, everything.
    pub ns_per_event: f64,
    /// Hash over the same counts.
    pub hash: String,
}

/// The program with the log it reads, which is gone when this is dropped.
pub(super) struct Program<'a> {
    program: &'a Path,
    log: PathBuf,
}

impl<'a> Program<'a> {
    /// Writes the log out; `None` when there is no such program.
    pub(super) fn new(program: &'a Path, log: &[LogLine]) -> Result<Option<Self>, CliError> {
        if !program.is_file() {
            return Ok(None);
        }
        let file = std::env::temp_dir().join(format!("beckon-bench-core-{}.jsonl", std::process::id()));
        let text: String = log.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
        std::fs::write(&file, text).map_err(|e| {
            CliError::usage(format!("the log cannot be written to {}: {e}; make room", file.display()))
        })?;
        Ok(Some(Self { program, log: file }))
    }

    /// Runs it once; `None` when there is no `python3`.
    pub(super) fn run(&self) -> Result<Option<Peer>, CliError> {
        let batch = BATCH_LINES.to_string();
        let output =
            Command::new("python3").arg(self.program).arg(&self.log).args(["--batch", &batch]).output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CliError::caused("python3 did not run", &error)),
        };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().last().unwrap_or("nothing");
            let program = self.program.display();
            return Err(CliError::failed(format!("{program} ended with {}: {said}", output.status)));
        }
        let peer = serde_json::from_slice(&output.stdout);
        peer.map(Some).map_err(|e| CliError::caused("what the Python program says", &e))
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // Only a temporary file would be left.
        let _ = std::fs::remove_file(&self.log);
    }
}
