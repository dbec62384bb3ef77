//! Contact data of an `identify`: it goes to ContactTable alone, and what is no address stays out of it.

use crate::limits::TEXT_BYTES_MAX;
use crate::problem::Fault;
use serde_json::{Map, Value};

/// Contact data of an `identify`: for ContactTable alone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContactTraits {
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
}

impl std::fmt::Debug for ContactTraits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactTraits(…)")
    }
}

impl ContactTraits {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads contact data; what cannot be used is left out, with a warning.
pub fn contact(traits: &Map<String, Value>, warnings: &mut Vec<Fault>) -> ContactTraits {
    let mut text = |names: &[&str], valid: &dyn Fn(&str) -> bool, expected: &str| {
        let (name, value) = names.iter().find_map(|name| Some((*name, traits.get(*name)?)))?;
        let text = value.as_str().map(str::trim).unwrap_or_default();
        if valid(text) && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control) {
            return Some(text.to_owned());
        }
        if !text.is_empty() || !(value.is_string() || value.is_null()) {
            warnings.push(Fault::new(
                format!("/traits/{name}"),
                "schema.value",
                format!("expected {expected}; left out"),
            ));
        }
        None
    };
    let any = |text: &str| !text.is_empty();
    ContactTraits {
        email: text(&["email"], &is_email, "an e-mail address"),
        phone: text(&["phone"], &any, "a telephone number"),
        first_name: text(&["firstName", "first_name"], &any, "a name"),
        last_name: text(&["lastName", "last_name"], &any, "a name"),
    }
}

/// Whether a text can be an address that mail is sent to. Deliberately narrower than RFC 5321: no quotes, no spaces,
/// no comments, nothing that could end a header.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let local_ok = (1..=64).contains(&local.len())
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    let host_ok = host.len() <= 253
        && host.contains('.')
        && host.split('.').all(|part| {
            !part.is_empty()
                && part.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !part.starts_with('-')
        });
    local_ok && host_ok && text.len() <= 254
}
