//! MJML to HTML, once, when content is loaded: the places for a person's words stay as they are and are filled later.

use crate::error::Problems;
use mrml::prelude::parser::{Error, ParserOptions, Span, WarningKind};
use mrml::prelude::render::RenderOptions;
use std::borrow::Cow;
use std::collections::HashMap;

/// Compiles one file; what is wrong is added to `problems`.
pub(crate) fn compile(file: &str, mjml: &str, problems: &mut Problems) -> Option<String> {
    if mjml.contains("<mj-include") {
        let message = "mj-include is not read here: put the text itself into the file";
        problems.add(file, line_of(mjml, mjml.find("<mj-include").unwrap_or_default()), message);
        return None;
    }
    let parsed = match mrml::parse_with_options(mjml, &ParserOptions::default()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let (line, message) = explain(mjml, &error);
            problems.add(file, line, message);
            return None;
        }
    };
    for warning in &parsed.warnings {
        let text = mjml.get(warning.span.start..warning.span.end).unwrap_or_default().trim();
        let message = match warning.kind {
            WarningKind::UnexpectedAttribute => {
                format!("MJML has no attribute {text} here: correct its name or remove it")
            }
            WarningKind::InlineStyleUnsupported => {
                "styles cannot be inlined: remove inline=\"inline\"".to_owned()
            }
        };
        problems.add(file, line_of(mjml, warning.span.start), message);
    }
    // No font is fetched from anywhere: a mailbox would tell a third party who reads, and when.
    let options =
        RenderOptions { fonts: HashMap::<String, Cow<'static, str>>::new(), ..RenderOptions::default() };
    match parsed.element.render(&options) {
        Ok(html) => Some(html),
        Err(error) => {
            problems.add(file, 0, format!("MJML cannot be rendered: {error}"));
            None
        }
    }
}

fn explain(mjml: &str, error: &Error) -> (usize, String) {
    let at = |position: &Span| line_of(mjml, position.start);
    let quoted = |position: &Span| {
        let text = mjml.get(position.start..position.end).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect::<String>()
    };
    match error {
        Error::UnexpectedElement { position, .. } => {
            (at(position), format!("<{}> is no element that MJML has in this place", quoted(position)))
        }
        Error::UnexpectedToken { position, .. } => (
            at(position),
            format!(
                "`{}` cannot stand here: close the element before it, or put {{% %}} between elements into <mj-raw>",
                quoted(position)
            ),
        ),
        Error::MissingAttribute { name, position, .. } => {
            (at(position), format!("the attribute {name} is missing"))
        }
        Error::InvalidAttribute { position, .. } => {
            (at(position), format!("`{}` is no valid attribute: write name=\"value\"", quoted(position)))
        }
        Error::InvalidFormat { position, .. } => {
            (at(position), format!("`{}` is not valid", quoted(position)))
        }
        Error::EndOfStream { .. } => (0, "the file ends within an element: close it".to_owned()),
        Error::ParserError { source, .. } => {
            // The parser counts rows from 1 and says so in its words alone.
            (
                row_of(&source.to_string()),
                format!("this is not valid MJML: {source}; is a tag or a quote left open?"),
            )
        }
        Error::NoRootNode => (0, "there is no <mjml> element".to_owned()),
        other => (0, other.to_string()),
    }
}

/// The row in a message that ends with `at 3:7`.
fn row_of(message: &str) -> usize {
    let place = message.rsplit(" at ").next().unwrap_or_default();
    place.split(':').next().and_then(|row| row.parse().ok()).unwrap_or_default()
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}
