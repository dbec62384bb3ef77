//! Plots as SVG: lines over a linear or logarithmic axis, and bars with error bars.
//!
//! Drawn here, because two kinds of chart need less code than a plotting library needs settings, and the same numbers
//! then give the same bytes. A chart has a title, axes with units, and a legend; what is not a finite number, or is not
//! positive on a logarithmic axis, is left out.

mod axis;
mod bars;
mod canvas;
mod lines;
#[cfg(test)]
mod tests;

pub use bars::{BarChart, Bars};
pub use lines::{LineChart, Series, Stroke};

use crate::error::CliError;
use std::path::Path;

/// How values become places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal factors.
    Log,
}

/// One axis.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// How values become places.
    pub scale: Scale,
    /// The first and the last value shown; where none is given, what holds all values.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis that holds all values.
    #[must_use]
    pub fn linear(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// A logarithmic axis that holds all values.
    #[must_use]
    pub fn log(label: &str) -> Self {
        Self { label: label.to_owned(), scale: Scale::Log, range: None }
    }

    /// With a first and a last value.
    #[must_use]
    pub fn between(mut self, first: f64, last: f64) -> Self {
        self.range = Some((first, last));
        self
    }
}

/// Writes a plot, and the folder it is in.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, svg: &str) -> Result<(), CliError> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(path, svg)).map_err(|e| {
        CliError::usage(format!(
            "the plot cannot be written to {}: {e}; choose another folder",
            path.display()
        ))
    })
}
