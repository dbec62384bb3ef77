//! The origin of a page, as browsers send it in the header `Origin` (RFC 6454).

use super::KeyError;
use std::fmt;

/// Bytes of an origin at most.
const BYTES_MAX: usize = 200;

/// Where a page comes from: `https://shop.example`, `http://localhost:3000`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Origin(String);

impl Origin {
    /// Parses an origin: a scheme and a host, with a port where it is not the scheme's own. Letters become lower case, as
    /// browsers send them; one slash at the end is left out.
    ///
    /// # Errors
    /// When it is anything else: a path, a wildcard, a name without a scheme.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_suffix('/').unwrap_or(&text);
        let (scheme, host) = text.split_once("://").ok_or(KeyError::Origin)?;
        let host = match scheme {
            "https" => host.strip_suffix(":443").unwrap_or(host),
            "http" => host.strip_suffix(":80").unwrap_or(host),
            _ => host,
        };
        let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let host_ok = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]_".contains(&b));
        if scheme_ok && host_ok && text.len() <= BYTES_MAX {
            Ok(Self(format!("{scheme}://{host}")))
        } else {
            Err(KeyError::Origin)
        }
    }

    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_as_browsers_send_it() {
        for (typed, sent) in [
            ("https://Shop.example/", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(Origin::new(typed).unwrap().as_str(), sent);
        }
        for bad in [
            "",
            "*",
            "null",
            "shop.example",
            "https://",
            "https://*.shop.example",
            "https://a/b",
            "https://a@b",
        ] {
            assert_eq!(Origin::new(bad), Err(KeyError::Origin), "{bad}");
        }
    }
}
