//! The decisions API (`POST /v1/decisions`): what a page asks and what it is told.

mod answer;
pub(crate) mod request;

pub use answer::{
    DecisionAnswer, DecisionsResponse, FallbackAnswer, ItemAnswer, OfferAnswer, ProfileInfo,
    PropensityAnswer, ReasonAnswer,
};
pub use request::{COUNT_MAX, DecisionsRequest, PageAsk, SlotAsk};
