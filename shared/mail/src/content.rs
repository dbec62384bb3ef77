//! Content that passed every check, and the mails that it makes.

use crate::check;
use crate::error::{Problem, Problems, RenderError};
use crate::files::{Files, MANIFEST};
use crate::header::HeaderText;
use crate::link::Hosts;
use crate::locale::Locale;
use crate::manifest::{MailPlan, Manifest, line_with};
use crate::mjml;
use crate::template::Templates;
use crate::view::View;
use std::collections::BTreeMap;

/// The built-in content, as files.
const BUILT_IN: &[(&str, &str)] = &[
    (MANIFEST, include_str!("../content/mail.yaml")),
    ("en/reminder.mjml", include_str!("../content/en/reminder.mjml")),
    ("en/reminder.txt", include_str!("../content/en/reminder.txt")),
    ("de/reminder.mjml", include_str!("../content/de/reminder.mjml")),
    ("de/reminder.txt", include_str!("../content/de/reminder.txt")),
];

/// A rendered mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Subject, one line.
    pub subject: HeaderText,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// The name that the mail is sent by, where the content says one: [`crate::mailbox`] joins it with the address.
    pub from_name: Option<HeaderText>,
}

/// Names of the templates that one mail in one language is made of.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) preheader: Option<String>,
    pub(crate) html: String,
    pub(crate) text: String,
}

/// Content: compiled, and fit to be sent.
#[derive(Debug)]
pub struct Content {
    version: String,
    manifest: Manifest,
    from_name: Option<HeaderText>,
    templates: Templates,
    mails: BTreeMap<(Option<u8>, Locale), Mail>,
}

