//! One event: what happened to which mail, when, and to whom.

use super::machine::is_machine;
use super::{SesError, Told};
use crate::parse_time;
use beckon_domain::{EpisodeId, Timestamp};
use serde_json::Value;

/// Characters of SES's message id at most; it is stored.
const MESSAGE_ID_CHARS_MAX: usize = 128;
/// Recipients of one event that are looked at; SES takes at most 50 of a mail.
const RECIPIENT_COUNT_MAX: usize = 50;

/// An event of SES.
#[derive(Clone, PartialEq, Eq)]
pub struct SesEvent {
    /// What happened.
    pub kind: SesEventKind,
    /// SES's id of the mail.
    pub message_id: String,
    /// When it happened.
    pub at: Timestamp,
    /// When SES took the mail.
    pub sent_at: Timestamp,
    /// Whom it happened to: addresses.
    pub recipients: Vec<String>,
    /// Which reminder it was, by the tags `episode` and `step`; none of a mail that is no reminder.
    pub reminder: Option<(EpisodeId, u8)>,
}

impl std::fmt::Debug for SesEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without addresses.
        f.debug_struct("SesEvent").field("kind", &self.kind).field("at", &self.at).finish_non_exhaustive()
    }
}

/// What happened to a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SesEventKind {
    /// SES took it and will try to deliver it.
    Send,
    /// The recipient's server took it.
    Delivery,
    /// The recipient's server refused it, or SES gave up.
    Bounce(Bounce),
    /// The recipient called it spam.
    Complaint {
        /// Whether a person did so now; not when SES knew it and sent nothing.
        is_new: bool,
    },
    /// SES found a virus in it.
    Reject,
    /// A template could not be filled in.
    RenderingFailure,
    /// It will come later, or not at all.
    DeliveryDelay,
    /// It was opened.
    Open {
        /// By a program.
        machine: bool,
    },
    /// A link in it was followed.
    Click {
        /// By a program.
        machine: bool,
    },
    /// The recipient changed what they want, on a page of SES's.
    Subscription {
        /// Whether they want nothing any more.
        unsubscribed: bool,
    },
}

impl SesEventKind {
    /// SES's name of it (`eventType`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "Send",
            Self::Delivery => "Delivery",
            Self::Bounce(_) => "Bounce",
            Self::Complaint { .. } => "Complaint",
            Self::Reject => "Reject",
            Self::RenderingFailure => "Rendering Failure",
            Self::DeliveryDelay => "DeliveryDelay",
            Self::Open { .. } => "Open",
            Self::Click { .. } => "Click",
            Self::Subscription { .. } => "Subscription",
        }
    }
}

/// Why a mail came back (`bounceType` and `bounceSubType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bounce {
    /// The address does not exist, or takes nothing from anybody.
    Permanent,
    /// As permanent, and known: the address is on the account's suppression list, so that SES did not even try. It is no
    /// news, and SES does not count it.
    OnSuppressionList,
    /// A full mailbox, a message that is too large, and the like.
    Transient,
    /// The answer of the recipient's server says nothing.
    Undetermined,
}

/// Which name of EventBridge's (`detail-type`) stands for which of SES's.
const DETAIL_TYPES: [(&str, &str); 10] = [
    ("Email Sent", "Send"),
    ("Email Delivered", "Delivery"),
    ("Email Bounced", "Bounce"),
    ("Email Complaint Received", "Complaint"),
    ("Email Rejected", "Reject"),
    ("Email Rendering Failed", "Rendering Failure"),
    ("Email Delivery Delayed", "DeliveryDelay"),
    ("Email Opened", "Open"),
    ("Email Clicked", "Click"),
    ("Email Subscribed", "Subscription"),
];

