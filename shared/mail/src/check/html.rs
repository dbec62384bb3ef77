//! The tags of a mail's HTML, read as far as links and their places need it. Conditional comments for Outlook are read
//! like everything else, because Outlook does.

/// A start tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tag {
    /// Lower case.
    pub(crate) name: String,
    /// Names in lower case, values without entities.
    pub(crate) attributes: Vec<(String, String)>,
    /// The text of a style sheet, for `<style>`.
    pub(crate) style: String,
}

/// Start tags, in their order.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let (mut tags, mut rest) = (Vec::new(), html);
    while let Some(at) = rest.find('<') {
        let from = rest.get(at + 1..).unwrap_or_default();
        if let Some(comment) = from.strip_prefix("!--") {
            // `<!--[if mso]>` opens a part that Outlook reads; any other comment ends at its end.
            let is_condition =
                comment.starts_with('[') || comment.starts_with(">") || comment.starts_with("<!");
            let end = if is_condition { ">" } else { "-->" };
            rest = after(comment, end);
        } else if from.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (mut tag, after_tag) = tag(from);
            rest = after_tag;
            if tag.name == "style" {
                let end = rest.find("</style").unwrap_or(rest.len());
                tag.style = rest.get(..end).unwrap_or_default().to_owned();
                rest = rest.get(end..).unwrap_or_default();
            }
            tags.push(tag);
        } else {
            rest = from;
        }
    }
    tags
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).and_then(|at| text.get(at + end.len()..)).unwrap_or_default()
}

/// One tag, from its name on, and what follows it.
fn tag(text: &str) -> (Tag, &str) {
    let is_end = |c: char| c.is_whitespace() || c == '>' || c == '/';
    let (name, mut rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after_tag) = rest.strip_prefix('>') {
            rest = after_tag;
            break;
        }
        let end = rest.find(|c: char| is_end(c) || c == '=').unwrap_or(rest.len()).max(1);
        let (attribute, after_name) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let attribute = attribute.to_ascii_lowercase();
        let Some(value) = after_name.trim_start().strip_prefix('=') else {
            attributes.push((attribute, String::new()));
            rest = after_name;
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c));
        let (value, after_value) = match quote {
            Some(quote) => value.get(1..).unwrap_or_default().split_once(quote).unwrap_or((value, "")),
            None => {
                value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len()))
            }
        };
        attributes.push((attribute, decoded(value)));
        rest = after_value;
    }
    (Tag { name: name.to_ascii_lowercase(), attributes, style: String::new() }, rest)
}

/// A value without the entities that templates and their filling write.
fn decoded(value: &str) -> String {
    const ENTITIES: [(&str, &str); 10] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    ENTITIES.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

/// Names of tags and attributes, and style sheets: what must be the same whatever people are called.
pub(crate) fn shape(tags: &[Tag]) -> Vec<(String, Vec<String>, String)> {
    let names = |tag: &Tag| tag.attributes.iter().map(|(name, _)| name.clone()).collect();
    tags.iter().map(|tag| (tag.name.clone(), names(tag), tag.style.clone())).collect()
}

/// Addresses that a program would follow or load, with the attribute that has them.
pub(crate) fn links(tags: &[Tag]) -> impl Iterator<Item = (&str, String)> {
    const NAMES: [&str; 8] = ["href", "src", "background", "action", "poster", "srcset", "cite", "data"];
    tags.iter().flat_map(|tag| {
        let of_attributes = tag.attributes.iter().filter(|(name, _)| NAMES.contains(&name.as_str()));
        let of_attributes = of_attributes.map(|(name, value)| (name.as_str(), value.trim().to_owned()));
        let styles =
            tag.attributes.iter().filter(|(name, _)| name == "style").map(|(_, style)| style.as_str());
        let in_styles = styles.chain([tag.style.as_str()]).flat_map(in_style);
        of_attributes.chain(in_styles.map(|link| ("style", link)))
    })
}

/// Addresses in a style sheet.
fn in_style(style: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in style.split("url(").skip(1) {
        let link = part.split(')').next().unwrap_or_default();
        found.push(link.trim().trim_matches(['"', '\'']).to_owned());
    }
    for part in style.split("@import").skip(1) {
        let link = part.split(';').next().unwrap_or_default().trim();
        if !link.starts_with("url(") {
            found.push(link.trim_matches(['"', '\'']).to_owned());
        }
    }
    found
}
