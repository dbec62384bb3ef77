//! The send port: an e-mail goes out, was refused, or nobody knows.

use std::future::Future;

pub mod account;
pub mod recording;
pub mod ses;

pub use account::SendAccount;

/// An e-mail, complete.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// From, with or without a name.
    pub from: String,
    /// To: one address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Headers beside the usual ones.
    pub headers: Vec<(String, String)>,
    /// Tags that come back with SES's events: the episode and the step.
    pub tags: Vec<(String, String)>,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Email").field("tags", &self.tags).finish_non_exhaustive()
    }
}

/// Why an e-mail was not accepted, in words of ours: those of SES quote addresses, and reasons are logged and kept.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    /// Certainly not taken: too many at once.
    #[error("too many at once: {0}")]
    Throttled(String),
    /// Certainly not taken, and may be taken later.
    #[error("not taken for now: {0}")]
    NotNow(String),
    /// Certainly not taken, and nothing will be until somebody acts: the account is paused or not verified.
    #[error("sending is stopped: {0}")]
    Stopped(String),
    /// Certainly not taken, and never will be.
    #[error("refused: {0}")]
    Refused(String),
    /// It may have been taken. SES has no idempotency token, so it must not be sent again.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// Sends e-mails.
pub trait SendEmail: Send + Sync {
    /// Sends one e-mail, in one attempt. Returns the message id.
    fn send(&self, email: &Email) -> impl Future<Output = Result<String, SendError>> + Send;
}
