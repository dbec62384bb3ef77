//! The page a person sees.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What the page says.
#[derive(Template)]
#[template(path = "page.html", escape = "html")]
pub struct Page {
    title: &'static str,
    text: &'static str,
    /// Whether to offer the button.
    asks: bool,
}

impl Page {
    /// Asks whether to unsubscribe.
    pub const ASK: Self = Self {
        title: "Unsubscribe",
        text: "No more e-mails about carts you left? One click is enough; nothing changes until you press it.",
        asks: true,
    };
    /// Confirms.
    pub const DONE: Self = Self {
        title: "You are unsubscribed",
        text: "We will not send you such e-mails any more. You can close this page.",
        asks: false,
    };
    /// The link is not ours.
    pub const INVALID: Self = Self {
        title: "This link is not valid",
        text: "Please open the link from the e-mail again, or answer the e-mail.",
        asks: false,
    };
    /// The body is not a wish to unsubscribe.
    pub const UNCLEAR: Self = Self {
        title: "Nothing was changed",
        text: "The request did not say what to do. Please press the button on the page.",
        asks: true,
    };
    /// The table failed.
    pub const LATER: Self = Self {
        title: "Please try again",
        text: "Your wish could not be stored just now. Please try again in a minute.",
        asks: true,
    };

    /// The page as an answer that no frame, script or referrer can make use of.
    pub fn respond(&self, status: StatusCode) -> Response {
        let html = self.render().unwrap_or_else(|_| self.title.to_owned());
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
