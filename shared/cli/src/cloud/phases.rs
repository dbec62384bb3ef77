//! What is going on, for somebody who waits: a spinner on a terminal, plain lines elsewhere, and how long each phase
//! took. All of it goes to stderr; stdout is for the answer.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Length of what is shown behind a spinner.
const NOTE_LENGTH_MAX: usize = 60;

/// A phase that is done.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Phase {
    name: String,
    seconds: f64,
}

/// Phases of a command, one after the other.
pub(crate) struct Phases {
    done: Vec<Phase>,
    open: Option<(String, Instant)>,
    bar: Option<ProgressBar>,
}

impl Phases {
    pub(crate) fn new() -> Self {
        Self { done: Vec::new(), open: None, bar: None }
    }

    /// Begins a phase.
    pub(crate) fn begin(&mut self, name: &str) {
        self.end();
        self.open = Some((name.to_owned(), Instant::now()));
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {msg:.dim}") {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            self.bar = Some(bar);
        } else {
            eprintln!("{name} …");
        }
    }

    /// Shows a detail of the open phase: on a terminal only, where it replaces the one before.
    pub(crate) fn note(&self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(detail.trim().chars().take(NOTE_LENGTH_MAX).collect::<String>());
        }
    }

    /// Says something for good, without disturbing the spinner.
    pub(crate) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Ends the open phase as done.
    pub(crate) fn end(&mut self) {
        self.clear();
        if let Some((name, began)) = self.open.take() {
            let seconds = began.elapsed().as_secs_f64();
            eprintln!("ok  {name:<48} {seconds:>7.1} s");
            self.done.push(Phase { name, seconds: (seconds * 10.0).round() / 10.0 });
        }
    }

    /// Takes the spinner away: something else writes to the terminal now.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The phases that are done.
    pub(crate) fn done(&self) -> &[Phase] {
        &self.done
    }
}

impl Drop for Phases {
    fn drop(&mut self) {
        self.clear();
    }
}
