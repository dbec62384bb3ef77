//! What a person is told when a command cannot do what they asked: what happened, where, what to do, in one line.

use std::fmt::Display;
use std::process::ExitCode;

/// A command that could not do what was asked. The exit code is 2 when the person can mend it (a port, a file, an
/// argument), 1 when something was wrong with what was run.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    message: String,
    code: u8,
}

impl CliError {
    /// Something the person can mend.
    pub fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// Something that went wrong while running.
    pub fn failed(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// Something that went wrong while running, with all its causes on one line.
    pub fn caused(what: &str, error: &dyn std::error::Error) -> Self {
        let mut message = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self { message, code: 1 }
    }

    /// A ruleset that cannot be used: each problem on a line of its own, `file:line:column: what to do`, as editors
    /// understand it.
    pub fn ruleset(file: impl Display, error: &beckon_rules::RulesetError) -> Self {
        let problem = |p: &beckon_rules::Problem| match p.line {
            0 => format!("{file}: {}", p.message),
            line => format!("{file}:{line}:{}: {}", p.column, p.message),
        };
        let mut lines: Vec<String> = error.problems().iter().map(problem).collect();
        if error.omitted() > 0 {
            lines.push(format!("{file}: and {} more", error.omitted()));
        }
        Self::usage(lines.join("\nbeckon: "))
    }

    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}
