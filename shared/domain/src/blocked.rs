//! Ids that many people share by accident: placeholders that a badly wired client sends in place of a person's id.
//!
//! An id that thousands share would make them one person: their behaviour mixed, their carts one cart. Segment blocks
//! the first ones of this list too. Such an event is refused; nothing is guessed.

/// Texts that stand for nobody. Compared without regard to case, white space, quotes and brackets around them.
pub const PLACEHOLDERS: &[&str] = &[
    "-1",
    "null",
    "nil",
    "none",
    "nan",
    "undefined",
    "anonymous",
    "anonymous user",
    "anonymous_user",
    "guest",
    "guest user",
    "guest_user",
    "unknown",
    "not set",
    "not_set",
    "n/a",
    "test",
    "true",
    "false",
    "object object",
    "user_id",
    "userid",
    "anonymous_id",
    "anonymousid",
    // The largest UUID, and the ANDROID_ID that a whole series of phones has in common.
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "9774d56d682e549c",
];

/// Whether a text stands for nobody: one of a list of placeholders, nothing but zeros and dashes (the nil UUID), or a
/// template's variable that was never filled in (`{{ user.id }}`).
#[must_use]
pub fn is_blocked_person_id(text: &str) -> bool {
    let text = text.trim();
    let is_template = [("{{", "}}"), ("${", "}"), ("<%", "%>")]
        .iter()
        .any(|(a, b)| text.starts_with(a) && text.ends_with(b));
    let bare = text.trim_matches(|c: char| c.is_whitespace() || "\"'`[]{}()<>".contains(c));
    is_template
        || bare.bytes().all(|b| b == b'0' || b == b'-')
        || PLACEHOLDERS.iter().any(|placeholder| bare.eq_ignore_ascii_case(placeholder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AnonymousId, IdError, UserId};

    #[test]
    fn shared_placeholder_ids_are_blocked_and_real_ones_are_not() {
        let placeholders = [
            "0",
            "000-00",
            "00000000-0000-0000-0000-000000000000",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "null",
            "Undefined",
            " NaN ",
            "-1",
            "anonymous",
            "Guest",
            "test",
            "unknown",
            "[object Object]",
            "(not set)",
            "\"null\"",
            "{}",
            "{{ user.id }}",
            "${userId}",
            "<%= current_user.id %>",
        ];
        for id in placeholders {
            assert!(is_blocked_person_id(id), "{id}");
            assert_eq!(UserId::new(id), Err(IdError::Placeholder), "{id}");
            assert_eq!(AnonymousId::new(id), Err(IdError::Placeholder), "{id}");
        }
        for id in ["10", "u-0", "nullable", "a0", "tester", "guest-7", "-10", "user{1}", "1e0", "naomi"] {
            assert!(!is_blocked_person_id(id), "{id}");
            assert!(UserId::new(id).is_ok() && AnonymousId::new(id).is_ok(), "{id}");
        }
        assert_eq!(UserId::new(" "), Err(IdError::Empty));
    }
}
