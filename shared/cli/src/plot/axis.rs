//! Values to places, and the values that an axis names.

use super::{Axis, Scale};

/// Values that an axis should name, about.
const TICK_COUNT: f64 = 6.0;
/// A logarithmic axis of fewer decades names 2 and 5 as well.
const DECADES_OF_FEW_TICKS: i32 = 3;

/// An axis with its range, along some pixels.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    scale: Scale,
    first: f64,
    last: f64,
    from_px: f64,
    to_px: f64,
}

impl Fitted {
    /// Fits an axis to values. A linear one that is not told otherwise ends at round values.
    pub fn new(axis: &Axis, values: impl Iterator<Item = f64>, from_px: f64, to_px: f64) -> Self {
        let scale = axis.scale;
        let usable = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let bounds = values.filter(usable).fold(None, |bounds: Option<(f64, f64)>, value| {
            Some(bounds.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let given = axis.range.filter(|(first, last)| usable(first) && usable(last) && first < last);
        let (first, last) = match (given, bounds, scale) {
            (Some(given), ..) => given,
            (None, None, Scale::Linear) => (0.0, 1.0),
            (None, None, Scale::Log) => (1.0, 10.0),
            (None, Some((low, high)), Scale::Linear) => {
                let high = if high > low { high } else { low + low.abs().max(1.0) };
                let step = step(high - low);
                ((low / step).floor() * step, (high / step).ceil() * step)
            }
            (None, Some((low, high)), Scale::Log) => round_log(low, high),
        };
        Self { scale, first, last, from_px, to_px }
    }

    /// The place of a value; `None` when it has none on this axis.
    pub fn place(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            Scale::Linear => (value - self.first) / (self.last - self.first),
            Scale::Log if value <= 0.0 => return None,
            Scale::Log => (value / self.first).log10() / (self.last / self.first).log10(),
        };
        // Beyond its end a line would run over the title: it stops there.
        share.is_finite().then(|| self.from_px + share.clamp(0.0, 1.0) * (self.to_px - self.from_px))
    }

    /// Where bars begin.
    pub fn base(&self) -> f64 {
        let base = if self.scale == Scale::Linear { 0.0 } else { self.first };
        self.place(base).unwrap_or(self.from_px)
    }

    /// The values to name, with their names.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => {
                let step = step(self.last - self.first);
                let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
                let begin = (self.first / step - 1e-9).ceil() as i64;
                let end = (self.last / step + 1e-9).floor() as i64;
                (begin..=end).map(|n| n as f64 * step).map(|value| (value, number(value, decimals))).collect()
            }
            Scale::Log => {
                let (low, high) = (self.first.log10().floor() as i32, self.last.log10().ceil() as i32);
                let within = self.first * (1.0 - 1e-9)..=self.last * (1.0 + 1e-9);
                let few = high - low > DECADES_OF_FEW_TICKS;
                let factors: &[f64] = if few { &[1.0] } else { &[1.0, 2.0, 5.0] };
                let of =
                    |decade: i32| factors.iter().map(move |factor| (factor * 10_f64.powi(decade), decade));
                (low..=high)
                    .flat_map(of)
                    .filter(|(value, _)| within.contains(value))
                    .map(|(value, decade)| (value, number(value, usize::try_from(-decade).unwrap_or(0))))
                    .collect()
            }
        }
    }
}

/// The round step that divides a span into about [`TICK_COUNT`] parts: 1, 2 or 5 times a power of ten.
fn step(span: f64) -> f64 {
    let rough = (span / TICK_COUNT).max(f64::MIN_POSITIVE);
    let decade = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * decade >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * decade
}

/// The nearest 1, 2 or 5 times a power of ten at or below, and at or above.
fn round_log(low: f64, high: f64) -> (f64, f64) {
    let candidates = |value: f64| {
        let decade = value.log10().floor() as i32;
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * 10_f64.powi(decade))
    };
    let first = candidates(low).into_iter().rev().find(|c| *c <= low).unwrap_or(low);
    let last = candidates(high).into_iter().find(|c| *c >= high).unwrap_or(high);
    if first < last { (first, last) } else { (first, first * 10.0) }
}

/// A value as people write it: `0.25`, `12,000`.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text.chars().any(|c| ('1'..='9').contains(&c)) { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}
