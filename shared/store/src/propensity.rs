//! The live propensity model, held in memory for a bounded time.

use crate::active_model::{ActiveModel, InlineModel};
use crate::tables::ModelKind;
use beckon_domain::{Policy, Profile, Timestamp};
use beckon_recommend::propensity::features::NAMES;
use beckon_recommend::propensity::{Features, Model};

pub use crate::active_model::{MODEL_AGE_MAX, UNCONFIRMED_MAX};

/// A model that can be asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Predictor {
    model: Model,
    version: String,
}

impl Predictor {
    /// The version of the model.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How likely somebody is to buy, between 0 and 1.
    #[must_use]
    pub fn score(&self, profile: &Profile, now: Timestamp, policy: &Policy) -> f64 {
        self.model.score(Features::of(profile, now, policy).as_slice())
    }
}

impl InlineModel for Predictor {
    const KIND: ModelKind = ModelKind::Propensity;

    fn read(bytes: &[u8], version: &str) -> Result<Self, String> {
        let model = Model::unpack(bytes, &NAMES).map_err(|error| error.to_string())?;
        Ok(Self { model, version: version.to_owned() })
    }
}

/// The model behind ConfigTable. One that is bad or cannot be read never replaces a good one.
pub type ActivePropensity = ActiveModel<Predictor>;
