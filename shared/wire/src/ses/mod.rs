//! SES's events of a mail (event publishing), as EventBridge and SNS deliver them.
//!
//! EventBridge puts the event into `detail`, SNS into `Records[].Sns.Message` as a text; both are the same document, and
//! its `eventType` says what happened. EventBridge's `detail-type` ("Email Sent", …) is looked at only when it is missing.
//! Source: SES developer guide, "Contents of event data that Amazon SES publishes", and EventBridge's reference of SES's
//! events. Addresses are in these events: they are hashed by whoever reads them, and never logged.

mod event;
mod machine;
#[cfg(test)]
mod tests;

pub use event::{Bounce, SesEvent, SesEventKind};

use serde_json::Value;

/// Why something that was delivered is no event of SES. Says where, and never what: an event has addresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SesError {
    /// Neither EventBridge nor SNS wraps events like this.
    #[error(
        "the payload is no event of SES: expected `detail` (EventBridge) or `Records[].Sns.Message` (SNS)"
    )]
    Envelope,
    /// The text of an SNS message is not JSON.
    #[error("the SNS message is not JSON")]
    Message,
    /// A field is missing, or of another type.
    #[error("the event of SES has no usable {0}")]
    Field(&'static str),
}

impl SesError {
    /// Whether the same payload can be read later: never.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}

/// What one delivered document says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// An event.
    Event(SesEvent),
    /// Something that SES says and nobody here needs: a type that is not known, a notice that a topic works.
    Ignored(&'static str),
}

/// What SNS delivers once, when a topic is made a destination. It is no JSON.
const TOPIC_WORKS: &str = "Successfully validated SNS topic";

/// Reads a payload. Each document in it is read by itself: a broken one takes no other with it.
///
/// # Errors
/// When the payload as a whole is neither EventBridge's nor SNS's.
pub fn read(payload: &Value) -> Result<Vec<Result<Told, SesError>>, SesError> {
    if let Some(detail) = payload.get("detail") {
        let named = payload["detail-type"].as_str().unwrap_or_default();
        return Ok(vec![event::read(detail, named)]);
    }
    let records = payload["Records"].as_array().ok_or(SesError::Envelope)?;
    let message = |record: &Value| record["Sns"]["Message"].as_str().map(str::to_owned);
    let messages: Option<Vec<String>> = records.iter().map(message).collect();
    Ok(messages.ok_or(SesError::Envelope)?.iter().map(|text| of_message(text)).collect())
}

fn of_message(text: &str) -> Result<Told, SesError> {
    if text.starts_with(TOPIC_WORKS) {
        return Ok(Told::Ignored("a notice that the topic works"));
    }
    let document: Value = serde_json::from_str(text).map_err(|_| SesError::Message)?;
    event::read(&document, "")
}
