//! Templates that cannot leave a blank, run for ever, or let a value become markup.

use crate::error::Problem;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter};
use std::io;

/// Steps that one template may take (an instruction is about one): hundreds of times what a long cart needs.
const FUEL: u64 = 200_000;
/// The most that one template may write, in bytes.
const OUTPUT_BYTES_MAX: usize = 400 * 1024;
/// Missing values that are told of one template and person.
const REPAIR_COUNT_MAX: usize = 20;
/// What would undo the escaping, show everything, or write much of little.
const NOT_OFFERED: [&str; 6] = ["safe", "pprint", "format", "indent", "attr", "map"];

/// Compiled templates, by name. Those with HTML in them end in `.mjml`.
#[derive(Debug)]
pub(crate) struct Templates {
    html: Environment<'static>,
    text: Environment<'static>,
}

impl Templates {
    pub(crate) fn new() -> Self {
        let mut html = environment();
        html.set_formatter(write_html);
        let mut text = environment();
        text.set_formatter(write_text);
        Self { html, text }
    }

    /// Compiles a template.
    ///
    /// # Errors
    /// What is wrong with its text, with its line.
    pub(crate) fn add(&mut self, name: &str, source: String) -> Result<(), Problem> {
        let environment = if is_html(name) { &mut self.html } else { &mut self.text };
        environment.add_template_owned(name.to_owned(), source).map_err(|error| problem(name, &error))
    }

    /// Names that a template uses and nothing in it defines.
    pub(crate) fn names_used(&self, name: &str) -> Vec<String> {
        let template = self.environment(name).get_template(name);
        let mut names: Vec<String> =
            template.map_or_else(|_| Vec::new(), |t| t.undeclared_variables(false).into_iter().collect());
        names.sort();
        names
    }

    /// Fills a template.
    ///
    /// # Errors
    /// A missing value, a value that is none, a template that takes or writes too much.
    pub(crate) fn render(&self, name: &str, variables: &Value) -> Result<String, Problem> {
        let template = self.environment(name).get_template(name).map_err(|error| problem(name, &error))?;
        let mut out = Bounded(Vec::new());
        template.render_captured_to(variables, &mut out).map_err(|error| problem(name, &error))?;
        String::from_utf8(out.0).map_err(|_| Problem::new(name, 0, "it writes what is no text"))
    }

    /// Fills a template as far as it can be: where a value is missing, the problem is kept and a blank goes on, so that
    /// all of them are found at once. Nothing that is sent is made so.
    pub(crate) fn fill(&self, name: &str, variables: &Value) -> (Option<String>, Vec<Problem>) {
        let (mut scratch, mut problems) = (Self::new(), Vec::new());
        let environment = if is_html(name) { &mut scratch.html } else { &mut scratch.text };
        let Ok(mut source) = self.environment(name).get_template(name).map(|t| t.source().to_owned()) else {
            return (None, problems);
        };
        for _ in 0..REPAIR_COUNT_MAX {
            if environment.add_template_owned(name.to_owned(), source.clone()).is_err() {
                break;
            }
            let mut out = Bounded(Vec::new());
            let rendered = environment
                .get_template(name)
                .and_then(|t| t.render_captured_to(variables, &mut out).map(drop));
            let Err(error) = rendered else { return (String::from_utf8(out.0).ok(), problems) };
            problems.push(problem(name, &error));
            let range = error.range().filter(|range| range.len() >= 2 && source.get(range.clone()).is_some());
            match range.filter(|_| error.kind() == ErrorKind::UndefinedError) {
                Some(range) => {
                    let blank = format!("\"\"{}", " ".repeat(range.len() - 2));
                    source.replace_range(range, &blank);
                }
                None => break,
            }
        }
        (None, problems)
    }

    fn environment(&self, name: &str) -> &Environment<'static> {
        if is_html(name) { &self.html } else { &self.text }
    }
}

fn is_html(name: &str) -> bool {
    name.ends_with(".mjml")
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_debug(true);
    // A line with nothing but {% if ... %} on it leaves no blank line in a text part.
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        environment.set_syntax(syntax);
    }
    for filter in NOT_OFFERED {
        environment.remove_filter(filter);
    }
    for global in ["debug", "range"] {
        environment.remove_global(global);
    }
    environment
}

/// A value that is missing must not become the word `none`, nor a blank.
fn refuse_missing(value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(())
}

fn write_text(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    refuse_missing(value)?;
    escape_formatter(out, state, value)
}

/// Escapes whatever a template says about escaping; a value is never markup.
fn write_html(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    refuse_missing(value)?;
    let text = value.to_string();
    if value.is_safe() {
        return out.write_str(&text).map_err(Error::from);
    }
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        let code = from.bytes().next().unwrap_or_default();
        write!(out, "{before}&#{code};").map_err(Error::from)?;
        rest = from.get(1..).unwrap_or_default();
    }
    out.write_str(rest).map_err(Error::from)
}

/// What an error means to whoever wrote the template.
fn problem(name: &str, error: &Error) -> Problem {
    let source = error.template_source().unwrap_or_default();
    let said = error.range().and_then(|range| source.get(range)).unwrap_or_default();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: String = said.chars().take(60).collect();
    let message = match error.kind() {
        ErrorKind::UndefinedError => format!(
            "`{said}` has no value in every mail, or does not exist: ask with {{% if ... %}} first, or correct the name"
        ),
        ErrorKind::OutOfFuel => "the template runs too long: use fewer loops".to_owned(),
        ErrorKind::WriteFailure => {
            format!("the template writes more than {OUTPUT_BYTES_MAX} bytes: use fewer loops")
        }
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction => {
            format!("{}: templates do not have it", error.detail().unwrap_or("an unknown filter or function"))
        }
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    Problem::new(name, error.line().unwrap_or_default(), message)
}

/// Takes so much, and then fails.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other("too much"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
