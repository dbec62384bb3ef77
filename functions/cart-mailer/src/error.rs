//! Why a reminder was not brought to its end in this run. The next run tries again.

use crate::mail::RenderError;
use beckon_store::StoreError;
use beckon_store::ruleset::RulesetUnavailable;
use beckon_store::streams::StreamError;

/// A run, or a reminder in it, that did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The ruleset cannot be read.
    #[error("there is no ruleset to send by")]
    Ruleset(#[source] RulesetUnavailable),
    /// A table did not answer as it should.
    #[error("a table failed")]
    Store(#[from] StoreError),
    /// The stream did not take a timer.
    #[error("the stream did not take the timer")]
    Stream(#[from] StreamError),
    /// The mail could not be rendered.
    #[error("the mail could not be rendered")]
    Render(#[from] RenderError),
    /// There is no content to render by.
    #[error("there is no content of mails")]
    Content(#[from] beckon_mail::Problems),
    /// The address is gone that was there a moment ago.
    #[error("the address is gone")]
    NoAddress,
    /// A line could not be written as JSON.
    #[error("a line could not be encoded")]
    Encode(#[from] serde_json::Error),
}

impl MailerError {
    /// Whether the next run may get further without anybody's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Stream(error) => error.is_transient(),
            Self::Ruleset(RulesetUnavailable::Store(error)) => error.is_transient(),
            Self::Ruleset(_) | Self::NoAddress | Self::Render(_) | Self::Content(_) | Self::Encode(_) => {
                false
            }
        }
    }
}

impl From<MailerError> for lambda_runtime::Diagnostic {
    fn from(error: MailerError) -> Self {
        let error_type = if error.is_transient() { "Retryable" } else { "NonRetryable" };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
