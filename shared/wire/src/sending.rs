//! The admin API for the switch of sending (`/admin/v1/mail/…`): what a server asks and what it is told.

use crate::admin::words;
use crate::limits::{BY_CHARS_MAX, NOTE_CHARS_MAX};
use crate::problem::{Fault, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of a pause or a resume.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchAsk {
    /// Why. A pause needs it.
    pub reason: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
}

impl SwitchAsk {
    /// Reads the body; an empty one gives no reason.
    ///
    /// # Errors
    /// 400 when it is no JSON object, has a field that is not known, or a text is too long.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        // By way of a map: serde would take a list for the fields in their order.
        let object = serde_json::from_slice::<Map<String, Value>>(body);
        let ask = object.and_then(|object| serde_json::from_value::<Self>(Value::Object(object)));
        let ask = ask.map_err(|error| {
            Problem::bad_request("the body must be a JSON object such as {\"reason\": \"wrong prices\"}")
                .with(Fault::new("", "schema.json", error.to_string()))
        })?;
        let (reason, by) = (words("reason", ask.reason, NOTE_CHARS_MAX)?, words("by", ask.by, BY_CHARS_MAX)?);
        Ok(Self { reason, by })
    }
}

/// What became of the mails of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FiguresAnswer {
    /// Mails that SES took.
    pub sends: u64,
    /// Mails that were delivered.
    pub deliveries: u64,
    /// Hard bounces.
    pub bounces: u64,
    /// Complaints.
    pub complaints: u64,
}

/// A turn of the switch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TurnAnswer {
    /// Its number: 1 for the first.
    pub number: u64,
    /// When (RFC 3339).
    pub at: String,
    /// `pause` or `resume`.
    pub action: &'static str,
    /// Who: the source of the key, or `brake`.
    pub who: String,
    /// Who, in the caller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the window showed then.
    pub figures: FiguresAnswer,
}

/// What became of a pause or a resume.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SwitchedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Whether nothing is sent now.
    pub paused: bool,
    /// Whether this request changed it.
    pub changed: bool,
    /// The turn that holds now; none was ever made when it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<TurnAnswer>,
}

/// The figures that the brake looks at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WindowAnswer {
    /// Hours that it is long, the begun one not counted.
    pub hours: u64,
    /// Since when mails count: the latest resume (RFC 3339); every mail of the window when it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting_since: Option<String>,
    /// The figures.
    #[serde(flatten)]
    pub figures: FiguresAnswer,
    /// Share of hard bounces, in words: `1.25 %`.
    pub bounce_rate: String,
    /// Share of complaints, in words.
    pub complaint_rate: String,
    /// Mails below which nothing is judged.
    pub sends_min: u64,
    /// Share of hard bounces at which the brake closes, in words.
    pub bounce_rate_max: String,
    /// Share of complaints at which it does, in words.
    pub complaint_rate_max: String,
}

/// What SES allows the account.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountAnswer {
    /// When the mailer asked (RFC 3339).
    pub asked_at: String,
    /// Whether the account is in SES's sandbox.
    pub sandbox: bool,
    /// Whether it may send at all.
    pub sending_enabled: bool,
    /// What SES thinks of it: HEALTHY, PROBATION, SHUTDOWN or UNKNOWN.
    pub standing: &'static str,
    /// Mails a second, at most.
    pub per_second: u32,
    /// Mails in 24 hours, at most; no limit when it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
    /// Mails of the last 24 hours, those of other programs included.
    pub sent_last_day: u64,
    /// What to do about it, in one line; nothing when it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
}

/// How sending stands.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MailStatusAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Whether nothing is sent.
    pub paused: bool,
    /// What the brake looks at.
    pub window: WindowAnswer,
    /// What SES allows; nothing before the mailer's first run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountAnswer>,
    /// Turns of the switch, newest first; the first ones.
    pub turns: Vec<TurnAnswer>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_and_what_is_misspelt_is_refused() {
        let ask = SwitchAsk::parse(br#"{"reason":" wrong prices ","by":""}"#).unwrap();
        assert_eq!((ask.reason.as_deref(), ask.by), (Some("wrong prices"), None));
        assert_eq!(SwitchAsk::parse(b"\n").unwrap(), SwitchAsk::default());
        for body in ["[]", "{", r#"{"why":"x"}"#, r#"{"reason":1}"#, r#"{"reason":"a\nb"}"#] {
            assert_eq!(SwitchAsk::parse(body.as_bytes()).unwrap_err().status(), 400, "{body}");
        }
    }
}
