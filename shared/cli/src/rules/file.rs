//! A ruleset on this machine.

use crate::error::CliError;
use beckon_rules::{Problem, Ruleset, RulesetError};
use std::path::Path;

/// The text of a file.
///
/// # Errors
/// When it cannot be read as text.
pub(super) fn text(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|e| CliError::usage(format!("the ruleset {} cannot be read: {e}", path.display())))
}

/// Reads and compiles a file.
///
/// # Errors
/// When it cannot be read, or anything in it is wrong.
pub(super) fn load(path: &Path) -> Result<Ruleset, CliError> {
    Ruleset::parse(&text(path)?).map_err(|e| CliError::ruleset(path.display(), &e))
}

/// Every problem on a line of its own, `file:line:column: what to do`, as editors understand it.
pub(super) fn problems(path: &Path, error: &RulesetError) -> Vec<String> {
    CliError::ruleset(path.display(), error).to_string().lines().map(plain).collect()
}

/// One problem on its line.
pub(super) fn problem(path: &Path, problem: &Problem) -> String {
    format!("{}:{}:{}: {}", path.display(), problem.line, problem.column, problem.message)
}

/// Without the name of the program, which only standard error begins its lines with.
fn plain(line: &str) -> String {
    line.strip_prefix("beckon: ").unwrap_or(line).to_owned()
}
