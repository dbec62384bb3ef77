//! Configuration from the environment: read once, checked once, everything wrong with it said at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// Everything that is wrong with the environment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not complete: {}", .0.join("; "))]
pub struct EnvError(Vec<String>);

/// A reader of environment variables that collects what is missing or wrong.
#[derive(Debug)]
pub struct Env {
    vars: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Env {
    /// The process's environment.
    #[must_use]
    pub fn process() -> Self {
        Self::of(std::env::vars())
    }

    /// An environment of these variables.
    pub fn of(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            vars: vars.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect(),
            faults: Vec::new(),
        }
    }

    /// A variable that must be there.
    pub fn required(&mut self, name: &str) -> String {
        self.vars.get(name).cloned().unwrap_or_else(|| {
            self.faults.push(format!("{name} is missing"));
            String::new()
        })
    }

    /// A variable that may be there.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    /// A variable that must be there and parse.
    pub fn required_parsed<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.required(name);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.push(format!("{name} cannot be read: {error}"));
                None
            }
        }
    }

    /// Records a fault found by the caller.
    pub fn fault(&mut self, name: &str, what: impl Display) {
        self.faults.push(format!("{name} {what}"));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All faults at once.
    pub fn finish(self) -> Result<(), EnvError> {
        if self.faults.is_empty() { Ok(()) } else { Err(EnvError(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut env = Env::of([("PORT".to_owned(), "x".to_owned()), ("EMPTY".to_owned(), " ".to_owned())]);
        let _: Option<u16> = env.required_parsed("PORT");
        env.required("EMPTY");
        assert_eq!(env.optional("EMPTY"), None);
        let message = env.finish().unwrap_err().to_string();
        assert!(message.contains("PORT cannot be read") && message.contains("EMPTY is missing"), "{message}");
    }
}
