//! The use case: a token and a wish become a suppression.

use crate::error::PreferencesError;
use beckon_domain::ContactHash;
use beckon_runtime::{Clock, Secrets};
use beckon_store::tables::OutreachStore;

/// Everything that preferences need.
#[derive(Clone, Debug)]
pub struct Preferences<T> {
    /// OutreachTable, for suppression.
    pub tables: T,
    /// Pepper, which signs the tokens.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
}

impl<T: OutreachStore> Preferences<T> {
    /// The contact that a token is for.
    ///
    /// # Errors
    /// When the token is not ours.
    pub fn open(&self, token: &str) -> Result<ContactHash, PreferencesError> {
        self.secrets.pepper.open_unsubscribe_token(token).ok_or(PreferencesError::Token)
    }

    /// Unsubscribes. Asked again, it is the same.
    ///
    /// # Errors
    /// When the token is not ours, the body asks for something else, or the table fails.
    pub async fn unsubscribe(&self, token: &str, body: &str) -> Result<(), PreferencesError> {
        let contact = self.open(token)?;
        if !asks_to_unsubscribe(body) {
            return Err(PreferencesError::Body);
        }
        self.tables.suppress(&contact, "unsubscribed", self.clock.now()).await?;
        tracing::info!("contact unsubscribed");
        Ok(())
    }
}

/// Whether a form says `List-Unsubscribe=One-Click`, URL-encoded or as multipart (RFC 8058, section 3.2, allows both).
fn asks_to_unsubscribe(body: &str) -> bool {
    let urlencoded = body.trim().split('&').any(|pair| pair == "List-Unsubscribe=One-Click");
    let multipart = body
        .split_once("name=\"List-Unsubscribe\"")
        .is_some_and(|(_, rest)| rest.trim_start_matches(['\r', '\n']).trim_start().starts_with("One-Click"));
    urlencoded || multipart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_of_the_one_click_are_understood_and_nothing_else() {
        for body in [
            "List-Unsubscribe=One-Click",
            "a=b&List-Unsubscribe=One-Click\r\n",
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--",
        ] {
            assert!(asks_to_unsubscribe(body), "{body}");
        }
        for body in ["", "List-Unsubscribe=No", "xList-Unsubscribe=One-Click", "One-Click"] {
            assert!(!asks_to_unsubscribe(body), "{body}");
        }
    }
}
