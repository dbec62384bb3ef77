//! What is evaluated: something that learns from sessions and then ranks products for a session.

use beckon_domain::{ProductId, Timestamp};
use beckon_recommend::Scored;

/// Ranks products for a session. One that wants memory of its own to work in keeps it in a cell: a ranking is asked
/// for by one thread.
pub trait Ranker {
    /// The layer's name in reports, such as `fresh`.
    fn name(&self) -> &'static str;

    /// The products to recommend next, best first: at most `count`, each once, with finite scores that never rise.
    /// `session` is what was looked at, oldest first; what is in it may be recommended again.
    fn rank(&self, session: &[ProductId], count: usize) -> Vec<Scored>;
}

/// Learns from sessions: how each layer is plugged into [`super::layers`].
pub type Build = fn(&TrainingSet) -> Box<dyn Ranker>;

/// One session of the training file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingSession {
    /// What was looked at, oldest first; a product may come again.
    pub products: Vec<ProductId>,
    /// When it ended; a session of a file without times ends one second after the one before it.
    pub at: Timestamp,
}

/// What a layer learns from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingSet {
    /// Sessions, oldest first.
    pub sessions: Vec<TrainingSession>,
    /// Whether the file told times. Where it did not, nothing may decay by time.
    pub has_times: bool,
}

impl TrainingSet {
    /// How many products were looked at, repeats counted.
    #[must_use]
    pub fn click_count(&self) -> usize {
        self.sessions.iter().map(|session| session.products.len()).sum()
    }
}
