//! The fresh layer and the snapshot layer as one, weighed as decisions weigh them.

use super::ranker::Ranker;
use beckon_domain::ProductId;
use beckon_recommend::Scored;
use beckon_recommend::blend::{Layer, blend};
use beckon_recommend::policy::{BLEND_CANDIDATE_COUNT, BLEND_INDEX_WEIGHT};
use std::rc::Rc;

/// Its name among the layers.
pub(super) const NAME: &str = "blend";
/// The layers that it is made of.
pub(super) const FRESH: &str = "fresh";
pub(super) const SNAPSHOT: &str = "snapshot";

/// Two layers as one.
pub struct Blend {
    fresh: Rc<dyn Ranker>,
    snapshot: Rc<dyn Ranker>,
    fresh_weight: f64,
}

impl Blend {
    /// Blends the two.
    #[must_use]
    pub fn of(fresh: Rc<dyn Ranker>, snapshot: Rc<dyn Ranker>, fresh_weight: f64) -> Self {
        Self { fresh, snapshot, fresh_weight }
    }
}

impl Ranker for Blend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn rank(&self, session: &[ProductId], count: usize) -> Vec<Scored> {
        let candidates = BLEND_CANDIDATE_COUNT.max(count);
        let fresh = self.fresh.rank(session, candidates);
        let indexed = self.snapshot.rank(session, candidates);
        let layers = [
            Layer { ranked: &fresh, weight: self.fresh_weight },
            Layer { ranked: &indexed, weight: BLEND_INDEX_WEIGHT },
        ];
        blend(&layers, count)
    }
}
