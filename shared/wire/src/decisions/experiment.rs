//! The experiment of a slot, as the page is told it.

use serde::Serialize;

/// The experiment that changed what a slot shows, or could have changed it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExperimentAnswer {
    /// Which; `beckon.holdout` of whoever is held out of all personalization.
    pub key: String,
    /// Which run of it.
    pub run: u16,
    /// The variant that the slot shows: of whoever is not in the experiment its control, or its winner.
    pub variant: String,
    /// Whether the person is in it, so that they count.
    pub in_experiment: bool,
    /// Where the person falls, from 0 to 9,999, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u32>,
}
