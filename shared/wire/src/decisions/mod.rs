//! The decisions API (`POST /v1/decisions`): what a page asks and what it is told.

mod answer;
mod everybody;
mod experiment;
mod preview;
mod record;
pub(crate) mod request;

pub use answer::{
    DecisionAnswer, DecisionsResponse, FallbackAnswer, ItemAnswer, OfferAnswer, ProfileInfo,
    PropensityAnswer, ReasonAnswer,
};
pub use everybody::{EverybodyAsk, EverybodyResponse};
pub use experiment::ExperimentAnswer;
pub use preview::{MintAsk, Minted, Persona, PersonaEvent, Preview, PreviewAsk};
pub use record::{
    DecisionId, DecisionRecord, ExplainedDecision, PageRecord, RecordedItem, RecordedRule, SlotRecord,
};
pub use request::{BUDGET_MS_MAX, COUNT_MAX, DecisionsRequest, PageAsk, SlotAsk};
