//! Texts that strangers may have written, made harmless for a line of a mail.

/// Marks over one letter that are kept: no script needs more, and a tower of them covers its neighbours.
const MARKS_MAX: usize = 3;

/// One line of at most so many characters: control characters, direction overrides and what nobody can see would let a
/// name forge what stands beside it. What joins two signs of a script or of an emoji is kept between them.
#[must_use]
pub fn one_line(text: &str, chars_max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(4 * chars_max));
    let mut chars = text.chars().peekable();
    let mut mark_count = 0;
    while let Some(c) = chars.next() {
        let c = if c.is_whitespace() || is_blank(c) { ' ' } else { c };
        let last = clean.chars().next_back();
        if c == ' ' {
            if last.is_some_and(|last| last != ' ') {
                clean.push(c);
            }
        } else if is_joiner(c) {
            let joins = |c: char| !c.is_ascii() && !c.is_whitespace() && !is_joiner(c) && !is_unseen(c);
            if last.is_some_and(joins) && chars.peek().copied().is_some_and(joins) {
                clean.push(c);
            }
        } else if is_mark(c) {
            mark_count += 1;
            if mark_count <= MARKS_MAX && last.is_some_and(|last| last != ' ') {
                clean.push(c);
            }
            continue;
        } else if !c.is_control() && !is_unseen(c) {
            clean.push(c);
        }
        mark_count = 0;
    }
    let clean = clean.trim();
    if clean.chars().count() <= chars_max {
        return clean.to_owned();
    }
    let mut cut: String = clean.chars().take(chars_max.saturating_sub(1)).collect();
    while cut.ends_with(|c| is_joiner(c) || is_mark(c) || c == ' ') {
        cut.pop();
    }
    cut.push('…');
    cut
}

/// Characters that change the direction of their neighbours (Unicode's bidirectional controls).
#[must_use]
pub const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that nobody sees, without those that join (`is_joiner`): of Unicode's default ignorables, noncharacters
/// and private use.
#[must_use]
pub const fn is_unseen(c: char) -> bool {
    is_bidi_control(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}')
}

/// What joins two signs, or keeps them apart: emoji of several people, Persian, the scripts of India.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A blank that is no white space by name.
const fn is_blank(c: char) -> bool {
    matches!(c, '\u{2800}')
}

/// A mark over or under the letter before it, and the sign that makes an emoji of what is before it.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{34e}' | '\u{350}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe0f}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether a mail program could make a link of a text: an address with a scheme, or a word with a dot between letters
/// (`evil.example`), whatever the dot looks like. Ask it of a text that was cleaned by [`one_line`].
#[must_use]
pub fn looks_like_link(text: &str) -> bool {
    const SCHEMES: [&str; 6] = ["mailto:", "tel:", "sms:", "javascript:", "data:", "www."];
    let lower = text.to_lowercase().replace(['．', '。', '｡', '\u{2024}'], ".").replace('／', "/");
    lower.contains("://")
        || SCHEMES.iter().any(|scheme| lower.contains(scheme))
        || lower.match_indices('.').any(|(at, _)| is_between_letters(&lower, at))
        || lower.split_whitespace().any(is_numbered_host)
}

/// Whether a dot stands behind a letter or digit and before two letters: what may follow them does not matter.
fn is_between_letters(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let mut after = after.chars().skip(1);
    let begins = [after.next(), after.next()].iter().all(|c| c.is_some_and(char::is_alphabetic));
    begins && before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || "-_)]}".contains(c))
}

/// `192.0.2.1/x`: four numbers, and a path behind them.
fn is_numbered_host(word: &str) -> bool {
    let Some((host, _)) = word.split_once('/') else { return false };
    let mut parts = host.split('.');
    parts.clone().count() == 4 && parts.all(|part| part.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forges_or_hides_is_taken_out_and_what_is_written_stays() {
        let cases = [
            ("a\r\nBcc:\tb", "a Bcc: b"),
            ("\u{202e}gnp.exe\u{202c}", "gnp.exe"),
            ("e\u{200b}v\u{ad}i\u{feff}l", "evil"),
            ("e\u{200d}vil", "evil"),
            ("\u{e0041}tag\u{e007f}", "tag"),
            ("   wide\u{3000}\u{2800}\u{2003} gap  ", "wide gap"),
            ("Zelt für 2 – «Föhn» 東京 ☕\u{fe0f}", "Zelt für 2 – «Föhn» 東京 ☕\u{fe0f}"),
            ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("\u{200d}x\u{200d}", "x"),
        ];
        for (text, clean) in cases {
            assert_eq!(one_line(text, 80), clean, "{text:?}");
        }
        let tower = format!("e{}", "\u{301}".repeat(50));
        assert_eq!(one_line(&tower, 80).chars().count(), 1 + MARKS_MAX);
        assert_eq!(one_line(&"x".repeat(100), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(one_line(&"👨\u{200d}".repeat(9), 7).chars().next_back(), Some('…'));
    }

    #[test]
    fn what_a_mail_program_would_link_is_found_in_every_disguise() {
        for text in [
            "https://evil.example/win",
            "evil.example",
            "(evil.example)!",
            "www.evil",
            "Evil．Example",
            "evil。example",
            "jo@evil.example",
            "mailto:jo",
            "192.0.2.1/x",
            "evil.xn--p1ai",
            "evil.example:8080",
            "x|evil.example|y",
            "JavaScript:alert(1)",
            "evil.example]",
            "evil.example--x",
            "evil.example2",
            "tel:+1",
        ] {
            assert!(looks_like_link(text), "{text}");
        }
        for text in
            ["Mat, 2.5 cm", "Mat 2.5cm", "St. John's jacket", "No. 5", "1.234,50", "v1.2.3.4", "Tent 3/4"]
        {
            assert!(!looks_like_link(text), "{text}");
        }
        assert!(looks_like_link(&one_line("evil.\u{200b}example", 80)), "once it is clean");
    }
}
