//! Which language somebody reads, by what their browser says.

/// A language of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// English, and whoever reads neither.
    English,
    /// German.
    German,
}

impl Language {
    /// The tag of the language (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The preferred one of an `Accept-Language` header (RFC 9110, section 12.5.4).
    #[must_use]
    pub fn of(header: &str) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',').take(20) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let language = match tag.split('-').next().unwrap_or_default() {
                "de" => Self::German,
                "en" => Self::English,
                _ => continue,
            };
            let weight =
                parts.find_map(|parameter| parameter.trim().strip_prefix("q=")).map_or(1_000, thousandths);
            if weight > 0 && best.is_none_or(|(before, _)| weight > before) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::English, |(_, language)| language)
    }
}

/// A weight, `0` to `1` with up to three places, in thousandths. What is none counts for nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, places) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let places: u16 = format!("{places:0<3}").get(..3).and_then(|p| p.parse().ok()).unwrap_or_default();
    match whole {
        "1" => 1_000,
        "0" => places,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_most_weight_is_chosen_and_english_when_neither_is_read() {
        for (header, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("en-GB, de;q=0.5", Language::English),
            ("fr, de;q=0.2, en;q=0.1", Language::German),
            ("de;q=0, en;q=0.001", Language::English),
            ("en;q=0.3;x=1,DE ; q=0.31", Language::German),
            ("fr-FR", Language::English),
            ("", Language::English),
            ("*;q=0.5", Language::English),
            ("de;q=nonsense", Language::English),
        ] {
            assert_eq!(Language::of(header), language, "{header}");
        }
    }
}
