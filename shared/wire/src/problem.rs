//! Errors over HTTP: RFC 9457 `application/problem+json`, with a stable `type` and a pointer to what is wrong.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What a problem's `type` begins with; README.md of this crate has a section for each.
const TYPE_BASE: &str = "urn:beckon:problem:";

/// One thing that is wrong with a request or an event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the value, from the root of the request or of the event.
    pub pointer: String,
    /// Stable code, such as `schema.type`.
    pub code: &'static str,
    /// What is wrong and what was expected, in one line.
    pub detail: String,
    /// The line in a text that is no JSON, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

impl Fault {
    /// A fault.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into(), line: None, column: None }
    }

    /// The same in a text that is no JSON; line 0 is the text as a whole.
    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        if line > 0 {
            (self.line, self.column) = (Some(line), Some(column));
        }
        self
    }
}

/// An error answer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    #[serde(rename = "type")]
    type_uri: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(rename = "requestId", skip_serializing_if = "String::is_empty")]
    request_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    #[serde(skip)]
    retry_after_secs: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, anchor: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            type_uri: format!("{TYPE_BASE}{anchor}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            request_id: String::new(),
            errors: Vec::new(),
            retry_after_secs: None,
        }
    }

    /// 400: the body is not what it should be.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }

    /// 401: no write key, or an unknown one. Says the same in both cases.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail =
            "send a live write key as the user of Basic auth (no password), or as `writeKey` in the body";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A write key is needed", detail)
    }

    /// 403: the key does not allow what was asked.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "The write key does not allow this", detail)
    }

    /// 404: nothing there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here", detail)
    }

    /// 405: another method is needed.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Another method is needed", "")
    }

    /// 413: too many events or bytes.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", detail)
    }

    /// 415: an encoding that is not understood.
    pub fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", "The encoding is not supported", detail)
    }

    /// 429: more events than one key or one visitor may send; the whole request may be sent again.
    #[must_use]
    pub fn too_many(whose: &str, retry_after_secs: u32) -> Self {
        let detail =
            format!("more events of this {whose} than are taken at once; send the same request again later");
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many events", detail);
        problem.retry_after_secs = Some(retry_after_secs);
        problem
    }

    /// 503: not now; the whole request may be sent again (event ids make that harmless).
    #[must_use]
    pub fn unavailable(retry_after_secs: u32) -> Self {
        let detail = "the events were not all taken; send the same request again";
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Please try again", detail);
        problem.retry_after_secs = Some(retry_after_secs);
        problem
    }

    /// 503: the table of keys did not answer, and never did: whether the key is live, nobody can say.
    #[must_use]
    pub fn keys_unavailable(retry_after_secs: u32) -> Self {
        let detail = "the write key could not be checked; send the same request again";
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Please try again", detail);
        problem.retry_after_secs = Some(retry_after_secs);
        problem
    }

    /// 503: no ruleset was ever published, so there is nothing to decide by.
    #[must_use]
    pub fn no_ruleset(retry_after_secs: u32) -> Self {
        let detail = "no valid ruleset is active: publish one";
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "no-ruleset", "There is nothing to decide by", detail);
        problem.retry_after_secs = Some(retry_after_secs);
        problem
    }

    /// 409: something else happened in between.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Something else happened in between", detail)
    }

    /// 422: a document of experiments that must not become live.
    pub fn experiments_refused(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "experiments-refused",
            "The experiments cannot become live",
            detail,
        )
    }

    /// 422: a ruleset that can be read and must not become live.
    pub fn ruleset_refused(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "ruleset-refused",
            "The ruleset cannot become live",
            detail,
        )
    }

    /// 422: content of mails that can be read and must not become live.
    pub fn mail_content_refused(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "mail-content-refused",
            "The content of mails cannot become live",
            detail,
        )
    }

    /// 503: the store did not answer, and a change may have been made all the same.
    #[must_use]
    pub fn uncertain(retry_after_secs: u32) -> Self {
        let detail = "the store did not answer, and what was asked for may be done: look at the history before asking again";
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "uncertain", "Please look, and try again", detail);
        problem.retry_after_secs = Some(retry_after_secs);
        problem
    }

    /// 503: part of it may be done; the same request again does the rest and counts nothing twice.
    #[must_use]
    pub fn unfinished(retry_after_secs: u32) -> Self {
        let detail = "the store did not take all of it; send the same request again: nothing counts twice";
        let mut problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Please try again", detail);
        problem.retry_after_secs = Some(retry_after_secs);
        problem
    }

    /// 500: the store refuses what the function does: a permission or a table is missing.
    #[must_use]
    pub fn internal() -> Self {
        let detail = "the store refused what was asked for; the function's log says why";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The function is not set up as it should be",
            detail,
        )
    }

    /// Adds what exactly is wrong.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.errors.push(fault);
        self
    }

    /// Adds the id under which the request is logged.
    #[must_use]
    pub fn for_request(mut self, request_id: &str) -> Self {
        request_id.clone_into(&mut self.request_id);
        self
    }

    /// Seconds after which the same request may be sent again, if that is what it says.
    #[must_use]
    pub const fn retry_after_secs(&self) -> Option<u32> {
        self.retry_after_secs
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"beckon\", charset=\"UTF-8\"");
            headers.insert(HeaderName::from_static("www-authenticate"), challenge);
        }
        response
    }
}
