//! What SES says of a mail, as the ledger of reminders understands it.

use beckon_domain::outreach::MailEvent;
use beckon_wire::ses::{Bounce, SesEvent, SesEventKind};

/// What an event tells the ledger; `None` when nothing.
pub(crate) fn mail_event(event: &SesEvent) -> Option<MailEvent> {
    Some(match event.kind {
        SesEventKind::Send => MailEvent::Sent { message_id: event.message_id.clone() },
        SesEventKind::Delivery => MailEvent::Delivered,
        SesEventKind::Bounce(bounce) => {
            MailEvent::Bounced { permanent: matches!(bounce, Bounce::Permanent | Bounce::OnSuppressionList) }
        }
        // An old complaint kept SES from sending it at all.
        SesEventKind::Complaint { is_new: false } => MailEvent::Bounced { permanent: true },
        SesEventKind::Complaint { is_new: true } => MailEvent::Complained,
        SesEventKind::Reject => MailEvent::Rejected,
        SesEventKind::RenderingFailure => MailEvent::RenderingFailed,
        SesEventKind::DeliveryDelay => MailEvent::Delayed,
        SesEventKind::Open { machine } => MailEvent::Opened { machine },
        SesEventKind::Click { machine } => MailEvent::Clicked { machine },
        SesEventKind::Subscription { .. } => return None,
    })
}
