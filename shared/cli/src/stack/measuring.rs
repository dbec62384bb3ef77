//! What functions tell of their work, in a stack.

use super::{Stack, Tables};
use beckon_runtime::Metrics;
use std::sync::Arc;

impl<T: Tables, F: Clone> Stack<T, F> {
    /// The same, whose functions tell their metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: &Metrics) -> Self {
        Arc::make_mut(&mut self.collector).metrics = metrics.clone();
        Arc::make_mut(&mut self.decider).metrics = metrics.clone();
        self.profiler.metrics = metrics.clone();
        self.trends.metrics = metrics.clone();
        self.mailer.metrics = metrics.clone();
        self.post.set_metrics(metrics.clone());
        self
    }
}
