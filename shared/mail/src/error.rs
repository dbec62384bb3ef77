//! What is wrong with content, and why a mail could not be rendered.

use crate::header::HeaderFault;
use std::fmt;

/// One thing that is wrong with content.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file, by its path in the folder.
    pub file: String,
    /// The line in it, from 1; 0 when it is about the whole file.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}: {}", self.file, self.line, self.message)
        } else {
            write!(f, "{}: {}", self.file, self.message)
        }
    }
}

/// Everything that is wrong with content, in the order of files and lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, file: &str, line: usize, message: impl Into<String>) {
        let problem = Problem::new(file, line, message);
        // A mistake in a template shows in each of the mails that it is tried with.
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// The problems, if there are any.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort();
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Why a mail could not be rendered. Trying again does not help.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RenderError {
    /// A template failed.
    #[error("failed to render the mail: {0}")]
    Template(Problem),
    /// The subject cannot be a header.
    #[error("the subject cannot be sent: {0}")]
    Subject(#[source] HeaderFault),
}
