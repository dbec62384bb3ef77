//! Links that stand in templates as they are: each gets the place for the id of its mail.

use crate::link::DECISION_ID;

/// Ends of a link in a text.
const ENDS: [char; 8] = ['<', '>', '"', '\'', ')', ']', '|', '`'];

/// HTML in which each literal `href="https://..."` carries the id.
pub(crate) fn mark_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut rest = html;
    while let Some(at) = rest.find("href=\"https://") {
        let (before, link) = rest.split_at(at + "href=\"".len());
        let end = link.find('"').unwrap_or(link.len());
        let (link, after) = link.split_at(end);
        out.push_str(before);
        out.push_str(&with_id(link, "&amp;"));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A text in which each literal `https://...` carries the id.
pub(crate) fn mark_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        let (before, from) = rest.split_at(at);
        let (link, after) = from.split_at(end(from));
        out.push_str(before);
        out.push_str(&with_id(link, "&"));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whatever looks like an address with a scheme in a text.
pub(crate) fn in_text(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || ENDS.contains(&c)).filter(|word| word.contains("://")).map(
        |word| {
            let start = word.find("://").unwrap_or_default();
            let begin = word.get(..start).unwrap_or_default().rfind(|c: char| !c.is_ascii_alphanumeric());
            word.get(begin.map_or(0, |at| at + 1)..)
                .unwrap_or(word)
                .trim_end_matches(['.', ',', ';', '!', '?'])
        },
    )
}

fn end(link: &str) -> usize {
    let end = link.find(|c: char| c.is_whitespace() || ENDS.contains(&c)).unwrap_or(link.len());
    link.get(..end).map_or(end, |link| link.trim_end_matches(['.', ',', ';', '!', '?']).len())
}

fn with_id(link: &str, and: &str) -> String {
    if link.contains("decision_id=") {
        return link.to_owned();
    }
    let (address, fragment) = link.split_at(link.find('#').unwrap_or(link.len()));
    let sign = if address.contains('?') { and } else { "?" };
    format!("{address}{sign}{DECISION_ID}={{{{ decision_id }}}}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_links_get_the_place_for_the_id_and_variables_do_not() {
        assert_eq!(
            mark_html(
                r#"<a href="https://s.example/h?a=1#b">x</a><a href="{{ cart_url }}"><img src="https://s.example/i">"#
            ),
            r#"<a href="https://s.example/h?a=1&amp;decision_id={{ decision_id }}#b">x</a><a href="{{ cart_url }}"><img src="https://s.example/i">"#
        );
        assert_eq!(
            mark_text("Help (https://s.example/help). {{ cart_url }}\nhttps://s.example/a, b"),
            "Help (https://s.example/help?decision_id={{ decision_id }}). {{ cart_url }}\n\
             https://s.example/a?decision_id={{ decision_id }}, b"
        );
        assert_eq!(
            in_text("see (https://a.example/b). x:ftp://c").collect::<Vec<_>>(),
            ["https://a.example/b", "ftp://c"]
        );
    }
}
