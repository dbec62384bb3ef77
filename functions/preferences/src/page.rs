//! The page a person sees.

use crate::form::UNDO;
use crate::language::Language;
use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a page says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    /// Asks whether to unsubscribe.
    Ask,
    /// Confirms; with a token, offers to take it back.
    Done(Option<String>),
    /// Confirms that it was taken back.
    Undone,
    /// There was nothing to take back.
    NotUndone,
    /// The link is not ours.
    Invalid,
    /// The body is no wish.
    Unclear,
    /// The body is too long.
    TooLong,
    /// The method is not one of the page's.
    Method,
    /// The table failed.
    Later,
}

#[derive(Template)]
#[template(path = "page.html", escape = "html")]
struct View<'a> {
    language: &'static str,
    title: &'static str,
    text: &'static str,
    /// Label of the button that unsubscribes, where it is offered.
    ask: Option<&'static str>,
    /// Label and token of the button that takes it back, where it is offered.
    undo: Option<(&'static str, &'a str)>,
    undo_field: &'static str,
}

impl Page {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Ask | Self::Done(_) | Self::Undone => StatusCode::OK,
            Self::NotUndone => StatusCode::CONFLICT,
            Self::Invalid => StatusCode::NOT_FOUND,
            Self::Unclear => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Later => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn words(&self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::English => self.english(),
            Language::German => self.german(),
        }
    }

    const fn english(&self) -> (&'static str, &'static str) {
        match self {
            Self::Ask => (
                "Unsubscribe",
                "No more e-mails about carts you left? One click is enough; nothing changes until you press it.",
            ),
            Self::Done(_) => (
                "You are unsubscribed",
                "We will not send you such e-mails any more. You can close this page.",
            ),
            Self::Undone => ("You are subscribed again", "We will remind you of carts you left, as before."),
            Self::NotUndone => ("Nothing was changed", "There is nothing that could be taken back here."),
            Self::Invalid => (
                "This link is not valid",
                "Please open the link from the e-mail again, or answer the e-mail.",
            ),
            Self::Unclear => (
                "Nothing was changed",
                "The request did not say what to do. Please press the button on the page.",
            ),
            Self::TooLong => ("Nothing was changed", "The request was too long."),
            Self::Method => {
                ("Nothing was changed", "This page can be opened and its button pressed, no more.")
            }
            Self::Later => {
                ("Please try again", "Your wish could not be stored just now. Please try again in a minute.")
            }
        }
    }

    const fn german(&self) -> (&'static str, &'static str) {
        match self {
            Self::Ask => (
                "Abmelden",
                "Keine E-Mails mehr zu Warenkörben, die Sie verlassen haben? Ein Klick genügt; vorher ändert sich nichts.",
            ),
            Self::Done(_) => (
                "Sie sind abgemeldet",
                "Wir schicken Ihnen keine solchen E-Mails mehr. Sie können diese Seite schließen.",
            ),
            Self::Undone => {
                ("Sie sind wieder angemeldet", "Wir erinnern Sie wie zuvor an verlassene Warenkörbe.")
            }
            Self::NotUndone => {
                ("Es wurde nichts geändert", "Hier gibt es nichts, was zurückgenommen werden könnte.")
            }
            Self::Invalid => (
                "Dieser Link ist ungültig",
                "Bitte öffnen Sie den Link aus der E-Mail noch einmal, oder antworten Sie auf die E-Mail.",
            ),
            Self::Unclear => (
                "Es wurde nichts geändert",
                "Die Anfrage sagte nicht, was zu tun ist. Bitte drücken Sie den Knopf auf der Seite.",
            ),
            Self::TooLong => ("Es wurde nichts geändert", "Die Anfrage war zu lang."),
            Self::Method => (
                "Es wurde nichts geändert",
                "Diese Seite kann geöffnet und ihr Knopf gedrückt werden, mehr nicht.",
            ),
            Self::Later => (
                "Bitte versuchen Sie es noch einmal",
                "Ihr Wunsch konnte gerade nicht gespeichert werden. Bitte versuchen Sie es in einer Minute noch einmal.",
            ),
        }
    }

    fn html(&self, language: Language) -> String {
        let (title, text) = self.words(language);
        let (ask, undo) = match language {
            Language::English => ("Unsubscribe", "I did not mean that: subscribe again"),
            Language::German => ("Abmelden", "Das war ein Versehen: wieder anmelden"),
        };
        let view = View {
            language: language.tag(),
            title,
            text,
            ask: matches!(self, Self::Ask | Self::Unclear | Self::Later).then_some(ask),
            undo: match self {
                Self::Done(Some(token)) => Some((undo, token)),
                _ => None,
            },
            undo_field: UNDO,
        };
        view.render().unwrap_or_else(|_| title.to_owned())
    }

    /// The page as an answer that no frame, script, cache or referrer can make use of.
    pub(crate) fn respond(&self, language: Language) -> Response {
        let mut response = (self.status(), self.html(language)).into_response();
        let headers = response.headers_mut();
        let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_LANGUAGE, language.tag()),
            (header::VARY, "accept-language"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if *self == Self::Method {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }
}
