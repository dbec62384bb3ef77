//! `mail.yaml`: languages, hosts, and what each mail of the series is made of.

use crate::error::Problem;
use crate::files::MANIFEST;
use crate::header::HeaderText;
use crate::link::Hosts;
use crate::locale::Locale;
use serde::Deserialize;
use serde_saphyr::{Error, MessageFormatter, Options, UserMessageFormatter};
use std::collections::{BTreeMap, BTreeSet};

/// The name of what holds for every step without an entry of its own.
const DEFAULT: &str = "default";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u8,
    default_locale: String,
    locales: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    from_name: Option<String>,
    mails: BTreeMap<String, WrittenMail>,
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
struct WrittenMail {
    #[serde(default)]
    template: Option<String>,
    #[serde(default)]
    subject: BTreeMap<String, String>,
    #[serde(default)]
    preheader: BTreeMap<String, String>,
}

/// What a mail is made of, before files are looked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct MailPlan {
    /// Name of the template's files.
    pub(crate) template: String,
    /// Subjects by locale.
    pub(crate) subject: BTreeMap<Locale, String>,
    /// Preheaders by locale.
    pub(crate) preheader: BTreeMap<Locale, String>,
}

/// The manifest, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Manifest {
    pub(crate) default_locale: Locale,
    pub(crate) locales: BTreeSet<Locale>,
    pub(crate) hosts: Hosts,
    pub(crate) from_name: Option<String>,
    /// By step; `None` is every other step.
    pub(crate) mails: BTreeMap<Option<u8>, MailPlan>,
}

fn options() -> Options {
    serde_saphyr::options! { strict_booleans: true, with_snippet: false }
}

fn yaml_problem(error: &Error) -> Problem {
    let line = error.location().map_or(0, |at| usize::try_from(at.line()).unwrap_or_default());
    let message = UserMessageFormatter.format_message(error.without_snippet());
    let message: String =
        message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    Problem::new(MANIFEST, line, format!("this is not the form of mail.yaml: {message}"))
}

impl Manifest {
    /// Reads the manifest; everything that is wrong with its values is said at once.
    pub(crate) fn parse(yaml: &str) -> Result<Self, Vec<Problem>> {
        let written: Written = serde_saphyr::from_str_with_options(yaml, options())
            .map_err(|error| vec![yaml_problem(&error)])?;
        let mut problems = Vec::new();
        let mut wrong =
            |of: &str, message: String| problems.push(Problem::new(MANIFEST, line_with(yaml, of), message));
        if written.version != 1 {
            wrong("version", format!("version {} is not known: write version: 1", written.version));
        }
        let mut locales = BTreeSet::new();
        for tag in &written.locales {
            match Locale::parse(tag).filter(|locale| locale.as_str() == tag) {
                Some(locale) => drop(locales.insert(locale)),
                None => wrong(tag, format!("{tag} is no language: write it as de or de-CH")),
            }
        }
        let default_locale = Locale::parse(&written.default_locale).filter(|locale| locales.contains(locale));
        if default_locale.is_none() {
            wrong(
                "default_locale",
                format!("default_locale {} is not among locales", written.default_locale),
            );
        }
        let hosts = Hosts::parse(written.hosts.iter().map(String::as_str)).unwrap_or_else(|entry| {
            wrong(
                &entry,
                format!("{entry} is no host: write shop.example, or *.shop.example for all below it"),
            );
            Hosts::default()
        });
        if let Some(fault) = written.from_name.as_ref().and_then(|name| HeaderText::new(name.as_str()).err())
        {
            wrong("from_name", format!("from_name cannot be used: {fault}"));
        }
        let mails = mails(&written, &locales, &mut wrong);
        match default_locale {
            Some(default_locale) if problems.is_empty() => {
                Ok(Self { default_locale, locales, hosts, from_name: written.from_name, mails })
            }
            _ => Err(problems),
        }
    }

    /// What the mail of a step is made of.
    pub(crate) fn step(&self, step: u8) -> Option<u8> {
        Some(step).filter(|step| self.mails.contains_key(&Some(*step)))
    }
}

fn mails(
    written: &Written,
    locales: &BTreeSet<Locale>,
    wrong: &mut impl FnMut(&str, String),
) -> BTreeMap<Option<u8>, MailPlan> {
    let default = written.mails.get(DEFAULT).cloned().unwrap_or_default();
    if !written.mails.contains_key(DEFAULT) {
        wrong(
            "mails",
            "mails has no entry `default`: it is what steps without an entry of their own send".to_owned(),
        );
    }
    let mut plans = BTreeMap::new();
    for (name, mail) in &written.mails {
        let step = name.parse::<u8>().ok().filter(|step| *step > 0);
        if name != DEFAULT && step.is_none() {
            wrong(name, format!("{name} is no step: write default, or the number of a step from 1"));
            continue;
        }
        let template = mail.template.as_ref().or(default.template.as_ref());
        if template.is_none() {
            wrong(
                name,
                format!(
                    "the mail {name} has no template: write template: NAME of the files NAME.mjml and NAME.txt"
                ),
            );
        }
        let mut by_locale = |texts: &BTreeMap<String, String>, fallback: &BTreeMap<String, String>| {
            let mut all = BTreeMap::new();
            for (tag, text) in fallback.iter().chain(texts) {
                match Locale::parse(tag).filter(|locale| locale.as_str() == tag && locales.contains(locale)) {
                    Some(locale) => drop(all.insert(locale, text.clone())),
                    None => wrong(
                        tag,
                        format!("the mail {name} has a text for {tag}, which is not among locales"),
                    ),
                }
            }
            all
        };
        let plan = MailPlan {
            subject: by_locale(&mail.subject, &default.subject),
            preheader: by_locale(&mail.preheader, &default.preheader),
            template: template.cloned().unwrap_or_default(),
        };
        plans.insert(step, plan);
    }
    plans
}

/// The first line with these words; 0 when there is none.
pub(crate) fn line_with(text: &str, words: &str) -> usize {
    text.lines().position(|line| line.contains(words)).map_or(0, |index| index + 1)
}
