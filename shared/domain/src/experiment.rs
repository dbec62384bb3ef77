//! Experiments: who is in which variant, who was shown it, and what they did then.
//!
//! Reading order: [`bucket`] is the hash and the ranges of the field; [`definition`] is what an experiment is;
//! [`mod@assign`] says who is in which variant; [`exposure`] is what a profile keeps of the experiments its person was in,
//! and what follows from it for reports; [`report`] adds up what was found.

pub mod assign;
pub mod bucket;
pub mod definition;
pub mod exposure;
pub mod report;

pub use assign::{Assignment, Outside, assign, closed};
pub use bucket::{BucketRange, HashVersion, Namespace, bucket_ranges, choose_variation, hash};
pub use definition::{Activation, Definition, DefinitionError, Experiment, Ramp, Status, Variant};
pub use exposure::{Exposed, Fact, Finding, Measured, RunId};
pub use report::{Cohort, GoalTally, Moments, RunFold, RunRow, Tally, TallyBook};
