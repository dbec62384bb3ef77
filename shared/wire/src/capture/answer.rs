//! What the collector answers: how many events it took, and a verdict for each that it did not.

use crate::limits::{EVENT_BYTES_MAX, shape};
use crate::problem::Fault;
use serde::Serialize;
use serde_json::value::RawValue;

/// Bytes of the longest id that an answer repeats.
const MESSAGE_ID_BYTES_MAX: usize = 128;

/// The answer to a valid request. `success` is what Segment's own API says.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CaptureAnswer {
    /// Always true: the request was read, and the stream has acknowledged what was accepted.
    pub success: bool,
    /// The id under which the request is logged.
    pub request_id: String,
    /// Events in the stream now, with the clicks that landings from mails stand for.
    pub accepted: usize,
    /// Events whose time lay too far back or ahead and was clamped.
    #[serde(skip_serializing_if = "is_zero")]
    pub clamped: usize,
    /// Events that were not taken, and why. Sending them again unchanged changes nothing.
    pub rejected: Vec<Verdict>,
    /// Parts of accepted events that were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Verdict>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What is wrong with one event.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The event's place in the batch, from 0.
    pub index: usize,
    /// The event's own id, when it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Pointer, code and detail.
    #[serde(flatten)]
    pub fault: Fault,
    /// Whether sending it again, unchanged, may succeed.
    pub retryable: bool,
}

impl Verdict {
    /// A verdict on the event at `index`.
    #[must_use]
    pub fn new(index: usize, json: &str, fault: Fault) -> Self {
        Self { index, message_id: message_id(json), fault, retryable: false }
    }
}

/// The id that an event says it has. Nothing that is long is copied to find it.
fn message_id(json: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named<'a> {
        #[serde(rename = "messageId", borrow)]
        message_id: Option<&'a RawValue>,
    }
    if json.len() > EVENT_BYTES_MAX && shape(json).outer_text > EVENT_BYTES_MAX {
        return None;
    }
    let id = serde_json::from_str::<Named<'_>>(json).ok()?.message_id?.get();
    let id: String = serde_json::from_str(id).ok()?;
    (id.len() <= MESSAGE_ID_BYTES_MAX).then_some(id)
}
