//! The token with which a shop's server says who a visitor is: a JWT (RFC 7519) signed with HS256, and nothing else.
//!
//! Header `{"alg": "HS256", "kid": "<id of the signing key>"}`; claims `sub` (the customer's id), `aud` (`beckon`), `exp` and
//! `iat` (seconds). It is read here; which key it was signed with, and whether that is live, its reader knows.

pub mod preview;

use crate::problem::Fault;
use beckon_domain::id::UserId;
use beckon_domain::key::is_hs256;
use beckon_domain::{DurationMs, Timestamp};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::future::Future;

/// Where a token is.
const POINTER: &str = "/context/beckon/token";
/// Bytes of a token at most: it names one person and one key.
const TOKEN_BYTES_MAX: usize = 2 * 1024;
/// Who a token must be for.
const AUDIENCE: &str = "beckon";
/// A token may end so far ahead at most: whoever gets hold of one has it for no longer.
const LIFE_MAX: DurationMs = DurationMs::from_hours(24);
/// The clock of who signs may be ahead of ours by so much.
const CLOCK_AHEAD_MAX: DurationMs = DurationMs::from_minutes(5);

/// Why a token proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenFault {
    /// It is no JWT of the form above.
    #[error("it is not a JWT with the header `kid` and the claims `sub`, `aud`, `exp` and `iat`")]
    Form,
    /// Another algorithm, `none` among them.
    #[error("its `alg` is not HS256")]
    Algorithm,
    /// No live signing key has its `kid`, or that key is of another source than the write key.
    #[error("its `kid` is no live token key of the write key's source")]
    Key,
    /// It was not signed with that key.
    #[error("its signature is not that of its key")]
    Signature,
    /// It is for somebody else.
    #[error("its `aud` is not `beckon`")]
    Audience,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// It would live for too long.
    #[error("its `exp` is more than 24 hours ahead")]
    TooLong,
    /// It is from the future.
    #[error("its `iat` or `nbf` is still to come")]
    NotYet,
    /// It names somebody else than the request does.
    #[error("its `sub` is not the userId that it was sent with")]
    OtherPerson,
}

impl From<TokenFault> for Fault {
    fn from(fault: TokenFault) -> Self {
        Self::new(POINTER, "token.invalid", format!("treated as without a token: {fault}"))
    }
}

impl TokenFault {
    /// Whether the same token may prove something later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::NotYet)
    }
}

#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    aud: Option<Value>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
    preview: Option<Map<String, Value>>,
}

/// A token whose signature nobody has looked at: all that may be used of it is which key to look at it with.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    /// The id of the signing key.
    pub kid: String,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Reads a token's header.
    ///
    /// # Errors
    /// When it is no JWT, or of another algorithm.
    pub fn parse(token: &'a str) -> Result<Self, TokenFault> {
        Self::parse_within(token, TOKEN_BYTES_MAX)
    }

    fn parse_within(token: &'a str, bytes_max: usize) -> Result<Self, TokenFault> {
        if token.len() > bytes_max {
            return Err(TokenFault::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenFault::Form)?;
        let header: Header = part(header)?;
        if header.alg.as_deref() != Some("HS256") {
            return Err(TokenFault::Algorithm);
        }
        // What must be understood and is not (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(TokenFault::Form);
        }
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| TokenFault::Form)?;
        Ok(Self { kid: header.kid.ok_or(TokenFault::Form)?, signed, claims, signature })
    }

    /// The customer that the token proves, given the text of the key that it names.
    ///
    /// # Errors
    /// When it was signed with another key, is not for us, or its time is over or still to come.
    pub fn verify(&self, secret: &str, now: Timestamp) -> Result<UserId, TokenFault> {
        let claims = self.verified(secret, AUDIENCE, now)?;
        claims.sub.and_then(|sub| UserId::new(sub.trim()).ok()).ok_or(TokenFault::Form)
    }

    /// The claims, once they are known to be those of the key's holder, for whom they must be, and of now.
    fn verified(&self, secret: &str, audience: &str, now: Timestamp) -> Result<Claims, TokenFault> {
        // Nothing is read of the claims before the signature holds.
        if !is_hs256(secret, self.signed, &self.signature) {
            return Err(TokenFault::Signature);
        }
        let claims: Claims = part(self.claims)?;
        let is_ours = match &claims.aud {
            Some(Value::String(aud)) => aud == audience,
            Some(Value::Array(all)) => all.iter().any(|aud| aud == audience),
            _ => false,
        };
        if !is_ours {
            return Err(TokenFault::Audience);
        }
        let (exp, iat) = (millis(claims.exp)?, millis(claims.iat)?);
        if exp <= now {
            return Err(TokenFault::Expired);
        }
        if exp > now + LIFE_MAX {
            return Err(TokenFault::TooLong);
        }
        let not_before = claims.nbf.map(|nbf| millis(Some(nbf))).transpose()?;
        if [Some(iat), not_before].into_iter().flatten().any(|at| at > now + CLOCK_AHEAD_MAX) {
            return Err(TokenFault::NotYet);
        }
        Ok(claims)
    }
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, TokenFault> {
    let json = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TokenFault::Form)?;
    // By way of a value: serde would take a list for the fields in their order.
    let value: Value = serde_json::from_slice(&json).map_err(|_| TokenFault::Form)?;
    if !value.is_object() {
        return Err(TokenFault::Form);
    }
    serde_json::from_value(value).map_err(|_| TokenFault::Form)
}

/// A time of a claim: seconds since 1970, which may have a fraction.
fn millis(seconds: Option<f64>) -> Result<Timestamp, TokenFault> {
    let seconds = seconds.filter(|s| (0.0..1e11).contains(s)).ok_or(TokenFault::Form)?;
    Ok(Timestamp::from_ms((seconds * 1_000.0) as i64))
}

/// The customer that a token proves. `secret_of` finds the text of the live key of a `kid`.
///
/// # Errors
/// When `secret_of` cannot say; within that, why the token proves nothing.
pub async fn prove<E, F>(
    token: &str,
    secret_of: impl FnOnce(String) -> F,
    now: Timestamp,
) -> Result<Result<UserId, TokenFault>, E>
where
    F: Future<Output = Result<Option<String>, E>>,
{
    let token = match Unverified::parse(token) {
        Ok(token) => token,
        Err(fault) => return Ok(Err(fault)),
    };
    let secret = secret_of(token.kid.clone()).await?;
    Ok(secret.ok_or(TokenFault::Key).and_then(|secret| token.verify(&secret, now)))
}

/// The token of an event or of a request's body: `context.beckon.token`, as text.
#[must_use]
pub fn of_body(json: &[u8]) -> Option<String> {
    // Nearly no event has one: then nothing is read a second time.
    const NAME: &[u8] = b"\"token\"";
    if !json.windows(NAME.len()).any(|window| window == NAME) {
        return None;
    }
    #[derive(Deserialize)]
    struct Body {
        context: Option<Context>,
    }
    #[derive(Deserialize)]
    struct Context {
        beckon: Option<Beckon>,
    }
    #[derive(Deserialize)]
    struct Beckon {
        token: Option<String>,
    }
    serde_json::from_slice::<Body>(json).ok()?.context?.beckon?.token
}

#[cfg(test)]
mod tests;
