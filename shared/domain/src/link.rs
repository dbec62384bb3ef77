//! Web addresses, as far as it matters whether they may stand in a page or a mail.

/// Whether a text is a web address that may stand in a link: other schemes run code, and quotes or spaces end
/// attributes.
#[must_use]
pub fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let has_scheme = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let is_forbidden = |c: char| c.is_control() || c.is_whitespace() || "\"'<>\\`{}|^".contains(c);
    has_scheme
        && host.chars().next().is_some_and(char::is_alphanumeric)
        && !host.contains('@')
        && !text.contains(is_forbidden)
}

#[cfg(test)]
mod tests {
    use super::is_web_address;

    #[test]
    fn only_what_may_stand_in_a_link_is_an_address() {
        for good in ["https://shop.example/p/1?a=b#c", "http://localhost:3000", "HTTPS://shop.example"] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "//shop.example/x",
            "https://",
            "https:///path",
            "https://a b",
            "https://a.example/\"onclick=",
            "ftp://a.example",
            "https://name@evil.example",
            "/relative",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}
