//! What the admin API is asked of the catalog.

use crate::admin::{query, refused, words};
use crate::limits::{BY_CHARS_MAX, DELETE_COUNT_MAX, IMPORT_AHEAD_MAX, NOTE_CHARS_MAX};
use crate::problem::{Fault, Problem};
use axum::http::Uri;
use beckon_domain::{ProductId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of the name of an import.
pub const IMPORT_CHARS_MAX: usize = 64;
/// Bytes of what names a page of products.
pub const AFTER_BYTES_MAX: usize = 256;

/// The query of a part of an import.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Query {
    first_row: Option<u64>,
    dry_run: bool,
    as_of: Option<String>,
    import: Option<String>,
    note: Option<String>,
    by: Option<String>,
}

/// A part of an import, as the query says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportAsk {
    /// The number of the first row (of a deletion: of the first id) in all of the import.
    pub first_row: Option<u64>,
    /// Only say what is wrong.
    pub dry_run: bool,
    /// When the shop said it; now when left out. One time for all parts, so that of two imports the newer one counts.
    pub as_of: Option<Timestamp>,
    /// Names the import that this is a part of; the request is one of its own when left out.
    pub import: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// Who, in the caller's words.
    pub by: Option<String>,
}

impl ImportAsk {
    /// Reads the query, at `now` by our clock.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, a text is too long, or a time is in the future.
    pub fn parse(uri: &Uri, now: Timestamp) -> Result<Self, Problem> {
        let ask: Query = query(uri)?;
        let as_of = ask.as_of.as_deref().map(|text| {
            crate::parse_time(&json!(text)).filter(|at| *at <= now + IMPORT_AHEAD_MAX).ok_or_else(|| {
                let detail = "expected a time such as 2026-11-22T05:00:00Z that is not in the future";
                refused(Fault::new("/as_of", "schema.value", detail))
            })
        });
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let import = words("import", ask.import, IMPORT_CHARS_MAX)?;
        if import.as_ref().is_some_and(|import| !import.chars().all(is_name)) {
            let detail = "expected letters, digits, - and _";
            return Err(refused(Fault::new("/import", "schema.value", detail)));
        }
        Ok(Self {
            first_row: ask.first_row,
            dry_run: ask.dry_run,
            as_of: as_of.transpose()?,
            import,
            note: words("note", ask.note, NOTE_CHARS_MAX)?,
            by: words("by", ask.by, BY_CHARS_MAX)?,
        })
    }
}

/// The body of a deletion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeleteAsk {
    /// The products, each once.
    pub ids: Vec<ProductId>,
}

impl DeleteAsk {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 when it is no JSON object with `ids`, or one of them cannot be an id; 413 when there are too many.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let read: Option<Value> = serde_json::from_slice(body).ok();
        let ids = read.as_ref().and_then(|body| body["ids"].as_array());
        let ids = ids.ok_or_else(|| {
            Problem::bad_request("the body must be a JSON object such as {\"ids\": [\"tent-2p\", \"mug\"]}")
        })?;
        if ids.len() > DELETE_COUNT_MAX {
            return Err(Problem::too_large(format!(
                "at most {DELETE_COUNT_MAX} products are deleted at once"
            )));
        }
        let parse = |(index, id): (usize, &Value)| {
            let wrong = |detail: String| refused(Fault::new(format!("/ids/{index}"), "schema.value", detail));
            let text = id.as_str().ok_or_else(|| wrong("expected a text".to_owned()))?;
            ProductId::new(text).map_err(|error| wrong(error.to_string()))
        };
        let mut ids = ids.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        ids.dedup();
        Ok(Self { ids })
    }
}

/// The query of a page of products.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageAsk {
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl PageAsk {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 when it has a field that is not known, or names no page.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let ask: Self = query(uri)?;
        if ask.after.as_ref().is_some_and(|after| after.is_empty() || after.len() > AFTER_BYTES_MAX) {
            return Err(refused(Fault::new("/after", "schema.value", "expected `next` of the page before")));
        }
        Ok(ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

    #[test]
    fn an_import_that_is_misspelt_or_in_the_future_is_refused() {
        let parse = |query: &str| ImportAsk::parse(&format!("/p?{query}").parse().unwrap(), NOW);
        let ask =
            parse("first_row=501&dry_run=true&import=night-1&as_of=2025-11-22T08:00:00Z&note=a%20b").unwrap();
        assert_eq!((ask.first_row, ask.dry_run, ask.import.as_deref()), (Some(501), true, Some("night-1")));
        assert_eq!((ask.note.as_deref(), ask.as_of.is_some()), (Some("a b"), true));
        assert_eq!(parse("").unwrap(), ImportAsk::default());
        for query in
            ["dryrun=true", "first_row=-1", "as_of=2030-01-01T00:00:00Z", "as_of=today", "import=a/b"]
        {
            assert_eq!(parse(query).unwrap_err().status(), 400, "{query}");
        }
    }

    #[test]
    fn a_deletion_names_each_product_once_and_not_too_many() {
        let ids = DeleteAsk::parse(br#"{"ids":["mug","lamp","mug"]}"#).unwrap().ids;
        assert_eq!(ids.iter().map(ProductId::as_str).collect::<Vec<_>>(), ["lamp", "mug"]);
        for body in ["", "[]", "{}", r#"{"ids":[1]}"#, r#"{"ids":[""]}"#, r#"{"ids":"mug"}"#] {
            assert_eq!(DeleteAsk::parse(body.as_bytes()).unwrap_err().status(), 400, "{body}");
        }
        let many = json!({ "ids": vec!["mug"; DELETE_COUNT_MAX + 1] }).to_string();
        assert_eq!(DeleteAsk::parse(many.as_bytes()).unwrap_err().status(), 413);
    }
}
