//! The same numbers as Prometheus reads them: its text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::{Kind, Measures, Metric, OTHER, Unit};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The media type of the text.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Reasons of one metric at most; further ones are `other`.
const REASONS_MAX: usize = 64;
/// Upper bounds of buckets, in milliseconds. Those of the promises are among them: 200 ms and 1.2 s.
const BOUNDS_MS: [u64; 14] =
    [1, 2, 5, 10, 25, 50, 100, 200, 500, 1_200, 5_000, 60_000, 3_600_000, 86_400_000];
/// Upper bounds of buckets, in bytes. DynamoDB bills by the kilobyte, and takes 400 of them.
const BOUNDS_BYTES: [u64; 8] = [256, 512, 1_024, 2_048, 4_096, 16_384, 65_536, 409_600];

#[derive(Clone, Default)]
struct Buckets {
    /// Of each bound, how many values are not above it and above the one before.
    counts: Vec<u64>,
    sum: u64,
    count: u64,
}

#[derive(Default)]
struct Totals {
    numbers: BTreeMap<Metric, u64>,
    split: BTreeMap<Metric, BTreeMap<String, u64>>,
    values: BTreeMap<Metric, Buckets>,
}

/// What was measured since the process began. Clones share it.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<Totals>>);

impl Registry {
    /// The media type of [`Self::text`].
    pub const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    /// Takes over what a batch or a request came to.
    pub fn take(&self, measures: &Measures) {
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (metric, number) in &measures.numbers {
            let total = totals.numbers.entry(*metric).or_default();
            *total = if metric.kind() == Kind::Latest { *number } else { *total + number };
        }
        for (reason, parts) in &measures.split {
            for (metric, number) in parts {
                let reasons = totals.split.entry(*metric).or_default();
                let is_known = reasons.contains_key(reason) || reasons.len() < REASONS_MAX;
                let reason = if is_known { reason.as_str() } else { OTHER };
                *reasons.entry(reason.to_owned()).or_default() += number;
            }
        }
        for (metric, values) in &measures.values {
            let bounds = bounds(*metric);
            let buckets = totals.values.entry(*metric).or_default();
            buckets.counts.resize(bounds.len(), 0);
            for value in values {
                if let Some(place) = bounds.iter().position(|bound| value <= bound) {
                    buckets.counts[place] += 1;
                }
                buckets.sum += value;
                buckets.count += 1;
            }
        }
    }

    /// Every metric of the table, those that were never told as 0.
    #[must_use]
    pub fn text(&self) -> String {
        let totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for metric in Metric::ALL {
            let name = name(*metric);
            let kind = match metric.kind() {
                Kind::Sum => "counter",
                Kind::Latest => "gauge",
                Kind::Values => "histogram",
            };
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", metric.meaning());
            let function = format!("function=\"{}\"", metric.function().name());
            if metric.kind() == Kind::Values {
                histogram(&mut text, (&name, &function), *metric, totals.values.get(metric));
            } else if metric.split().is_empty() {
                let number = totals.numbers.get(metric).copied().unwrap_or_default();
                let _ = writeln!(text, "{name}{{{function}}} {number}");
            } else {
                for (reason, number) in totals.split.get(metric).into_iter().flatten() {
                    let _ = writeln!(text, "{name}{{{function},reason=\"{reason}\"}} {number}");
                }
            }
        }
        text
    }
}

fn histogram(text: &mut String, (name, function): (&str, &str), metric: Metric, buckets: Option<&Buckets>) {
    let Buckets { counts, sum, count } = buckets.cloned().unwrap_or_default();
    let mut below = 0;
    for (index, bound) in bounds(metric).iter().enumerate() {
        below += counts.get(index).copied().unwrap_or_default();
        let _ = writeln!(text, "{name}_bucket{{{function},le=\"{bound}\"}} {below}");
    }
    let _ = writeln!(text, "{name}_bucket{{{function},le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{name}_sum{{{function}}} {sum}\n{name}_count{{{function}}} {count}");
}

const fn bounds(metric: Metric) -> &'static [u64] {
    match metric.unit() {
        Unit::Bytes => &BOUNDS_BYTES,
        Unit::Count | Unit::Milliseconds => &BOUNDS_MS,
    }
}

/// `EventLatency` is `beckon_event_latency_milliseconds`; a sum ends in `_total`.
fn name(metric: Metric) -> String {
    let mut name = String::from("beckon");
    for letter in metric.name().chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    match metric.unit() {
        Unit::Milliseconds => name.push_str("_milliseconds"),
        Unit::Bytes if !name.ends_with("_bytes") => name.push_str("_bytes"),
        Unit::Bytes | Unit::Count => {}
    }
    if metric.kind() == Kind::Sum {
        name.push_str("_total");
    }
    name
}
