//! The same logic in Python, run once: what an interpreter would need on this machine.

use super::core::BATCH_LINES;
use super::log::LogLine;
use crate::error::CliError;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// What the Python program says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Peer {
    /// Nanoseconds an event, everything.
    pub ns_per_event: f64,
    /// Hash over the same counts.
    pub hash: String,
}

/// Runs the program on the log; `None` when there is no `python3` or no such program.
pub(super) fn run(program: &Path, log: &[LogLine]) -> Result<Option<Peer>, CliError> {
    if !program.is_file() {
        return Ok(None);
    }
    let file = std::env::temp_dir().join(format!("beckon-bench-core-{}.jsonl", std::process::id()));
    let text: String = log.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
    std::fs::write(&file, text).map_err(|e| {
        CliError::usage(format!("the log cannot be written to {}: {e}; make room", file.display()))
    })?;
    let output =
        Command::new("python3").arg(program).arg(&file).arg("--batch").arg(BATCH_LINES.to_string()).output();
    let _ = std::fs::remove_file(&file);
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CliError::caused("python3 did not run", &error)),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("nothing");
        return Err(CliError::failed(format!("{} ended with {}: {said}", program.display(), output.status)));
    }
    let peer = serde_json::from_slice(&output.stdout);
    peer.map(Some).map_err(|e| CliError::caused("what the Python program says", &e))
}
