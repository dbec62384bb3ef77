//! The token of a preview: a JWT (HS256) with the audience `beckon-preview` and the claim `preview`. The shop's server signs it
//! with a token key of its own, or has it made with a secret key.

use super::{TokenFault, Unverified};
use crate::decisions::Preview;
use crate::problem::Fault;
use beckon_domain::Timestamp;
use beckon_domain::key::hs256;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use std::future::Future;

/// Whom a preview's token must be for.
const AUDIENCE: &str = "beckon-preview";
/// Bytes of a token at most.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The `kid` of tokens that are made with a secret key.
pub const MADE: &str = "preview";

/// The refusal of a preview that nothing vouches for.
#[must_use]
pub fn refused(fault: TokenFault) -> Fault {
    let why = match fault {
        TokenFault::Audience => format!("its `aud` is not `{AUDIENCE}`"),
        TokenFault::Form => {
            "it is not a JWT with `kid`, `aud`, `exp`, `iat` and a valid `preview`".to_owned()
        }
        fault => fault.to_string(),
    };
    Fault::new("/options/preview", "preview.invalid", format!("the token is not taken: {why}"))
}

/// What a token previews. `secrets_of` finds the texts of the live keys of a `kid`.
///
/// # Errors
/// When `secrets_of` cannot say; within that, why the token is not taken.
pub async fn prove<E, F>(
    token: &str,
    secrets_of: impl FnOnce(String) -> F,
    now: Timestamp,
) -> Result<Result<Preview, TokenFault>, E>
where
    F: Future<Output = Result<Vec<String>, E>>,
{
    let token = match Unverified::parse_within(token, TOKEN_BYTES_MAX) {
        Ok(token) => token,
        Err(fault) => return Ok(Err(fault)),
    };
    let secrets = secrets_of(token.kid.clone()).await?;
    let mut last = TokenFault::Key;
    for secret in secrets {
        match token.verified(&secret, AUDIENCE, now) {
            Ok(claims) => {
                let preview = claims.preview.ok_or(TokenFault::Form);
                return Ok(preview
                    .and_then(|preview| Preview::read(&preview, "/preview").map_err(|_| TokenFault::Form)));
            }
            Err(fault) => last = fault,
        }
    }
    Ok(Err(last))
}

/// Makes a token that is taken until `expires_at`.
#[must_use]
pub fn make(preview: &Map<String, Value>, secret: &str, now: Timestamp, expires_at: Timestamp) -> String {
    let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let header = part(json!({ "alg": "HS256", "typ": "JWT", "kid": MADE }));
    let (iat, exp) = (now.as_ms() / 1_000, expires_at.as_ms() / 1_000);
    let claims = part(json!({ "aud": AUDIENCE, "iat": iat, "exp": exp, "preview": preview }));
    let signed = format!("{header}.{claims}");
    let signature = BASE64URL_NOPAD.encode(&hs256(secret, &signed));
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::DurationMs;
    use std::convert::Infallible;

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

    fn made(life: DurationMs) -> String {
        make(json!({ "persona": {} }).as_object().unwrap(), "right", NOW, NOW + life)
    }

    async fn proven(token: &str, secrets: &[&str], now: Timestamp) -> Result<Preview, TokenFault> {
        let secrets = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let proven = prove(token, async |_| Ok::<Vec<String>, Infallible>(secrets), now).await;
        let Ok(proven) = proven;
        proven
    }

    fn now_or_never<T>(future: impl Future<Output = T>) -> T {
        use std::task::{Context, Poll, Waker};
        match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits for nothing"),
        }
    }

    #[test]
    fn a_token_is_taken_with_its_key_until_its_time_is_over() {
        let token = made(DurationMs::from_hours(1));
        assert!(now_or_never(proven(&token, &["older", "right"], NOW)).unwrap().persona.is_some());
        assert_eq!(now_or_never(proven(&token, &["other"], NOW)), Err(TokenFault::Signature));
        assert_eq!(now_or_never(proven(&token, &[], NOW)), Err(TokenFault::Key));
        let later = NOW + DurationMs::from_hours(1);
        assert_eq!(now_or_never(proven(&token, &["right"], later)), Err(TokenFault::Expired));
        let long = made(DurationMs::from_hours(25));
        assert_eq!(now_or_never(proven(&long, &["right"], NOW)), Err(TokenFault::TooLong));
    }

    #[test]
    fn what_says_who_somebody_is_previews_nothing_and_the_other_way_round() {
        let token = made(DurationMs::from_hours(1));
        let unverified = Unverified::parse(&token).unwrap();
        assert_eq!(unverified.verify("right", NOW), Err(TokenFault::Audience));
    }
}
