//! HS256 (RFC 7518, section 3.2): HMAC-SHA-256 under the bytes of a signing key's text.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The signature of a text.
#[must_use]
pub fn hs256(secret: &str, signed: &str) -> [u8; 32] {
    // HMAC takes keys of any length, so the error case cannot arise; zeros would still be no signature of anything.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return [0; 32] };
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Whether `signature` is that of a text. Takes the same time wherever it differs.
#[must_use]
pub fn is_hs256(secret: &str, signed: &str, signature: &[u8]) -> bool {
    bool::from(hs256(secret, signed).as_slice().ct_eq(signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn a_signature_is_that_of_rfc_4231_and_no_other() {
        let signature = hs256("Jefe", "what do ya want for nothing?");
        assert_eq!(
            HEXLOWER.encode(&signature),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(is_hs256("Jefe", "what do ya want for nothing?", &signature));
        assert!(!is_hs256("Jefe", "what do ya want for nothing!", &signature));
        assert!(!is_hs256("Jefe", "what do ya want for nothing?", &signature[..16]), "no prefix");
        assert!(!is_hs256("Jefe", "what do ya want for nothing?", &[]));
    }
}
