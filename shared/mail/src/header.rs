//! Texts of headers: a line break in one would be another header.

use crate::text::is_unseen;
use std::fmt;

/// The longest text of a header, in bytes. RFC 5322 allows 998 for a line; encoding makes a text longer.
pub const HEADER_BYTES_MAX: usize = 600;
/// Bytes of text in one encoded word (RFC 2047, section 2: 75 characters with its frame, three letters of four in base64).
const WORD_BYTES_MAX: usize = 45;

/// Why a text cannot be a header's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HeaderFault {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// Longer than a header may be.
    #[error("it has {0} bytes, and {HEADER_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// A line break would begin another header, and other control characters are no text.
    #[error("it has the control character U+{0:04X}")]
    Control(u32),
    /// It would show another text than it holds.
    #[error("it has U+{0:04X}, which nobody sees or which turns the direction of what is beside it")]
    Unseen(u32),
    /// An address that is none, or more than one.
    #[error("the address is not one e-mail address")]
    Address,
}

/// A text that may stand in a header: one line, nothing unseen, not too long. SES encodes what is not ASCII.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeaderText(String);

impl HeaderText {
    /// Takes a text as it is, or not at all.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: impl Into<String>) -> Result<Self, HeaderFault> {
        let text = text.into();
        if text.trim().is_empty() {
            return Err(HeaderFault::Empty);
        }
        if text.len() > HEADER_BYTES_MAX {
            return Err(HeaderFault::TooLong(text.len()));
        }
        for c in text.chars() {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                return Err(HeaderFault::Control(u32::from(c)));
            }
            if is_unseen(c) {
                return Err(HeaderFault::Unseen(u32::from(c)));
            }
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, moved out.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address with a display name (RFC 5322, section 3.4): quoted, or encoded words (RFC 2047) where it is not ASCII,
/// because SES takes addresses as they are. Without a name, the address alone.
///
/// # Errors
/// When the name cannot stand in a header, or the address is not one plain ASCII address.
pub fn mailbox(name: Option<&HeaderText>, address: &str) -> Result<HeaderText, HeaderFault> {
    let is_plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
    let parts = address.split_once('@').filter(|(local, host)| !local.is_empty() && !host.contains('@'));
    if !address.chars().all(is_plain) || parts.is_none_or(|(_, host)| host.is_empty()) {
        return Err(HeaderFault::Address);
    }
    let Some(name) = name else { return HeaderText::new(address) };
    if name.0.is_ascii() {
        let quoted = name.0.replace('\\', "\\\\").replace('"', "\\\"");
        return HeaderText::new(format!("\"{quoted}\" <{address}>"));
    }
    HeaderText::new(format!("{} <{address}>", encoded_words(&name.0)))
}

fn encoded_words(text: &str) -> String {
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in text.chars() {
        if word.len() + c.len_utf8() > WORD_BYTES_MAX {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let encode = |word: &String| format!("=?UTF-8?B?{}?=", data_encoding::BASE64.encode(word.as_bytes()));
    words.iter().map(encode).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_begin_another_header_is_refused() {
        for (text, fault) in [
            ("a\r\nBcc: x@y.example", HeaderFault::Control(13)),
            ("a\nb", HeaderFault::Control(10)),
            ("a\u{2028}b", HeaderFault::Control(0x2028)),
            ("a\u{85}b", HeaderFault::Control(0x85)),
            ("a\0", HeaderFault::Control(0)),
            ("\u{202e}moc", HeaderFault::Unseen(0x202e)),
            ("a\u{200b}b", HeaderFault::Unseen(0x200b)),
            ("  ", HeaderFault::Empty),
        ] {
            assert_eq!(HeaderText::new(text), Err(fault), "{text:?}");
        }
        assert_eq!(HeaderText::new("x".repeat(601)), Err(HeaderFault::TooLong(601)));
        assert_eq!(HeaderText::new("Grüße 👋").unwrap().as_str(), "Grüße 👋");
    }

    #[test]
    fn a_display_name_is_one_name_to_who_reads_the_header() {
        let of = |name: &str| mailbox(Some(&HeaderText::new(name).unwrap()), "shop@shop.example").unwrap().0;
        assert_eq!(of("Shop, Ltd."), "\"Shop, Ltd.\" <shop@shop.example>");
        assert_eq!(
            of("a\" <evil@evil.example>, \"b"),
            r#""a\" <evil@evil.example>, \"b" <shop@shop.example>"#
        );
        let long = "Bücher und Spiele für Großeltern, Enkel und alle dazwischen";
        for name in ["Müller & Söhne", long, "a\" <evil@evil.example>, ü"] {
            let raw = format!("From: {}\r\n\r\n", of(name));
            let parsed = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
            let from = parsed.from().unwrap();
            assert_eq!(from.iter().count(), 1, "{raw}");
            let from = from.first().unwrap();
            assert_eq!((from.name(), from.address()), (Some(name), Some("shop@shop.example")), "{raw}");
        }
        for address in ["", "a", "a@b@c", "a@b, c@d", "a b@c", "<a@b>", "jö@b", "a@", "@b", "a\r\n@b"] {
            assert_eq!(mailbox(None, address), Err(HeaderFault::Address), "{address:?}");
        }
    }
}
