//! The snapshot layer: the session index that decisions load, asked as they ask it.

use super::ranker::{Ranker, TrainingSet};
use beckon_domain::{ProductId, Timestamp};
use beckon_recommend::session_knn::{Limits, PastSession, Scoring};
use beckon_recommend::{Scored, SessionIndex};

/// The index, asked at the end of what it learned from.
#[derive(Debug)]
pub struct Snapshot {
    index: SessionIndex,
    now: Timestamp,
}

impl Snapshot {
    /// Builds the index. Where the file told no times, age does not count.
    #[must_use]
    pub fn build(training: &TrainingSet) -> Self {
        let half_life = Scoring::default().age_half_life.filter(|_| training.has_times);
        let scoring = Scoring { age_half_life: half_life, ..Scoring::default() };
        let past = training.sessions.iter();
        let past =
            past.map(|session| PastSession { products: session.products.clone(), ended_at: session.at });
        Self {
            index: SessionIndex::build(past, &Limits::default(), scoring),
            now: training.sessions.last().map_or(Timestamp::EPOCH, |session| session.at),
        }
    }
}

impl Ranker for Snapshot {
    fn name(&self) -> &'static str {
        "snapshot"
    }

    fn rank(&self, session: &[ProductId], count: usize) -> Vec<Scored> {
        self.index.rank(session, self.now, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::ranker::TrainingSession;

    #[test]
    fn age_counts_only_where_the_file_told_times() {
        let id = |text: &str| ProductId::new(text).unwrap();
        let session = |products: [&str; 2], ms| TrainingSession {
            products: products.map(id).to_vec(),
            at: Timestamp::from_ms(ms),
        };
        let day_ms = 86_400_000;
        let sessions = vec![session(["tent", "mat"], 0), session(["tent", "stove"], 90 * day_ms)];
        let scores = |has_times| {
            let training = TrainingSet { sessions: sessions.clone(), has_times };
            let ranked = Snapshot::build(&training).rank(&[id("tent")], 2);
            ranked.into_iter().map(|scored| scored.score).collect::<Vec<_>>()
        };
        let [newer, older] = scores(true)[..] else { panic!("two are ranked") };
        assert!(newer > 1.5 * older);
        let [one, other] = scores(false)[..] else { panic!("two are ranked") };
        assert!((one - other).abs() < 1e-3 * one);
    }
}
