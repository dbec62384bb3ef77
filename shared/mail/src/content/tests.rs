use super::*;
use crate::check::samples;

fn built_in() -> Content {
    Content::built_in().unwrap()
}

/// The built-in files, with some of them replaced.
fn with(changes: &[(&str, &str)]) -> Files {
    let mut files = Content::built_in_files();
    for (path, text) in changes {
        files.files.insert((*path).to_owned(), (*text).to_owned());
    }
    files
}

fn problems(changes: &[(&str, &str)]) -> Vec<String> {
    match Content::parse(&with(changes)) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    }
}

/// A whole MJML file with these elements in its column.
fn page(inner: &str) -> String {
    format!(
        "<mjml><mj-body><mj-section><mj-column>\n{inner}\n<mj-text><a href=\"{{{{ unsubscribe_url }}}}\">x</a></mj-text>\
         </mj-column></mj-section></mj-body></mjml>"
    )
}

#[test]
fn the_built_in_content_passes_every_check() {
    if let Err(problems) = Content::parse(&Content::built_in_files()) {
        panic!("{problems}");
    }
}

#[test]
fn a_person_gets_their_language_or_the_default() {
    let content = built_in();
    for (told, locale) in [
        (Some("de-CH"), "de-CH"),
        (Some("de"), "de"),
        (Some("en-GB"), "en-GB"),
        (Some("pl-PL"), "en"),
        (None, "en"),
        (Some("nonsense"), "en"),
    ] {
        let locale_found = content.locale(told);
        assert_eq!(locale_found.as_str(), locale, "{told:?}");
        let rendered = content.render(&samples::view(&locale_found, 1)).unwrap();
        assert_eq!(rendered.text.contains("Guten Tag Ada,"), locale.starts_with("de"), "{}", rendered.text);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let yaml = "version: 1\ndefault_locale: en\nlocales: [en, fr]\nhosts: [shop.example]\nmails:\n  default:\n    \
                template: reminder\n    subject: {en: 'Hello {{ frist_name }}'}\n";
    let mjml = page(
        "<mj-text>{{ nobody }}</mj-text>\n<mj-text>{% for line in lines %}{{ line.colour }}{% endfor %}</mj-text>\n\
                     <mj-text>Hello {{ first_name }}</mj-text>\n<mj-text><a href=\"https://evil.example/x\">y</a></mj-text>",
    );
    let found = problems(&[("mail.yaml", yaml)]).join("\n");
    assert!(found.contains("mail.yaml:7: the file fr/reminder.mjml is missing"), "{found}");
    assert!(found.contains("the text part fr/reminder.txt is missing"), "{found}");
    assert!(found.contains("the subject of default in fr is missing"), "{found}");
    let yaml = yaml.replace("[en, fr]", "[en]");
    let found =
        problems(&[("mail.yaml", &yaml), ("en/reminder.mjml", &mjml), ("en/reminder.txt", "Hi {{ total }}")])
            .join("\n");
    for said in [
        "mail.yaml:8: subject of default, en: there is no variable `frist_name`; there are cart_url,",
        "en/reminder.mjml:2: there is no variable `nobody`",
        "en/reminder.mjml:3: `line.colour` has no value in every mail",
        "en/reminder.txt:1: `total` has no value in every mail, or does not exist: ask with {% if ... %} first",
        "de/reminder.mjml: no mail uses this file",
    ] {
        assert!(found.contains(said), "{said} is missing in\n{found}");
    }
}

#[test]
fn each_mistake_is_told_where_it_is() {
    let text = "Bye {{ unsubscribe_url }}";
    for (mjml, said) in [
        (page("<mj-text>Hi"), "en/reminder.mjml:"),
        (page("<mj-txt>Hi</mj-txt>"), "en/reminder.mjml:2: <mj-txt> is no element"),
        (page("<mj-raw colour=\"red\">Hi</mj-raw>"), "en/reminder.mjml:2: MJML has no attribute colour"),
        (page("{% if total %}"), "en/reminder.mjml:"),
        (page("<mj-raw>{{ total</mj-raw>"), "en/reminder.mjml:2:"),
        (
            page(
                "<mj-text>{% if first_name %}{{ first_name }}{% endif %}<a href=\"https://evil.example/x\">y</a></mj-text>",
            ),
            "en/reminder.mjml:2: the link https://evil.example/x?decision_id=",
        ),
        (
            page("<mj-image src=\"https://cdn.example/x.png\" />"),
            "the link https://cdn.example/x.png may not be used",
        ),
        (
            page("<mj-text><span style=\"background: url(https://t.example/1)\">x</span></mj-text>"),
            "https://t.example/1",
        ),
        (page("<mj-text><a href=\"{{ shop }}\">y</a></mj-text>"), "may not be used"),
        (page("<mj-raw><style>.x { color: {{ shop }} }</style></mj-raw>"), "put quotes around"),
        (page("<mj-text><script>1</script></mj-text>"), "<script> does not work in mails"),
        (page("<mj-text><b onclick=\"x()\">1</b></mj-text>"), "the attribute onclick does not work"),
        (page("<mj-include path=\"x.mjml\" />"), "mj-include is not read here"),
        (page("<mj-text>{{ shop | safe }}</mj-text>"), "safe"),
        ("<mjml><mj-body></mj-body></mjml>".to_owned(), "there is no link to unsubscribe"),
        (page(&format!("<mj-text>{}</mj-text>", "x".repeat(110_000))), "Gmail cuts a mail off at 104448"),
        (
            page(
                "<mj-text>{% for a in lines %}{% for b in lines %}{% for c in lines %}{% for d in lines %}{% for e in lines %}\
               {% for f in lines %}{% for g in lines %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}\
               {% endfor %}{% endfor %}</mj-text>",
            ),
            "runs too long",
        ),
    ] {
        let found = problems(&[("en/reminder.mjml", &mjml), ("en/reminder.txt", text)]).join("\n");
        assert!(found.contains(said), "{said} is missing in\n{found}\nfor {}", &mjml[..mjml.len().min(300)]);
    }
    let found = problems(&[("en/reminder.txt", "")]).join("\n");
    assert!(
        found.contains("there is no way to unsubscribe") && found.contains("the text part is empty"),
        "{found}"
    );
    let found = problems(&[("en/reminder.txt", "{{ unsubscribe_url }} http://evil.example/x")]).join("\n");
    assert!(
        found.contains("the link http://evil.example/x may not be used: it does not begin with https://"),
        "{found}"
    );
}

#[test]
fn a_manifest_is_told_all_its_mistakes() {
    let yaml = "version: 2\ndefault_locale: it\nlocales: [en, deutsch]\nhosts: [\"https://shop.example\"]\nfrom_name: \"a\\nb\"\n\
                mails:\n  first:\n    subject: {en: x}\n  2: {subject: {nl: x}}\n";
    let found = problems(&[("mail.yaml", yaml)]).join("\n");
    for said in [
        "mail.yaml:1: version 2 is not known",
        "default_locale it is not among locales",
        "deutsch is no language",
        "https://shop.example is no host",
        "from_name cannot be used: it has the control character U+000A",
        "no entry `default`",
        "first is no step",
        "the mail 2 has no template",
        "a text for nl, which is not among locales",
    ] {
        assert!(found.contains(said), "{said} is missing in\n{found}");
    }
    let found = problems(&[("mail.yaml", "version: 1\nlocals: [en]\n")]).join("\n");
    assert!(found.starts_with("mail.yaml:2:") && found.contains("locals"), "{found}");
}

#[test]
fn a_step_has_what_it_names_and_the_rest_of_the_default() {
    let yaml = "version: 1\ndefault_locale: en\nlocales: [en, de, de-CH]\nhosts: [\"*.shop.example\"]\nfrom_name: Zelte & Co\nmails:\n  \
                default:\n    template: reminder\n    subject: {en: A, de: B, de-CH: C}\n  3:\n    subject: {en: last}\n    template: last-call\n";
    let call =
        page("<mj-text>Last call, help at <a href=\"https://www.shop.example/help?x=1\">help</a></mj-text>");
    let text = "Last. https://www.shop.example/help {{ unsubscribe_url }}\n";
    let files = with(&[
        ("mail.yaml", yaml),
        ("en/last-call.mjml", &call),
        ("en/last-call.txt", text),
        ("de/last-call.mjml", &call),
        ("de/last-call.txt", text),
    ]);
    let content = Content::parse(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let mail = |tag: &str, step| content.render(&samples::view(&content.locale(Some(tag)), step)).unwrap();
    assert_eq!(mail("en", 1).subject.as_str(), "A");
    assert_eq!(mail("de-AT", 2).subject.as_str(), "B");
    assert_eq!(mail("de-CH", 2).subject.as_str(), "C");
    assert_eq!((mail("en", 3).subject.as_str(), mail("de-CH", 3).subject.as_str()), ("last", "C"));
    assert_eq!(mail("en", 3).from_name.unwrap().as_str(), "Zelte & Co");
    let last = mail("en", 3);
    let id = "decision_id=mail.00000000000000000000000000000000.3";
    assert!(last.html.contains(&format!("https://www.shop.example/help?x=1&amp;{id}")), "{}", last.html);
    assert!(
        last.text
            .contains(&format!("https://www.shop.example/help?{id} https://unsubscribe.invalid/u/sample\n")),
        "{}",
        last.text
    );
}

#[test]
fn a_value_that_is_missing_is_an_error_and_never_a_blank() {
    let mut view = samples::view(&Locale::parse("en").unwrap(), 1);
    view.unsubscribe_url = "https://b.example/u/token".to_owned();
    assert!(built_in().render(&view).is_ok());
    let mut templates = Templates::new();
    for (name, source) in [
        ("a.txt", "{{ total }}"),
        ("b.mjml", "{{ total }}"),
        ("c.txt", "{{ total if false }}"),
        ("d.txt", "{{ x.y }}"),
    ] {
        templates.add(name, source.to_owned()).unwrap();
        view.total = None;
        let error = templates.render(name, &view.variables(None)).unwrap_err().to_string();
        assert!(error.contains("has no value in every mail"), "{name}: {error}");
    }
}
