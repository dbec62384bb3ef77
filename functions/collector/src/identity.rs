//! Whose profile an event belongs to, by the key it was sent with. Nobody writes to another's profile.

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
    /// The customer it proves to be of (secret key, `identify` or `alias` with both ids).
    pub link: Option<ProfileKey>,
    /// The profile its contact data belongs to.
    pub contact: ProfileKey,
}

/// Addresses an event.
///
/// # Errors
/// `identity.unproven`: a publishable key cannot speak for a customer without the visitor's own id.
pub fn address(captured: &Captured, kind: WriteKeyKind, pepper: &Pepper) -> Result<Addressed, Fault> {
    let visitor = captured.anonymous.as_ref().map(|id| pepper.anonymous(id));
    let customer = captured.user.as_ref().map(|id| pepper.customer(id));
    match (kind, visitor, customer) {
        (WriteKeyKind::Publishable, Some(visitor), claim) => {
            Ok(Addressed { key: visitor.clone(), claim, link: None, contact: visitor })
        }
        (WriteKeyKind::Secret, Some(visitor), Some(customer)) if captured.identifies => {
            Ok(Addressed { key: visitor, claim: None, link: Some(customer.clone()), contact: customer })
        }
        (WriteKeyKind::Secret, _, Some(customer)) => {
            Ok(Addressed { key: customer.clone(), claim: None, link: None, contact: customer })
        }
        (WriteKeyKind::Secret, Some(visitor), None) => {
            Ok(Addressed { key: visitor.clone(), claim: None, link: None, contact: visitor })
        }
        (WriteKeyKind::Publishable, None, _) | (WriteKeyKind::Secret, None, None) => {
            let detail = "a publishable key speaks for the anonymousId it is sent with; a userId alone needs a secret key";
            Err(Fault::new("/userId", "identity.unproven", detail))
        }
    }
}
