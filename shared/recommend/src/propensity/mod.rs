//! How likely a person is to buy: [`Features`] of a profile, the [`Model`] that weighs them, and how good its scores are
//! ([`metrics`]). A model is trained elsewhere (the trainer); here is what serves it, pure and the same on every machine.

pub mod examples;
pub mod features;
pub mod metrics;
mod model;
pub mod numeric;

pub use examples::{Example, SessionExample, SessionLabels};
pub use features::Features;
pub use model::{FEATURE_COUNT_MAX, MODEL_VERSION, Model, ModelError, Term};
