//! What must not enter the stream: contact data, names, and anything that looks like an e-mail address.

use serde_json::{Map, Value};

/// Traits that are contact data or a person's name. They go to ContactTable or nowhere.
const CONTACT_TRAITS: &[&str] = &[
    "address",
    "avatar",
    "birthday",
    "email",
    "emailaddress",
    "facebook",
    "firstname",
    "fullname",
    "givenname",
    "id",
    "ip",
    "lastname",
    "mail",
    "mobile",
    "name",
    "phone",
    "phonenumber",
    "postalcode",
    "ssn",
    "street",
    "surname",
    "title",
    "twitter",
    "userid",
    "username",
    "zip",
];
/// Properties of events that name a person. A product's `name` is not among them.
const CONTACT_PROPERTIES: &[&str] = &[
    "address",
    "billingaddress",
    "email",
    "emailaddress",
    "firstname",
    "fullname",
    "ip",
    "lastname",
    "mail",
    "mobile",
    "phone",
    "phonenumber",
    "shippingaddress",
    "ssn",
    "street",
    "surname",
    "userid",
    "username",
];

/// Which of the two lists a name is held against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// Traits of a person.
    Traits,
    /// Properties of an event.
    Properties,
}

/// Whether a field's name says that it holds contact data or a name.
#[must_use]
pub fn is_personal_field(name: &str, of: Of) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let list = if of == Of::Traits { CONTACT_TRAITS } else { CONTACT_PROPERTIES };
    list.binary_search(&plain.as_str()).is_ok()
}

/// Whether a text contains something like `a@b.c`, percent-encoded or not.
#[must_use]
pub fn looks_like_email(text: &str) -> bool {
    let at = |sign: &str| {
        text.match_indices(sign).any(|(index, _)| {
            let before = text[..index].chars().next_back();
            let after: String = text[index + sign.len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || ".-".contains(*c))
                .collect();
            let host_has_dot = after.trim_matches('.').contains('.');
            before.is_some_and(|c| c.is_alphanumeric() || "._%+-".contains(c)) && host_has_dot
        })
    };
    at("@") || at("%40")
}

/// Ids shorter than this cannot be told from ordinary words and numbers within a text.
const ID_BYTES_MIN: usize = 4;

