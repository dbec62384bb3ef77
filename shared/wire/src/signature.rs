//! A signature over a body: who knows the key has sent exactly this, and just now.
//!
//! `Beckon-Signature: t=<unix seconds>,v1=<hex HMAC-SHA-256 over "<t>.<body>">`. The key is the secret write key
//! itself. More than one `v1` may stand there; one that fits is enough. What follows a repetition within the five
//! minutes is for the caller to make harmless.

use crate::problem::Fault;
use beckon_domain::{DurationMs, Timestamp};
use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header's name.
pub const SIGNATURE_HEADER: &str = "beckon-signature";
/// How far the signature's time may be from ours, either way.
pub const TOLERANCE: DurationMs = DurationMs::from_minutes(5);

fn mac(key: &str, seconds: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

/// The header's value for a body.
#[must_use]
pub fn sign(key: &str, at: Timestamp, body: &[u8]) -> String {
    let seconds = (at.as_ms() / 1_000).to_string();
    let digest = mac(key, &seconds, body).map(|mac| mac.finalize().into_bytes());
    format!("t={seconds},v1={}", digest.map(|digest| HEXLOWER_PERMISSIVE.encode(&digest)).unwrap_or_default())
}

/// Checks the header's value for the body as it was sent, before it is decompressed. The comparison takes the same time
/// wherever the two differ.
///
/// # Errors
/// `signature.missing` without a header of this form, `signature.invalid` when it is not of this body and key,
/// `signature.expired` when it is, but of another time.
pub fn verify(header: Option<&str>, key: &str, now: Timestamp, body: &[u8]) -> Result<(), Fault> {
    let fault = |code, detail: &str| Err(Fault::new("", code, detail));
    let parts = || header.unwrap_or_default().split(',').filter_map(|part| part.trim().split_once('='));
    let seconds = parts().find(|(name, _)| *name == "t").map(|(_, value)| value);
    let Some((text, seconds)) = seconds.and_then(|text| Some((text, text.parse::<i64>().ok()?))) else {
        return fault("signature.missing", "send Beckon-Signature: t=<unix seconds>,v1=<hex HMAC-SHA-256>");
    };
    let fits = |given: &str| {
        let given = HEXLOWER_PERMISSIVE.decode(given.as_bytes()).unwrap_or_default();
        mac(key, text, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    };
    if !parts().any(|(name, value)| name == "v1" && fits(value)) {
        return fault(
            "signature.invalid",
            "it is not the HMAC of `<t>.<body>` under the secret key that was sent",
        );
    }
    let away_ms = now.as_ms().abs_diff(seconds.saturating_mul(1_000));
    if away_ms > TOLERANCE.as_ms() {
        return fault(
            "signature.expired",
            "its time is more than five minutes from ours: sign when you send",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);
    const BODY: &[u8] = br#"{"order_id":"1001"}"#;

    fn code(header: &str, body: &[u8], at: Timestamp) -> Option<&'static str> {
        verify(Some(header), "sk_local", at, body).err().map(|fault| fault.code)
    }

    #[test]
    fn a_signature_is_what_openssl_makes_of_the_same() {
        // printf '%s' '1763800000.{"order_id":"1001"}' | openssl dgst -sha256 -hmac sk_local
        let known = "t=1763800000,v1=02cddae36ddf2f40fd19f9b8e01ba8b8bfb5f3d86bfd73672166e5b428d94ceb";
        assert_eq!(sign("sk_local", NOW, BODY), known);
        assert_eq!(code(known, BODY, NOW), None);
        assert_eq!(code(&known.replace("v1=", "v1=00,v1="), BODY, NOW), None, "one that fits is enough");
    }

    #[test]
    fn another_body_key_or_time_is_refused() {
        let header = sign("sk_local", NOW, BODY);
        assert_eq!(code(&header, br#"{"order_id":"1002"}"#, NOW), Some("signature.invalid"));
        assert_eq!(code(&sign("sk_other", NOW, BODY), BODY, NOW), Some("signature.invalid"));
        assert_eq!(code(&header.replace("1763800000", "1763800001"), BODY, NOW), Some("signature.invalid"));
        for at in [NOW - TOLERANCE, NOW + TOLERANCE] {
            assert_eq!(code(&header, BODY, at), None);
        }
        let late = NOW + TOLERANCE + DurationMs::from_ms(1);
        assert_eq!(code(&header, BODY, late), Some("signature.expired"));
        assert_eq!(code(&header, BODY, NOW - TOLERANCE - DurationMs::from_ms(1)), Some("signature.expired"));
    }

    #[test]
    fn what_is_no_signature_is_refused_and_never_a_panic() {
        for header in ["", "v1=00", "t=", "t=x,v1=00", "t=99999999999999999999,v1=00"] {
            assert_eq!(code(header, BODY, NOW), Some("signature.missing"), "{header}");
        }
        for header in
            ["t=1763800000", "t=1763800000,v1=", "t=1763800000,v1=zz", "t=-9223372036854775808,v1=00"]
        {
            assert_eq!(code(header, BODY, NOW), Some("signature.invalid"), "{header}");
        }
        assert_eq!(verify(None, "sk_local", NOW, BODY).err().map(|f| f.code), Some("signature.missing"));
    }
}
