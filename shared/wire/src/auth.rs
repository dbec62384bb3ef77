//! How a caller presents a write key: as the user of HTTP Basic (what Segment's SDKs do), or in the body; and from where.

use crate::problem::{Fault, Problem};
use axum::http::{HeaderMap, header};
use beckon_domain::key::{WriteKey, WriteKeyKind};
use data_encoding::BASE64;

/// What the headers of a request say of who sends it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Credentials {
    /// The user of Basic auth.
    pub user: Option<String>,
    /// The origin of the page that asks. Browsers send it, and no page can change it; a program may send anything.
    pub origin: Option<String>,
}

impl Credentials {
    /// Reads the headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let user = text(header::AUTHORIZATION).and_then(basic_user);
        Self { user, origin: text(header::ORIGIN).map(ToOwned::to_owned) }
    }

    /// Those of a caller that is no page.
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        Self { user: Some(key.to_owned()), origin: None }
    }

    /// Whether the key may be used from there; what to tell whoever uses it where it does not belong.
    ///
    /// # Errors
    /// 403 `origin.not_allowed`: the page's origin is not on the key's list.
    pub fn admit(&self, key: &WriteKey) -> Result<Option<Fault>, Problem> {
        if !key.allows(self.origin.as_deref()) {
            let detail = "this key may not be used by pages of this origin: add the origin, or send the key of this shop";
            return Err(Problem::forbidden(detail).with(Fault::new("", "origin.not_allowed", detail)));
        }
        let is_shown = self.origin.is_some() && key.kind == WriteKeyKind::Secret;
        let detail =
            "a secret key came from a page, where anybody can read it: revoke it, and send a publishable one";
        Ok(is_shown.then(|| Fault::new("/writeKey", "key.secret_in_browser", detail)))
    }
}

/// The user of a `Basic` authorization header; `None` when there is none or it cannot be read.
#[must_use]
pub fn basic_user(header: &str) -> Option<String> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(credentials.trim().as_bytes()).ok()?).ok()?;
    let user = decoded.split_once(':').map_or(decoded.as_str(), |(user, _)| user);
    Some(user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_basic_auth_is_the_key_with_or_without_a_colon() {
        for credentials in ["pk_local:", "pk_local", "pk_local:ignored"] {
            let header = format!("Basic {}", BASE64.encode(credentials.as_bytes()));
            assert_eq!(basic_user(&header).as_deref(), Some("pk_local"));
        }
        for header in ["", "Basic", "Bearer abc", "Basic ###", "Basic //79"] {
            assert_eq!(basic_user(header), None, "{header}");
        }
    }
}
