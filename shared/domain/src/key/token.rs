//! Tokens of the links in a mail: each is a MAC for one purpose, says which pepper made it, and names nobody.

use super::{ContactHash, Pepper};
use crate::time::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

/// Bytes of a token at most: a pepper's id, two hashes and what is between them.
const TOKEN_BYTES_MAX: usize = 80;

impl Pepper {
    /// A token that lets its holder unsubscribe one contact and nothing else (RFC 8058). It names no person.
    #[must_use]
    pub fn unsubscribe_token(&self, contact: &ContactHash) -> String {
        let mac = self.mac("token/unsubscribe", contact.as_str());
        format!("{}.{}", contact.as_str(), BASE64URL_NOPAD.encode(&mac[..16]))
    }

    /// The contact that an unsubscribe token is for, or nothing when the token is not ours. What cannot be one, by its
    /// length or its pepper, costs no hash.
    #[must_use]
    pub fn open_unsubscribe_token(&self, token: &str) -> Option<ContactHash> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (contact, mac) = token.split_once('.')?;
        if contact.split_once('_')?.0 != self.id {
            return None;
        }
        let contact = ContactHash(contact.to_owned());
        self.is_mac("token/unsubscribe", contact.as_str(), mac).then_some(contact)
    }

    /// A token that lets its holder take back one unsubscription: that of this contact at this instant, and no later one.
    /// It opens nothing else, and an unsubscribe token does not do for it.
    #[must_use]
    pub fn resubscribe_token(&self, contact: &ContactHash, unsubscribed_at: Timestamp) -> String {
        let at = unsubscribed_at.as_ms();
        let mac = self.mac("token/resubscribe", &format!("{} {at}", contact.as_str()));
        format!("{at}.{}", BASE64URL_NOPAD.encode(&mac[..16]))
    }

    /// The instant of the unsubscription that a resubscribe token takes back, or nothing when it is not this contact's.
    #[must_use]
    pub fn open_resubscribe_token(&self, contact: &ContactHash, token: &str) -> Option<Timestamp> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (at, mac) = token.split_once('.')?;
        let text = format!("{} {at}", contact.as_str());
        let is_ours = self.is_mac("token/resubscribe", &text, mac);
        is_ours.then(|| at.parse().ok().map(Timestamp::from_ms))?
    }

    /// Whether `given` is what [`Pepper::mac`] begins with. Takes the same time wherever it differs.
    fn is_mac(&self, purpose: &str, text: &str, given: &str) -> bool {
        let Ok(given) = BASE64URL_NOPAD.decode(given.as_bytes()) else { return false };
        bool::from(given.ct_eq(&self.mac(purpose, text)[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(secret: &[u8]) -> Pepper {
        Pepper::new("1", secret).unwrap()
    }

    #[test]
    fn an_unsubscribe_token_opens_only_for_its_own_contact() {
        let p = pepper(b"0123456789abcdef");
        let contact = p.contact(" Jo@Example.com");
        assert_eq!(contact, p.contact("jo@example.com"));
        let token = p.unsubscribe_token(&contact);
        assert_eq!(p.open_unsubscribe_token(&token), Some(contact));
        let other = p.unsubscribe_token(&p.contact("al@example.com"));
        let forged = format!("{}.{}", token.split_once('.').unwrap().0, other.split_once('.').unwrap().1);
        assert_eq!(p.open_unsubscribe_token(&forged), None);
        assert_eq!(p.open_unsubscribe_token("garbage"), None);
        assert!(!token.contains("jo"));
    }

    #[test]
    fn a_token_to_come_back_is_for_one_unsubscription_of_one_contact() {
        let p = pepper(b"0123456789abcdef");
        let (contact, other) = (p.contact("jo@example.com"), p.contact("al@example.com"));
        let at = Timestamp::from_ms(1_763_800_000_000);
        let token = p.resubscribe_token(&contact, at);
        assert_eq!(p.open_resubscribe_token(&contact, &token), Some(at));
        assert_eq!(p.open_resubscribe_token(&other, &token), None);
        assert_eq!(p.open_resubscribe_token(&contact, &token.replacen('1', "2", 1)), None, "another instant");
        assert_eq!(p.open_unsubscribe_token(&token), None);
        let unsubscribe = p.unsubscribe_token(&contact);
        assert_eq!(p.open_resubscribe_token(&contact, &unsubscribe), None);
        let mac = unsubscribe.split_once('.').unwrap().1;
        assert_eq!(p.open_resubscribe_token(&contact, &format!("{}.{mac}", at.as_ms())), None);
    }

    #[test]
    fn a_token_of_another_pepper_or_of_any_length_is_none() {
        let (p, contact) =
            (pepper(b"0123456789abcdef"), pepper(b"0123456789abcdef").contact("jo@example.com"));
        let other = Pepper::new("2", b"0123456789abcdef").unwrap();
        assert_eq!(other.open_unsubscribe_token(&p.unsubscribe_token(&contact)), None);
        for token in ["", ".", "_.", "1_.", &"1_A.A".repeat(100_000)] {
            assert_eq!(p.open_unsubscribe_token(token), None);
        }
        let longest = Pepper::new("12345678", b"0123456789abcdef").unwrap();
        let token = longest.unsubscribe_token(&longest.contact("jo@example.com"));
        assert!(longest.open_unsubscribe_token(&token).is_some(), "{} bytes", token.len());
    }
}
