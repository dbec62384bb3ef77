//! What strategies are worth, as it is live, held in memory for a bounded time.

use crate::active_model::{ActiveModel, InlineModel};
use crate::tables::ModelKind;
use beckon_recommend::Worth;

impl InlineModel for Worth {
    const KIND: ModelKind = ModelKind::Worth;

    fn read(bytes: &[u8], _version: &str) -> Result<Self, String> {
        Self::unpack(bytes).map_err(|error| error.to_string())
    }
}

/// The model behind ConfigTable. One that is bad or cannot be read never replaces a good one.
pub type ActiveWorth = ActiveModel<Worth>;
