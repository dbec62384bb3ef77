//! The use cases: a token and a wish become a suppression, or take one back.

use crate::error::PreferencesError;
use beckon_domain::{ContactHash, Pepper};
use beckon_runtime::{Clock, Secrets};
use beckon_store::tables::{Suppression, SuppressionReason, SuppressionStore};

/// Everything that preferences need.
#[derive(Clone, Debug)]
pub struct Preferences<T> {
    /// OutreachTable, for suppression.
    pub tables: T,
    /// Peppers, which sign the tokens.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
}

impl<T: SuppressionStore> Preferences<T> {
    /// The contact that a token is for, with the pepper that made it.
    ///
    /// # Errors
    /// When the token is not ours.
    pub fn open(&self, token: &str) -> Result<(ContactHash, &Pepper), PreferencesError> {
        self.secrets.open_unsubscribe_token(token).ok_or(PreferencesError::Token)
    }

    /// Unsubscribes. Asked again, it is the same. Returns the token that takes it back, unless a mail came back from the
    /// address or was called spam: that is nobody's to take back.
    ///
    /// # Errors
    /// When the token is not ours, or the table fails.
    pub async fn unsubscribe(&self, token: &str) -> Result<Option<String>, PreferencesError> {
        let (contact, pepper) = self.open(token)?;
        let suppression = Suppression { reason: SuppressionReason::Unsubscribed, at: self.clock.now() };
        self.tables.suppress(&contact, suppression).await?;
        tracing::info!("contact unsubscribed");
        // Done is done: when this read fails, the page only lacks a button.
        let held = self.tables.suppression(&contact).await.ok().flatten();
        let held = held.filter(|held| held.reason == SuppressionReason::Unsubscribed);
        Ok(held.map(|held| pepper.resubscribe_token(&contact, held.at)))
    }

    /// Takes back the unsubscription that `undo` names. Returns whether there was one.
    ///
    /// # Errors
    /// When a token is not ours, or the table fails.
    pub async fn undo(&self, token: &str, undo: &str) -> Result<bool, PreferencesError> {
        let (contact, pepper) = self.open(token)?;
        let at = pepper.open_resubscribe_token(&contact, undo).ok_or(PreferencesError::Token)?;
        let undone = self.tables.resubscribe(&contact, at).await?;
        if undone {
            tracing::info!("unsubscription taken back");
        }
        Ok(undone)
    }
}
