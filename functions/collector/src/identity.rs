//! Whose profile an event belongs to, by the key and the token it was sent with. Nobody writes to another's profile.

use beckon_domain::id::UserId;
use beckon_domain::key::WriteKeyKind;
use beckon_domain::{Pepper, ProfileKey};
use beckon_wire::capture::Captured;
use beckon_wire::problem::Fault;

/// Where an event goes, and what it proves or claims.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addressed {
    /// The profile it is applied to.
    pub key: ProfileKey,
    /// The customer it claims to be of (publishable key): kept, not believed.
    pub claim: Option<ProfileKey>,
    /// The customer it proves to be of (secret key or token, `identify` or `alias` with both ids).
    pub link: Option<ProfileKey>,
    /// The profile its contact data belongs to.
    pub contact: ProfileKey,
    /// Whether a secret key or a token vouches for what it says.
    pub is_proven: bool,
}

/// Addresses an event. `proof` is the customer whom the shop's server vouched for, by a token.
///
/// # Errors
/// `identity.unproven`: a publishable key cannot speak for a customer without the visitor's own id or a token.
pub fn address(
    captured: &Captured,
    kind: WriteKeyKind,
    proof: Option<&UserId>,
    pepper: &Pepper,
) -> Result<Addressed, Fault> {
    let visitor = captured.anonymous.as_ref().map(|id| pepper.anonymous(id));
    let customer = captured.user.as_ref().map(|id| pepper.customer(id));
    let is_secret = kind == WriteKeyKind::Secret;
    let is_proven = is_secret || proof.is_some_and(|proof| captured.user.as_ref() == Some(proof));
    match (visitor, customer) {
        (Some(visitor), Some(customer)) if is_proven && captured.identifies => {
            let (link, contact) = (Some(customer.clone()), customer);
            Ok(Addressed { key: visitor, claim: None, link, contact, is_proven })
        }
        // A token changes nothing of where the other events of a visitor go: one that is sent again after its token has
        // ended must meet itself, and count once.
        (_, Some(customer)) if is_secret => Ok(Addressed::of(customer, None, is_proven)),
        (Some(visitor), claim) => {
            let claim = claim.filter(|_| !is_secret);
            Ok(Addressed::of(visitor, claim, is_secret))
        }
        (None, Some(customer)) if is_proven => Ok(Addressed::of(customer, None, is_proven)),
        (None, _) => {
            let detail = "a publishable key speaks for the anonymousId it is sent with; a userId alone needs a token or a secret key";
            Err(Fault::new("/userId", "identity.unproven", detail))
        }
    }
}

impl Addressed {
    fn of(key: ProfileKey, claim: Option<ProfileKey>, is_proven: bool) -> Self {
        Self { contact: key.clone(), key, claim, link: None, is_proven }
    }
}