/// Reads an event. `detail_type` is EventBridge's name of it.
pub(super) fn read(event: &Value, detail_type: &str) -> Result<Told, SesError> {
    let named = DETAIL_TYPES.iter().find(|(name, _)| *name == detail_type).map(|(_, kind)| *kind);
    // SES calls it `notificationType` in feedback that comes without a configuration set.
    let told = event["eventType"].as_str().or_else(|| event["notificationType"].as_str());
    let Some(name) = told.or(named) else {
        return if detail_type.is_empty() { Err(SesError::Field("eventType")) } else { ignored() };
    };
    let Some((kind, about, whom)) = parts(name, event) else { return ignored() };
    let Some(kind) = kind? else { return Ok(Told::Ignored("a report that a mail is no spam")) };
    let mail = &event["mail"];
    let message_id = mail["messageId"].as_str().filter(|id| (1..=MESSAGE_ID_CHARS_MAX).contains(&id.len()));
    let sent_at = parse_time(&mail["timestamp"]).ok_or(SesError::Field("mail.timestamp"))?;
    let at = parse_time(&about["timestamp"]).unwrap_or(sent_at);
    let recipients = match recipients(whom) {
        found if found.is_empty() => recipients(&mail["destination"]),
        found => found,
    };
    let kind = match kind {
        SesEventKind::Open { .. } => SesEventKind::Open { machine: is_machine(about, sent_at, at) },
        SesEventKind::Click { .. } => SesEventKind::Click { machine: is_machine(about, sent_at, at) },
        other => other,
    };
    Ok(Told::Event(SesEvent {
        kind,
        message_id: message_id.ok_or(SesError::Field("mail.messageId"))?.to_owned(),
        at,
        sent_at,
        recipients,
        reminder: reminder(&mail["tags"]),
    }))
}

fn ignored() -> Result<Told, SesError> {
    Ok(Told::Ignored("a type of event that is not known"))
}

/// What an event of this name is, the part that tells of it, and where its recipients are; `None` of a name that is not
/// known. Of what needs no attention, the kind is `None`.
type Parts<'a> = (Result<Option<SesEventKind>, SesError>, &'a Value, &'a Value);

fn parts<'a>(name: &str, event: &'a Value) -> Option<Parts<'a>> {
    use SesEventKind as K;
    let known = |kind, about: &'static str, whom: &str| {
        let about = &event[about];
        Some((Ok(Some(kind)), about, &about[whom]))
    };
    match name {
        "Send" => known(K::Send, "send", ""),
        "Delivery" => known(K::Delivery, "delivery", "recipients"),
        "Reject" => known(K::Reject, "reject", ""),
        "Rendering Failure" | "RenderingFailure" => known(K::RenderingFailure, "failure", ""),
        "DeliveryDelay" => known(K::DeliveryDelay, "deliveryDelay", "delayedRecipients"),
        "Open" => known(K::Open { machine: false }, "open", ""),
        "Click" => known(K::Click { machine: false }, "click", ""),
        "Subscription" => {
            let unsubscribed = event["subscription"]["newTopicPreferences"]["unsubscribeAll"] == true;
            known(K::Subscription { unsubscribed }, "subscription", "")
        }
        "Bounce" => {
            let about = &event["bounce"];
            Some((bounce(about).map(|b| Some(K::Bounce(b))), about, &about["bouncedRecipients"]))
        }
        "Complaint" => {
            let about = &event["complaint"];
            let is_new = about["complaintSubType"] != "OnAccountSuppressionList";
            let kind = (about["complaintFeedbackType"] != "not-spam").then_some(K::Complaint { is_new });
            Some((Ok(kind), about, &about["complainedRecipients"]))
        }
        _ => None,
    }
}

fn bounce(about: &Value) -> Result<Bounce, SesError> {
    match about["bounceType"].as_str() {
        Some("Permanent") if about["bounceSubType"] == "OnAccountSuppressionList" => {
            Ok(Bounce::OnSuppressionList)
        }
        Some("Permanent") => Ok(Bounce::Permanent),
        Some("Transient") => Ok(Bounce::Transient),
        Some("Undetermined") => Ok(Bounce::Undetermined),
        _ => Err(SesError::Field("bounce.bounceType")),
    }
}

/// Addresses: texts, or objects with `emailAddress`. A name before the address is left out.
fn recipients(list: &Value) -> Vec<String> {
    let text = |entry: &Value| {
        let text = entry.as_str().or_else(|| entry["emailAddress"].as_str())?;
        let address = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
        Some(address.trim().to_owned()).filter(|address| address.contains('@'))
    };
    list.as_array().into_iter().flatten().take(RECIPIENT_COUNT_MAX).filter_map(text).collect()
}

fn reminder(tags: &Value) -> Option<(EpisodeId, u8)> {
    let episode = EpisodeId::parse(tags["episode"][0].as_str()?)?;
    let step = tags["step"][0].as_str()?.parse().ok().filter(|step| *step > 0)?;
    Some((episode, step))
}
