//! The context of an event: time zone, locale, device, page, campaign, consent. Never an address, never an IP.

use crate::fields::{Fields, truncate};
use crate::privacy::{looks_like_email, without_query};
use crate::problem::Fault;
use crate::stream::{ConsentLine, Context};
use serde_json::{Map, Value};

const CAMPAIGN_FIELDS: [&str; 5] = ["name", "source", "medium", "term", "content"];

/// Reads a context. What cannot be used is left out: a wrong context must not cost the event. Only consent is
/// strict, because a choice that was misread would be worse than a refused event.
pub fn context(object: &Map<String, Value>) -> Result<(Context, ConsentLine), Fault> {
    let fields = Fields::new(object, "/context");
    let short = |name: &str, bytes_max: usize| {
        let text = fields.text(name).ok().flatten()?;
        let usable = text.len() <= bytes_max
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_/+-.@".contains(c));
        (usable && !looks_like_email(text)).then(|| text.to_owned())
    };
    let mut context = Context {
        timezone: short("timezone", 64),
        locale: short("locale", 35),
        device: fields.text("userAgent").ok().flatten().map(|agent| device(agent).to_owned()),
        ..Context::default()
    };
    if let Some(Value::Object(page)) = fields.get("page") {
        let url = |name: &str| page.get(name).and_then(Value::as_str).and_then(without_query);
        let cut = |url: String| truncate(&url, 500).to_owned();
        context.page_url = url("url").or_else(|| url("path")).map(cut);
        context.referrer = url("referrer").map(cut);
    }
    if let Some(Value::Object(campaign)) = fields.get("campaign") {
        for name in CAMPAIGN_FIELDS {
            let value = campaign.get(name).and_then(Value::as_str).map(str::trim);
            if let Some(value) = value.filter(|v| !v.is_empty() && v.len() <= 100 && !looks_like_email(v)) {
                context.campaign.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    let consent = match fields.object("consent")? {
        Some(consent) => self::consent(consent)?,
        None => ConsentLine::default(),
    };
    Ok((context, consent))
}

/// `context.consent.{analytics,personalization,marketing_email}`; Segment's `categoryPreferences` with the same names
/// (or `advertising` for marketing e-mail's wider purpose, which is not taken as consent to e-mail) maps onto it.
fn consent(object: &Map<String, Value>) -> Result<ConsentLine, Fault> {
    let fields = Fields::new(object, "/context/consent");
    let preferences = fields.object("categoryPreferences")?;
    let choice = |name: &str| match fields.flag(name)? {
        Some(flag) => Ok(Some(flag)),
        None => match preferences {
            Some(object) => Fields::new(object, "/context/consent/categoryPreferences").flag(name),
            None => Ok(None),
        },
    };
    Ok(ConsentLine {
        analytics: choice("analytics")?,
        personalization: choice("personalization")?,
        marketing_email: choice("marketing_email")?,
    })
}

/// The type of device, from the user agent's own words. Programs that are nobody have been refused before.
fn device(agent: &str) -> &'static str {
    let agent = agent.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| agent.contains(word));
    if has(&["ipad", "tablet"]) || (has(&["android"]) && !has(&["mobile"])) {
        "tablet"
    } else if has(&["mobi", "iphone", "android"]) {
        "mobile"
    } else {
        "desktop"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<(Context, ConsentLine), Fault> {
        context(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_may_be_kept_is_kept_and_the_rest_is_not() {
        let (context, consent) = read(
            r#"{"ip":"203.0.113.9","timezone":"Europe/Berlin","locale":"de-DE","userAgent":"X (iPhone) Mobile",
                "page":{"url":"https://s.example/p?email=jo@example.com","referrer":"https://m.example/jo@example.com"},
                "campaign":{"name":"spring","source":"jo@example.com"},
                "consent":{"marketing_email":true,"categoryPreferences":{"analytics":false}}}"#,
        )
        .unwrap();
        assert_eq!(context.timezone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(context.device.as_deref(), Some("mobile"));
        assert_eq!(context.page_url.as_deref(), Some("https://s.example/p"));
        assert_eq!(context.referrer, None);
        assert_eq!(context.campaign.len(), 1);
        assert_eq!((consent.marketing_email, consent.analytics), (Some(true), Some(false)));
        let kept = serde_json::to_string(&context).unwrap();
        assert!(!kept.contains("203.0.113") && !kept.contains('@'), "{kept}");
    }

    #[test]
    fn a_choice_that_cannot_be_read_refuses_the_event_and_other_nonsense_does_not() {
        let fault = read(r#"{"consent":{"marketing_email":"yes"}}"#).unwrap_err();
        assert_eq!(fault.pointer, "/context/consent/marketing_email");
        assert!(read(r#"{"timezone":7,"page":[],"campaign":"x"}"#).is_ok());
    }
}
