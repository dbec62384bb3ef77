//! What the mail provider tells of a mail after it was taken.

use crate::time::Timestamp;

/// An event of SES about one mail. Events arrive more than once and in any order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MailEvent {
    /// The request was accepted (`Send`).
    Sent {
        /// SES's message id.
        message_id: String,
    },
    /// The recipient's server took it.
    Delivered,
    /// The recipient's server refused it.
    Bounced {
        /// For good, such as an address that does not exist.
        permanent: bool,
    },
    /// The recipient called it spam.
    Complained,
    /// Accepted, and then not sent: something harmful is in it.
    Rejected,
    /// Accepted, and then not sent: it could not be rendered.
    RenderingFailed,
    /// Not delivered yet.
    Delayed,
    /// Opened.
    Opened {
        /// By a program, such as a privacy proxy that loads every picture.
        machine: bool,
    },
    /// A link was followed.
    Clicked {
        /// By a program, such as a scanner.
        machine: bool,
    },
}

/// When the first event of each kind happened to a mail: independent of the order in which they came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Feedback {
    /// Taken by the recipient's server.
    pub delivered_at: Option<Timestamp>,
    /// Refused for good.
    pub bounced_at: Option<Timestamp>,
    /// Called spam.
    pub complained_at: Option<Timestamp>,
    /// Opened by a person.
    pub opened_at: Option<Timestamp>,
    /// A link was followed by a person.
    pub clicked_at: Option<Timestamp>,
}

impl Feedback {
    /// Takes an event over: of each kind the earliest time is kept.
    pub fn observe(&mut self, event: &MailEvent, at: Timestamp) {
        let kept = match event {
            MailEvent::Delivered => &mut self.delivered_at,
            MailEvent::Bounced { permanent: true } => &mut self.bounced_at,
            MailEvent::Complained => &mut self.complained_at,
            MailEvent::Opened { machine: false } => &mut self.opened_at,
            MailEvent::Clicked { machine: false } => &mut self.clicked_at,
            MailEvent::Sent { .. }
            | MailEvent::Rejected
            | MailEvent::RenderingFailed
            | MailEvent::Delayed
            | MailEvent::Bounced { permanent: false }
            | MailEvent::Opened { machine: true }
            | MailEvent::Clicked { machine: true } => return,
        };
        *kept = Some(kept.map_or(at, |kept| kept.min(at)));
    }
}
