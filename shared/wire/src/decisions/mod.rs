//! The decisions API (`POST /v1/decisions`): what a page asks and what it is told.

mod answer;
mod experiment;
pub(crate) mod request;

pub use answer::{
    DecisionAnswer, DecisionsResponse, FallbackAnswer, ItemAnswer, OfferAnswer, ProfileInfo,
    PropensityAnswer, ReasonAnswer,
};
pub use experiment::ExperimentAnswer;
pub use request::{COUNT_MAX, DecisionsRequest, PageAsk, SlotAsk};
