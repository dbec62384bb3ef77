//! What tokens prove of the events that bring them.

use beckon_domain::Timestamp;
use beckon_domain::id::UserId;
use beckon_domain::key::{WriteKey, WriteKeyKind};
use beckon_runtime::{KeysUnavailable, Secrets};
use beckon_wire::capture::Body;
use beckon_wire::limits::EVENT_BYTES_MAX;
use beckon_wire::token::{self, TokenFault};

/// What the token of an event proves: nothing without one.
pub type Proof = Option<Result<UserId, TokenFault>>;

/// The proof of each event, by its own token or by that of the batch. A secret key proves more than any token: beside one
/// no token is looked at.
///
/// # Errors
/// When nobody can say whether a signing key is live.
pub async fn proofs(
    body: &Body<'_>,
    key: &WriteKey,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Vec<Proof>, KeysUnavailable> {
    if key.kind == WriteKeyKind::Secret {
        return Ok(vec![None; body.events.len()]);
    }
    let of_batch = body.context.get("beckon").and_then(|beckon| beckon["token"].as_str());
    let (mut proofs, mut last) = (Vec::with_capacity(body.events.len()), None);
    for event in &body.events {
        // One that is too large is refused, whoever sent it.
        let own = Some(event).filter(|event| event.len() <= EVENT_BYTES_MAX);
        let token = own.and_then(|event| token::of_body(event.as_bytes()));
        let token = token.or_else(|| of_batch.map(ToOwned::to_owned));
        // Events that come together are of one person, as a rule.
        match (token, &last) {
            (None, _) => proofs.push(None),
            (Some(token), Some((same, proof))) if token == *same => proofs.push(Some(Result::clone(proof))),
            (Some(token), _) => {
                let secret_of = async |kid: String| secrets.signing_secret(&kid, &key.source, now).await;
                let proof = token::prove(&token, secret_of, now).await?;
                proofs.push(Some(proof.clone()));
                last = Some((token, proof));
            }
        }
    }
    Ok(proofs)
}
