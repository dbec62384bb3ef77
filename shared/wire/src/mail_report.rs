//! The admin API for what mails achieve (`/admin/v1/mail/report`): what a server asks.

use crate::admin::{query, refused};
use crate::parse_time;
use crate::problem::{Fault, Problem};
use axum::http::Uri;
use beckon_domain::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// Characters of a cursor at most.
pub const CURSOR_CHARS_MAX: usize = 512;

/// The query of a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReportAsk {
    /// The first moment of the period.
    pub since: Option<Timestamp>,
    /// The first moment after it.
    pub until: Option<Timestamp>,
    /// Where the last answer ended.
    pub cursor: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Query {
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
}

impl ReportAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, a time that is none (RFC 3339), or a period that ends before it begins.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let Query { since, until, cursor } = query(uri)?;
        let (since, until) = (time("/since", since)?, time("/until", until)?);
        if since.zip(until).is_some_and(|(since, until)| until < since) {
            return Err(refused(Fault::new("/until", "schema.value", "the period ends before it begins")));
        }
        if cursor.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_CHARS_MAX) {
            return Err(refused(Fault::new("/cursor", "schema.value", "this is no cursor of an answer")));
        }
        Ok(Self { since, until, cursor })
    }
}

fn time(pointer: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let read = |text: String| {
        parse_time(&Value::String(text)).ok_or_else(|| {
            let detail = "expected a time such as 2026-11-01T00:00:00Z";
            refused(Fault::new(pointer.to_owned(), "schema.value", detail))
        })
    };
    text.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_read_and_what_is_none_is_refused() {
        let ask = |query: &str| ReportAsk::parse(&format!("/r?{query}").parse().unwrap());
        let read = ask("since=2026-11-01T00:00:00Z&cursor=x").unwrap();
        assert_eq!((read.since, read.until), (Some(Timestamp::from_ms(1_793_491_200_000)), None));
        assert_eq!(read.cursor.as_deref(), Some("x"));
        for query in ["since=yesterday", "from=1", "since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z"] {
            assert_eq!(ask(query).unwrap_err().status(), 400, "{query}");
        }
    }
}
