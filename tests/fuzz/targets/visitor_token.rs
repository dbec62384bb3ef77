//! Any bytes as a token, and as the claims of one that is signed: never a panic, and nothing that the key did not sign proves
//! anything.
#![no_main]

use beckon_domain::Timestamp;
use beckon_domain::key::hs256;
use beckon_wire::token::{TokenFault, Unverified};
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "ts_the-key-of-a-shop";
const HEADER: &[u8] = br#"{"alg":"HS256","kid":"key_a"}"#;
const NOW_MS: i64 = 1_763_800_000_000;
const DAY_MS: i64 = 86_400_000;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        as_it_is(text);
    }
    let token = signed(bytes);
    if verified(&token, SECRET, NOW_MS).is_err() {
        return;
    }
    assert_eq!(verified(&token, "ts_another-key", NOW_MS), Err(TokenFault::Signature));
    assert_eq!(
        verified(&token, SECRET, NOW_MS + DAY_MS),
        Err(TokenFault::Expired),
        "it lives for a day at most"
    );
    for forged in forgeries(&token) {
        assert!(verified(&forged, SECRET, NOW_MS).is_err(), "accepted though it was changed: {forged}");
    }
});

/// A text that came from outside: what is accepted of it, the key has signed.
fn as_it_is(text: &str) {
    if verified(text, SECRET, NOW_MS).is_ok() {
        let (signed, signature) = text.rsplit_once('.').expect("an accepted token has a signature");
        let right = BASE64URL_NOPAD.encode(&hs256(SECRET, signed));
        assert_eq!(signature, right, "accepted without the signature of its key");
    }
}

fn signed(claims: &[u8]) -> String {
    let signed = format!("{}.{}", BASE64URL_NOPAD.encode(HEADER), BASE64URL_NOPAD.encode(claims));
    let signature = BASE64URL_NOPAD.encode(&hs256(SECRET, &signed));
    format!("{signed}.{signature}")
}

fn verified(token: &str, secret: &str, now_ms: i64) -> Result<String, TokenFault> {
    let unverified = Unverified::parse(token)?;
    let user = unverified.verify(secret, Timestamp::from_ms(now_ms))?;
    Ok(user.as_str().to_owned())
}

/// The token with one sign changed, at every place; with its last sign cut off; and without a signature.
fn forgeries(token: &str) -> Vec<String> {
    let changed = (0..token.len()).map(|at| {
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    });
    let (rest, _) = token.rsplit_once('.').expect("a token has a signature");
    changed.chain([token[..token.len() - 1].to_owned(), format!("{rest}."), rest.to_owned()]).collect()
}
