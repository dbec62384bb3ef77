//! The report as lines for a person.

use super::PropensityReport;
use beckon_recommend::propensity::metrics::{Calibration, Estimate, Measured};
use std::fmt;

impl fmt::Display for PropensityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |bought: usize, count: usize| 100.0 * bought as f64 / count.max(1) as f64;
        let (train, test) = (self.train, self.test);
        writeln!(f, "task         {}, {} columns", self.task, self.columns)?;
        if !self.without.is_empty() {
            writeln!(f, "without      {}", self.without.join(", "))?;
        }
        if self.bad_rows > 0 {
            writeln!(f, "bad rows     {} were left out", self.bad_rows)?;
        }
        writeln!(
            f,
            "learned from {} sessions, {:.1} % bought",
            train.count,
            percent(train.bought, train.count)
        )?;
        writeln!(f, "chosen       penalty {}, by cross-validation in the order of time:", self.penalty)?;
        for tried in &self.tried {
            let mark = if tried.penalty == self.penalty { "  <" } else { "" };
            let number = |n: Option<f64>| n.map_or_else(|| "-".to_owned(), |n| format!("{n:.4}"));
            let (auc, slope) = (number(tried.auc), number(tried.slope));
            writeln!(
                f,
                "             penalty {:>5}  log-loss {:.4}  AUC {auc}  slope {slope}{mark}",
                tried.penalty, tried.log_loss
            )?;
        }
        if let Some(line) = &self.corrected {
            let (slope, intercept) = (line.slope.value, line.intercept.value);
            writeln!(f, "corrected    log-odds times {slope:.3}, plus {intercept:.3}, by cross-validation")?;
        }
        if let (Some(measured), Some(constant)) = (&self.measured, self.constant_log_loss) {
            writeln!(
                f,
                "tested with  {} sessions, {:.1} % bought",
                test.count,
                percent(test.bought, test.count)
            )?;
            write!(f, "{}", told(measured, constant))?;
        }
        match &self.plot {
            Some(path) => writeln!(f, "plot         {}", path.display()),
            None => writeln!(f, "the test was not looked at (--validate)"),
        }
    }
}

fn with_error(estimate: Estimate) -> String {
    format!("{:.4} (standard error {:.4})", estimate.value, estimate.standard_error)
}

fn with_interval(estimate: Estimate) -> String {
    let (low, high) = estimate.interval_95();
    format!("{:.3} (95 %: {low:.3} to {high:.3})", estimate.value)
}

/// What was measured, as lines.
pub(crate) fn told(measured: &Measured, constant_log_loss: f64) -> String {
    let mut lines = vec![
        format!("AUC          {}", measured.auc.map_or_else(|| "-".to_owned(), with_error)),
        format!("log-loss     {}, constant {constant_log_loss:.4}", with_error(measured.log_loss)),
    ];
    if let Some(Calibration { slope, in_the_large, .. }) = measured.calibration {
        lines.push(format!("calibration  slope {}", with_interval(slope)));
        lines.push(format!("             in the large {}", with_interval(in_the_large)));
    }
    lines.push(format!("             mean error {:.4}", measured.calibration_error));
    lines.push("reliability   people    score   bought".to_owned());
    for bin in &measured.reliability {
        lines.push(format!("             {:>7}   {:.4}   {:.4}", bin.count, bin.expected, bin.observed));
    }
    lines.join("\n") + "\n"
}
