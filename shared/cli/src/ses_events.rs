//! Events as SES publishes them, as EventBridge delivers them: for a stack without SES, and for trying out a real one.

use beckon_domain::Timestamp;
use beckon_wire::format_time;
use serde::Deserialize;
use serde_json::{Value, json};

/// A mail that SES would tell of.
#[derive(Clone, Copy, Debug)]
pub struct SesMail<'a> {
    /// SES's id of it.
    pub message_id: &'a str,
    /// To whom.
    pub to: &'a str,
    /// When SES took it.
    pub sent_at: Timestamp,
    /// The tags that it was sent with.
    pub tags: &'a [(String, String)],
}

/// What happened to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// SES took it.
    Sent,
    /// The recipient's server took it.
    Delivered,
    /// The address does not exist.
    HardBounced,
    /// The recipient's server could not take it, in the end.
    SoftBounced,
    /// The recipient called it spam.
    Complained,
    /// SES found something harmful in it after it had taken it.
    Rejected,
    /// It was opened by a person.
    Opened,
}

impl Happened {
    /// EventBridge's name, SES's name, and the field that tells of it.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sent => ("Email Sent", "Send", "send"),
            Self::Delivered => ("Email Delivered", "Delivery", "delivery"),
            Self::HardBounced | Self::SoftBounced => ("Email Bounced", "Bounce", "bounce"),
            Self::Complained => ("Email Complaint Received", "Complaint", "complaint"),
            Self::Rejected => ("Email Rejected", "Reject", "reject"),
            Self::Opened => ("Email Opened", "Open", "open"),
        }
    }

    fn about(self, mail: &SesMail<'_>, at: Timestamp) -> Value {
        let mut about = match self {
            Self::Sent => return json!({}),
            Self::Delivered => json!({ "recipients": [mail.to], "smtpResponse": "250 ok" }),
            Self::HardBounced => json!({ "bounceType": "Permanent", "bounceSubType": "General",
                "bouncedRecipients": [{ "emailAddress": mail.to, "action": "failed", "status": "5.1.1" }] }),
            Self::SoftBounced => json!({ "bounceType": "Transient", "bounceSubType": "MailboxFull",
                "bouncedRecipients": [{ "emailAddress": mail.to, "action": "failed", "status": "4.2.2" }] }),
            Self::Complained => json!({ "complaintFeedbackType": "abuse",
                "complainedRecipients": [{ "emailAddress": mail.to }] }),
            Self::Rejected => json!({ "reason": "Bad content" }),
            Self::Opened => json!({ "ipAddress": "192.0.2.1",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" }),
        };
        about["timestamp"] = json!(format_time(at));
        about
    }
}

impl SesMail<'_> {
    /// The event that something happened to it, as EventBridge delivers it.
    #[must_use]
    pub fn event(&self, happened: Happened, at: Timestamp) -> Value {
        let (detail_type, event_type, field) = happened.names();
        let tags = self.tags.iter().map(|(name, value)| (name.clone(), json!([value])));
        let tags: serde_json::Map<String, Value> = tags.collect();
        let mut detail = json!({
            "eventType": event_type,
            "mail": {
                "timestamp": format_time(self.sent_at),
                "source": "reminders@shop.example",
                "sendingAccountId": "000000000000",
                "messageId": self.message_id,
                "destination": [self.to],
                "headersTruncated": false,
                "tags": tags,
            },
        });
        detail[field] = happened.about(self, at);
        json!({
            "version": "0",
            "id": "00000000-0000-0000-0000-000000000000",
            "detail-type": detail_type,
            "source": "aws.ses",
            "account": "000000000000",
            "time": format_time(at),
            "region": "us-east-1",
            "resources": [],
            "detail": detail,
        })
    }
}