/// Whether a text carries an id, standing by itself between characters that are neither letters nor digits.
#[must_use]
pub fn mentions(text: &str, id: &str) -> bool {
    if id.len() < ID_BYTES_MIN || text.len() < id.len() {
        return false;
    }
    let (text, id) = (text.to_lowercase(), id.to_lowercase());
    text.match_indices(&id).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// A URL or path without its query, its fragment and the user and password before its host, which hold tokens and names;
/// `None` when what is left still looks like an address of e-mail, holds control characters, or begins with white space
/// that browsers take for a part of a path.
#[must_use]
pub fn without_query(url: &str) -> Option<String> {
    // So browsers read addresses (<https://url.spec.whatwg.org/#concept-basic-url-parser>).
    let url: String =
        url.trim_matches(|c| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (before, rest) = without_user(url[..end].trim_end());
    let host = rest.split(['/', '\\']).next().unwrap_or_default();
    let is_file = before.eq_ignore_ascii_case("file://");
    if !before.is_empty() && (host.is_empty() && !is_file || host.contains(';')) {
        return None;
    }
    // Parameters of a path's last part hold the id of a session.
    let rest = rest.split(';').next().unwrap_or_default();
    let kept = format!("{before}{rest}");
    let kept = kept.trim_end();
    let is_path = !kept.is_empty() && !kept.starts_with(char::is_whitespace);
    let is_clean = is_path && !kept.chars().any(char::is_control) && !looks_like_email(kept);
    is_clean.then(|| kept.to_owned())
}

/// An address in two parts between which its user and password stood: its scheme with the slashes, and the rest, which
/// begins with the host. Without a host the first part is empty.
fn without_user(url: &str) -> (&str, &str) {
    let scheme = url.find(':').map_or(0, |colon| colon + 1);
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let has_scheme = url.starts_with(|c: char| c.is_ascii_alphabetic())
        && url[..scheme].strip_suffix(':').is_some_and(|name| name.chars().all(of_scheme));
    let (name, after) = if has_scheme { url.split_at(scheme) } else { ("", url) };
    let is_web = ["http:", "https:", "ws:", "wss:", "ftp:"].contains(&&*name.to_lowercase());
    // Of a scheme that they do not know browsers take two slashes and no more; of one that they know, and of a page's own,
    // as many as there are of either kind.
    let is_other = has_scheme && !is_web;
    let is_slash = |c: char| c == '/' || (c == '\\' && !is_other);
    let all = after.len() - after.trim_start_matches(is_slash).len();
    let slashes = if is_other { all.min(2) } else { all };
    if !is_web && slashes < 2 {
        return ("", url);
    }
    let host = name.len() + slashes;
    let end = url[host..].find(is_slash).map_or(url.len(), |slash| host + slash);
    let user_end = url[host..end].rfind('@').map_or(host, |at| host + at + 1);
    (&url[..host], &url[user_end..])
}

/// The scalar fields of an object that may be kept: none that names a person by its field's name, none that looks
/// like an address, none equal to one of the person's ids.
pub fn keep<'a>(
    object: &'a Map<String, Value>,
    of: Of,
    ids: &'a [&'a str],
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.iter().filter(move |(name, value)| {
        let harmless = match value {
            Value::Bool(_) => true,
            Value::Number(number) => !ids.contains(&number.to_string().as_str()),
            Value::String(text) => {
                text.len() <= crate::limits::TEXT_BYTES_MAX
                    && !looks_like_email(text)
                    && !ids.contains(&text.trim())
                    && !text.chars().any(char::is_control)
            }
            _ => false,
        };
        harmless && !is_personal_field(name, of) && !looks_like_email(name) && name.len() <= 100
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_because_they_are_searched_by_halving() {
        assert!(CONTACT_TRAITS.is_sorted());
        assert!(CONTACT_PROPERTIES.is_sorted());
    }

    #[test]
    fn personal_fields_are_known_however_they_are_written() {
        for name in ["email", "E-Mail", "first_name", "lastName", "userId"] {
            assert!(is_personal_field(name, Of::Traits), "{name}");
        }
        assert!(is_personal_field("name", Of::Traits));
        assert!(!is_personal_field("name", Of::Properties), "products have names");
        assert!(!is_personal_field("plan", Of::Traits));
    }

    #[test]
    fn addresses_are_found_inside_texts_and_urls() {
        for text in ["jo@example.com", "to: jo.x+y@mail.example.co", "/reset/jo%40example.com/x"] {
            assert!(looks_like_email(text), "{text}");
        }
        for text in ["@home", "5 @ 3.50", "a@b", "user@", "100%40"] {
            assert!(!looks_like_email(text), "{text}");
        }
    }

    #[test]
    fn an_id_is_found_where_it_stands_by_itself() {
        for text in ["u-77a1", "/account/U-77a1/orders", "order of u-77a1", "u-77a1-1"] {
            assert!(mentions(text, "u-77a1"), "{text}");
        }
        for (text, id) in [("pu-77a10", "u-77a1"), ("5 tents", "5"), ("1234567", "2345"), ("", "abcd")] {
            assert!(!mentions(text, id), "{text}");
        }
    }

    #[test]
    fn urls_lose_their_query_and_stay_out_when_the_path_is_personal() {
        assert_eq!(without_query("https://a.example/x?e=1#f").as_deref(), Some("https://a.example/x"));
        assert_eq!(without_query("https://a.example/jo@example.com"), None);
        assert_eq!(without_query("?a=b"), None);
        assert_eq!(without_query("https\u{1}://a.example"), None);
        for no_host in ["https://a;b.example/x", "https:/@/jo@a.example/x", "https://"] {
            assert_eq!(without_query(no_host), None, "{no_host}");
        }
    }

    #[test]
    fn only_what_browsers_cut_off_an_address_is_cut_off_before_it_is_read() {
        assert_eq!(
            without_query("\u{1} https://jo:s@a.example/x \n").as_deref(),
            Some("https://a.example/x")
        );
        for a_path in ["\u{7f}https://jo:s@a.example/x", "\u{a0}https://jo:s@a.example/x", "\u{a0}"] {
            assert_eq!(without_query(a_path), None, "{a_path:?}");
        }
    }

    #[test]
    fn urls_lose_their_user_and_password_however_browsers_would_find_them() {
        for url in [
            "https://jo:secret@a.example/x",
            "https://jo@a.example/x;jsessionid=1",
            "https://jo;x:secret@a.example/x",
            "HTTPS://j@o:s@a.example/x",
            "ht\ntps://jo:s@a.example/x",
            "https:///jo:s@a.example/x",
            "https:jo:s@a.example/x",
        ] {
            let kept = without_query(url).unwrap_or_default();
            assert!(kept.ends_with("a.example/x") && !kept.contains(['@', 'j']), "{url}: {kept}");
        }
        for (url, kept) in [
            ("//jo:s@a.example/x", "//a.example/x"),
            ("https:\\\\jo@a.example\\x", "https:\\\\a.example\\x"),
            ("shop://jo@cart/7", "shop://cart/7"),
            ("shop://a\\jo@cart/7", "shop://cart/7"),
            ("file:///home/x", "file:///home/x"),
            ("https://a.example/@jo/x", "https://a.example/@jo/x"),
            ("/npm/@scope/x", "/npm/@scope/x"),
            ("shop:tent@2", "shop:tent@2"),
        ] {
            assert_eq!(without_query(url).as_deref(), Some(kept));
        }
    }
}
