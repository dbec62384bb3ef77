//! Languages of mails: which one a person gets, and how its texts are found.

use std::fmt;

/// A language, with a region or without: `de`, `de-CH`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Locale(String);

impl Locale {
    /// Reads a BCP 47 tag as clients write them (`de-CH`, `de_CH.UTF-8`, `zh-Hant-TW`): language and region are kept.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().split(['.', '@']).next().unwrap_or_default();
        let mut parts = text.split(['-', '_']);
        let language =
            parts.next().filter(|l| matches!(l.len(), 2 | 3) && is_letters(l))?.to_ascii_lowercase();
        let region = parts.find(|part| part.len() == 2 && is_letters(part));
        Some(Self(
            region.map_or_else(|| language.clone(), |r| format!("{language}-{}", r.to_ascii_uppercase())),
        ))
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without its region.
    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.0.split_once('-').map(|(_, region)| region)
    }

    /// The language as a locale of its own.
    #[must_use]
    pub fn without_region(&self) -> Self {
        Self(self.language().to_owned())
    }

    /// This, and the same language without a region.
    pub(crate) fn chain(&self) -> [Self; 2] {
        [self.clone(), self.without_region()]
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_letters(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_read_as_clients_write_them() {
        for (text, locale) in [
            ("de-CH", Some("de-CH")),
            ("de_ch.UTF-8", Some("de-CH")),
            ("DE", Some("de")),
            ("zh-Hant-TW", Some("zh-TW")),
            ("en-US-u-ca-buddhist", Some("en-US")),
            ("", None),
            ("C", None),
            ("d1", None),
            ("germany", None),
        ] {
            assert_eq!(Locale::parse(text).as_ref().map(Locale::as_str), locale, "{text}");
        }
    }
}
