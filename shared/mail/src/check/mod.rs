//! What is checked of content before it may be sent: every template is filled for several made-up people, and what comes
//! out is looked at as a mailbox would.

pub(crate) mod html;
pub(crate) mod links;
pub mod samples;

use crate::content::{Content, Mail};
use crate::error::{Problem, Problems};
use crate::files::{Files, MANIFEST};
use crate::header::HeaderText;
use crate::link::Hosts;
use crate::manifest::line_with;
use crate::view::{VARIABLES, View};
use html::Tag;
use samples::Sample;
use std::collections::BTreeSet;

/// Gmail shows no more of a mail than this, and hides the way to unsubscribe behind a link
/// (<https://support.google.com/mail/answer/6584>; the size is what senders measure, 102 KB).
pub const HTML_BYTES_MAX: usize = 102 * 1024;
/// Elements that mailboxes remove, or that make them distrust a mail.
const NOT_IN_MAIL: [&str; 9] =
    ["script", "form", "input", "iframe", "object", "embed", "base", "svg", "link"];

/// Everything that is wrong with content that compiles.
pub(crate) fn content(content: &Content, files: &Files) -> Problems {
    let mut problems = Problems::default();
    unused(content, files, &mut problems);
    let mut seen = BTreeSet::new();
    for ((step, locale), mail) in content.mails() {
        // Two steps, or a region and its language, often share all of a mail.
        if !seen.insert((mail.subject.clone(), mail.html.clone(), mail.text.clone())) {
            continue;
        }
        for name in [Some(&mail.subject), mail.preheader.as_ref(), Some(&mail.html), Some(&mail.text)]
            .into_iter()
            .flatten()
        {
            names(content, files, name, name == &mail.html || name == &mail.text, &mut problems);
        }
        let mut checked = MailCheck { content, files, mail, problems: &mut problems };
        checked.all(&samples::views(content.hosts(), locale, step.unwrap_or(1)));
    }
    problems
}

/// Files that no mail is made of: a name was mistyped, or they are forgotten.
fn unused(content: &Content, files: &Files, problems: &mut Problems) {
    let used: BTreeSet<&str> =
        content.mails().values().flat_map(|mail| [mail.html.as_str(), mail.text.as_str()]).collect();
    for path in files.files.keys().filter(|path| *path != MANIFEST && !used.contains(path.as_str())) {
        problems.add(
            path,
            0,
            "no mail uses this file: name its template in mail.yaml, list its language, or remove it",
        );
    }
}

/// Names that no mail has a value for, also where no sample comes by.
fn names(content: &Content, files: &Files, name: &str, is_body: bool, problems: &mut Problems) {
    for used in content.templates().names_used(name) {
        let is_known = VARIABLES.iter().any(|(known, _)| *known == used) && (is_body || used != "preheader");
        if !is_known && !["dict", "namespace", "loop"].contains(&used.as_str()) {
            let known: Vec<&str> = VARIABLES.iter().map(|(known, _)| *known).collect();
            let message = format!("there is no variable `{used}`; there are {}", known.join(", "));
            add(files, name, &used, message, problems);
        }
    }
}

/// Adds a problem at the place where `words` stand in the file as it was written.
fn add(files: &Files, name: &str, words: &str, message: String, problems: &mut Problems) {
    let file = if name.starts_with(MANIFEST) { MANIFEST } else { name };
    let line = files.text(file).filter(|_| !words.is_empty()).map_or(0, |text| line_with(text, words));
    let message = match name.strip_prefix(MANIFEST) {
        Some(what) if !what.is_empty() => format!("{}: {message}", what.trim().trim_matches(['(', ')'])),
        _ => message,
    };
    problems.add(file, line, message);
}

fn is_name(words: &str) -> bool {
    !words.is_empty() && words.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

struct MailCheck<'a> {
    content: &'a Content,
    files: &'a Files,
    mail: &'a Mail,
    problems: &'a mut Problems,
}

