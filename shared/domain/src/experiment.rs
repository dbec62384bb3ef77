//! Experiments: who is in which variant, who was shown it, and what they did then.
//!
//! Reading order: [`bucket`] is the hash and the ranges of the field; [`exposure`] is what a profile keeps of the
//! experiments its person was in, and what follows from it for reports; [`report`] adds up what was found.

pub mod bucket;
pub mod exposure;
pub mod report;

pub use bucket::{BucketRange, HashVersion, Namespace, bucket_ranges, choose_variation, hash};
pub use exposure::{Exposed, Fact, Finding, Measured, RunId};
pub use report::{Cohort, GoalTally, Moments, RunFold, RunRow, Tally, TallyBook};