impl Content {
    /// Compiles and checks a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(files: &Files) -> Result<Self, Problems> {
        let content = Self::load(files)?;
        let problems = check::content(&content, files);
        if problems.0.is_empty() { Ok(content) } else { Err(problems.sorted()) }
    }

    /// The content that is in the crate: one mail, in English and German.
    ///
    /// # Errors
    /// Never, as far as the crate's own tests tell.
    pub fn built_in() -> Result<Self, Problems> {
        Self::load(&Self::built_in_files())
    }

    /// The files of the built-in content, for whoever wants to begin with them.
    #[must_use]
    pub fn built_in_files() -> Files {
        let file = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Files { files: BUILT_IN.iter().map(file).collect() }
    }

    fn load(files: &Files) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let Some(yaml) = files.text(MANIFEST) else {
            problems.add(MANIFEST, 0, "the file is missing: it names languages, hosts and mails");
            return Err(problems);
        };
        let manifest = Manifest::parse(yaml).map_err(|found| Problems(found).sorted())?;
        let mut content = Self {
            version: files.version(),
            from_name: manifest.from_name.as_ref().and_then(|name| HeaderText::new(name.as_str()).ok()),
            manifest,
            templates: Templates::new(),
            mails: BTreeMap::new(),
        };
        content.compile(files, &mut problems);
        content.compose(files, yaml, &mut problems);
        if problems.0.is_empty() { Ok(content) } else { Err(problems.sorted()) }
    }

    /// Compiles every file.
    fn compile(&mut self, files: &Files, problems: &mut Problems) {
        for (path, source) in files.files.iter().filter(|(path, _)| *path != MANIFEST) {
            if let Err(problem) = Templates::new().add(path, source.clone()) {
                // Asked of the file as it was written, so that its line is right.
                problems.0.push(problem);
            } else if path.ends_with(".mjml") {
                let Some(html) = mjml::compile(path, source, problems) else { continue };
                if let Err(problem) = self.templates.add(path, check::links::mark_html(&html)) {
                    problems.0.push(Problem { line: 0, ..problem });
                }
            } else if let Err(problem) = self.templates.add(path, check::links::mark_text(source)) {
                problems.0.push(problem);
            }
        }
    }

    /// Finds, for every mail in every language, what it is made of.
    fn compose(&mut self, files: &Files, yaml: &str, problems: &mut Problems) {
        let plans: Vec<(Option<u8>, MailPlan)> =
            self.manifest.mails.iter().map(|(step, plan)| (*step, plan.clone())).collect();
        for (step, plan) in &plans {
            for locale in self.manifest.locales.clone() {
                let chain: Vec<Locale> =
                    locale.chain().into_iter().filter(|l| self.manifest.locales.contains(l)).collect();
                let file = |ending: &str| {
                    let paths = chain.iter().map(|locale| format!("{locale}/{}.{ending}", plan.template));
                    paths.into_iter().find(|path| files.files.contains_key(path))
                };
                let mut missing = |what: String| {
                    let line = line_with(yaml, &plan.template).max(1);
                    problems.add(
                        MANIFEST,
                        line,
                        format!("{what} is missing: write it, or remove {locale} from locales"),
                    );
                };
                let (html, text) = (file("mjml"), file("txt"));
                if html.is_none() {
                    missing(format!("the file {locale}/{}.mjml", plan.template));
                }
                if text.is_none() {
                    missing(format!("the text part {locale}/{}.txt", plan.template));
                }
                let of = |texts: &BTreeMap<Locale, String>| chain.iter().find_map(|l| texts.get(l).cloned());
                let subject = of(&plan.subject);
                if subject.is_none() {
                    missing(format!("the subject of {} in {locale}", step_name(*step)));
                }
                let (Some(html), Some(text), Some(subject)) = (html, text, subject) else { continue };
                let subject = self.inline(yaml, "subject", (*step, &locale), subject, problems);
                let preheader = of(&plan.preheader)
                    .map(|text| self.inline(yaml, "preheader", (*step, &locale), text, problems));
                self.mails.insert((*step, locale), Mail { subject, preheader, html, text });
            }
        }
    }

    /// Compiles a template that stands in the manifest.
    fn inline(
        &mut self,
        yaml: &str,
        what: &str,
        (step, locale): (Option<u8>, &Locale),
        source: String,
        problems: &mut Problems,
    ) -> String {
        let name = format!("{MANIFEST} ({what} of {}, {locale})", step_name(step));
        let line = line_with(yaml, &source);
        if let Err(problem) = self.templates.add(&name, source) {
            problems.add(MANIFEST, line, format!("{what} ({locale}): {}", problem.message));
        }
        name
    }

    /// Renders the mail that this content has for the view's step and language.
    ///
    /// # Errors
    /// A value that the templates need and the view does not have; a subject that cannot be sent.
    pub fn render(&self, view: &View) -> Result<Rendered, RenderError> {
        let missing =
            || RenderError::Template(Problem::new(MANIFEST, 0, format!("no mail in {}", view.locale)));
        let mail = self.mail(view).ok_or_else(missing)?;
        let render =
            |name: &str, variables| self.templates.render(name, variables).map_err(RenderError::Template);
        let own = view.variables(None);
        let subject = render(&mail.subject, &own)?;
        let preheader = mail.preheader.as_ref().map(|name| render(name, &own)).transpose()?;
        let variables = view.variables(Some(preheader.unwrap_or_default().trim()));
        Ok(Rendered {
            subject: HeaderText::new(subject.trim()).map_err(RenderError::Subject)?,
            text: render(&mail.text, &variables)?,
            html: render(&mail.html, &variables)?,
            from_name: self.from_name.clone(),
        })
    }

    pub(crate) fn mail(&self, view: &View) -> Option<&Mail> {
        let step = self.manifest.step(view.step);
        // A view's locale may have a region that the content does not know: it writes numbers by it.
        let mut locales = view.locale.chain().into_iter().chain([self.manifest.default_locale.clone()]);
        locales.find_map(|locale| self.mails.get(&(step, locale)))
    }

    /// The language for a person: theirs, the same without its region, or the default. Where the content has the
    /// language, the person's region stays, because numbers are written by it.
    #[must_use]
    pub fn locale(&self, wanted: Option<&str>) -> Locale {
        let wanted = wanted.and_then(Locale::parse);
        let has = |locale: &Locale| self.manifest.locales.iter().any(|l| locale.chain().contains(l));
        wanted.filter(has).unwrap_or_else(|| self.manifest.default_locale.clone())
    }

    /// The version: a hash of the files.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Hosts that links may lead to; empty when the content lists none.
    #[must_use]
    pub const fn hosts(&self) -> &Hosts {
        &self.manifest.hosts
    }

    /// The sender's name, where the content says one.
    #[must_use]
    pub fn from_name(&self) -> Option<&str> {
        self.manifest.from_name.as_deref()
    }

    /// Languages that the content has.
    pub fn locales(&self) -> impl Iterator<Item = &Locale> {
        self.manifest.locales.iter()
    }

    /// Steps with a mail of their own.
    pub fn steps(&self) -> impl Iterator<Item = u8> {
        self.manifest.mails.keys().copied().flatten()
    }

    pub(crate) const fn templates(&self) -> &Templates {
        &self.templates
    }

    pub(crate) const fn mails(&self) -> &BTreeMap<(Option<u8>, Locale), Mail> {
        &self.mails
    }
}

pub(crate) fn step_name(step: Option<u8>) -> String {
    step.map_or_else(|| "default".to_owned(), |step| format!("step {step}"))
}

#[cfg(test)]
mod tests;
