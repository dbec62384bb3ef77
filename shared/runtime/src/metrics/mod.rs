//! Metrics: what a batch or a request came to, told once. On AWS as a line in CloudWatch's embedded metric format, on a
//! laptop in a registry that Prometheus can read, in tests to whoever asks.

mod emf;
mod names;
mod prometheus;

pub use emf::{VALUES_MAX, lines};
pub use names::{Function, Kind, Metric, Unit};
pub use prometheus::Registry;

use beckon_domain::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

/// Characters of a reason at most. A longer one is no reason of Beckon's.
const REASON_CHARS_MAX: usize = 48;
/// What a reason becomes that cannot be one.
const OTHER: &str = "other";

/// What one batch or request came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measures {
    function: Function,
    /// Sums and latest values.
    numbers: BTreeMap<Metric, u64>,
    /// The same, split.
    split: BTreeMap<String, BTreeMap<Metric, u64>>,
    values: BTreeMap<Metric, Vec<u64>>,
}

impl Measures {
    /// Nothing yet, of this function.
    #[must_use]
    pub const fn of(function: Function) -> Self {
        Self { function, numbers: BTreeMap::new(), split: BTreeMap::new(), values: BTreeMap::new() }
    }

    /// Adds to a sum. Nothing is not told.
    pub fn add(&mut self, metric: Metric, count: u64) {
        if count > 0 {
            *self.numbers.entry(metric).or_default() += count;
        }
    }

    /// Adds to a sum and to its part for a reason. Reasons are words of the code: what could not be one (of another
    /// length or with other characters than letters, digits, `_`, `-` and `.`) is told as `other`.
    pub fn add_by(&mut self, metric: Metric, reason: &str, count: u64) {
        self.add(metric, count);
        if count > 0 {
            let parts = self.split.entry(reason_of(reason).to_owned()).or_default();
            *parts.entry(metric).or_default() += count;
        }
    }

    /// What stands now.
    pub fn set(&mut self, metric: Metric, value: u64) {
        self.numbers.insert(metric, value);
    }

    /// One of many values.
    pub fn value(&mut self, metric: Metric, value: u64) {
        self.values.entry(metric).or_default().push(value);
    }

    /// What a sum came to, or what stands; 0 when nothing was told.
    #[must_use]
    pub fn number(&self, metric: Metric) -> u64 {
        self.numbers.get(&metric).copied().unwrap_or_default()
    }

    /// The part of a sum for a reason.
    #[must_use]
    pub fn number_by(&self, metric: Metric, reason: &str) -> u64 {
        self.split.get(reason).and_then(|parts| parts.get(&metric)).copied().unwrap_or_default()
    }

    /// All values, in the order in which they came.
    #[must_use]
    pub fn values(&self, metric: Metric) -> &[u64] {
        self.values.get(&metric).map(Vec::as_slice).unwrap_or_default()
    }
}

fn reason_of(reason: &str) -> &str {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let fits = (1..=REASON_CHARS_MAX).contains(&reason.len()) && reason.chars().all(is_word);
    if fits { reason } else { OTHER }
}

type Tell = dyn Fn(&Measures, Timestamp) + Send + Sync;

/// Where measures go. The default goes nowhere; clones go to the same place.
#[derive(Clone, Default)]
pub struct Metrics(Option<Arc<Tell>>);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics({})", if self.is_told() { "told" } else { "not told" })
    }
}

impl Metrics {
    /// What the environment says: lines of the embedded metric format on standard output, under the namespace of
    /// `METRICS_NAMESPACE`; without it, nothing. CloudWatch makes metrics of them that Lambda takes as logs of the level INFO.
    #[must_use]
    pub fn from_env() -> Self {
        match std::env::var("METRICS_NAMESPACE") {
            Ok(namespace) if !namespace.trim().is_empty() => Self::embedded(namespace),
            _ => Self::default(),
        }
    }

    fn embedded(namespace: String) -> Self {
        Self::to(move |measures, at| {
            let text = lines(measures, &namespace, at);
            // Standard output that is closed ends nothing: the batch is settled.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
        })
    }

    /// A registry on this machine.
    #[must_use]
    pub fn kept_in(registry: Registry) -> Self {
        Self::to(move |measures, _| registry.take(measures))
    }

    /// Whoever wants to know.
    #[must_use]
    pub fn to(tell: impl Fn(&Measures, Timestamp) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Whether anybody listens: what is only measured to be told can be left out otherwise.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.0.is_some()
    }

    /// Tells what a batch or a request came to.
    pub fn tell(&self, measures: &Measures, at: Timestamp) {
        if let Some(tell) = &self.0 {
            tell(measures, at);
        }
    }
}

#[cfg(test)]
mod tests;