impl MailCheck<'_> {
    fn all(&mut self, samples: &[Sample]) {
        let mut shapes = Vec::new();
        for sample in samples {
            let Some((html, text)) = self.rendered(&sample.view) else { continue };
            let tags = html::tags(&html);
            self.links(&tags, &text, sample);
            self.sizes(&html, &text);
            if let Some(shape) = sample.shape {
                shapes.push((shape, html::shape(&tags)));
            }
            for tag in &tags {
                self.element(tag);
            }
        }
        let first = shapes.first().map(|(_, shape)| shape);
        if shapes.iter().any(|(_, shape)| Some(shape) != first) {
            let message = "a value becomes markup here: put quotes around attributes with {{ }}, and no {{ }} into <style>";
            self.add(&self.mail.html.clone(), "", message.to_owned());
        }
    }

    fn add(&mut self, name: &str, words: &str, message: String) {
        add(self.files, name, words, message, self.problems);
    }

    fn rendered(&mut self, view: &View) -> Option<(String, String)> {
        let own = view.variables(None);
        let subject = self.fill(&self.mail.subject, &own);
        if let Some(fault) = subject.and_then(|subject| HeaderText::new(subject.trim()).err()) {
            self.add(&self.mail.subject, "", format!("the subject cannot be sent: {fault}"));
        }
        let preheader =
            self.mail.preheader.as_ref().and_then(|name| self.fill(name, &own)).unwrap_or_default();
        let variables = view.variables(Some(preheader.trim()));
        let (html, text) = (self.fill(&self.mail.html, &variables), self.fill(&self.mail.text, &variables));
        html.zip(text)
    }

    fn fill(&mut self, name: &str, variables: &minijinja::Value) -> Option<String> {
        let (text, found) = self.content.templates().fill(name, variables);
        for Problem { line, message, .. } in found {
            // In HTML the line is that of the compiled text: the words of the template tell the place.
            let words = message.split('`').nth(1).unwrap_or_default().to_owned();
            if !VARIABLES.iter().any(|(known, _)| *known == words) && is_name(&words) {
                // No variable at all: that is told of each of them already.
                continue;
            }
            let is_own = name.ends_with(".txt");
            if is_own { self.problems.add(name, line, message) } else { self.add(name, &words, message) }
        }
        text
    }

    fn links(&mut self, tags: &[Tag], text: &str, sample: &Sample) {
        let may = |url: &str| sample.hosts.check(url).is_ok() || url == sample.view.unsubscribe_url;
        for (name, link) in html::links(tags) {
            let is_address =
                ["mailto:", "tel:"].iter().any(|scheme| link.starts_with(scheme)) && name == "href";
            if !is_address && !may(&link) {
                self.refuse_link(&self.mail.html.clone(), &link, &sample.hosts);
            }
        }
        for link in links::in_text(text).filter(|link| !may(link)) {
            self.refuse_link(&self.mail.text.clone(), link, &sample.hosts);
        }
        let unsubscribe = &sample.view.unsubscribe_url;
        if !html::links(tags).any(|(name, link)| name == "href" && link == *unsubscribe) {
            let message =
                "there is no link to unsubscribe: add <a href=\"{{ unsubscribe_url }}\">Unsubscribe</a>";
            self.add(&self.mail.html.clone(), "", message.to_owned());
        }
        if !text.contains(unsubscribe.as_str()) {
            self.add(
                &self.mail.text.clone(),
                "",
                "there is no way to unsubscribe: add {{ unsubscribe_url }}".to_owned(),
            );
        }
    }

    fn refuse_link(&mut self, name: &str, link: &str, hosts: &Hosts) {
        let fault = hosts.check(link).err().map_or_else(String::new, |fault| fault.to_string());
        let shown: String = link.chars().take(80).collect();
        let start = link.split(['?', '#']).next().unwrap_or_default();
        let message = format!(
            "the link {shown} may not be used: {fault}; add its host to hosts in mail.yaml, or change it"
        );
        self.add(name, start, message);
    }

    fn sizes(&mut self, html: &str, text: &str) {
        if html.len() > HTML_BYTES_MAX {
            let message = format!(
                "the HTML of a long cart has {} bytes, and Gmail cuts a mail off at {HTML_BYTES_MAX}: shorten the template",
                html.len()
            );
            self.add(&self.mail.html.clone(), "", message);
        }
        if text.trim().is_empty() {
            self.add(
                &self.mail.text.clone(),
                "",
                "the text part is empty: say in it what the HTML says".to_owned(),
            );
        }
    }

    fn element(&mut self, tag: &Tag) {
        if NOT_IN_MAIL.contains(&tag.name.as_str()) {
            let message = format!("<{}> does not work in mails: remove it", tag.name);
            self.add(&self.mail.html.clone(), &format!("<{}", tag.name), message);
        }
        if tag.name.starts_with("mj-") {
            let message = format!("<{}> is no element that MJML has in this place", tag.name);
            self.add(&self.mail.html.clone(), &format!("<{}", tag.name), message);
        }
        if let Some((name, _)) = tag.attributes.iter().find(|(name, _)| name.starts_with("on")) {
            let message = format!("the attribute {name} does not work in mails: remove it");
            self.add(&self.mail.html.clone(), name, message);
        }
    }
}
