//! Why a person's wish was not carried out.

use beckon_store::StoreError;

/// A wish that was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// The token is not one of ours.
    #[error("the link is not valid")]
    Token,
    /// The body is neither what RFC 8058 sends nor a button of the page.
    #[error("the request does not say what to do")]
    Body,
    /// The table did not take it.
    #[error("the wish could not be stored")]
    Store(#[from] StoreError),
}

impl PreferencesError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}
