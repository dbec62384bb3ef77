//! How a caller presents a write key: as the user of HTTP Basic (what Segment's SDKs do), or in the body.

use data_encoding::BASE64;

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
