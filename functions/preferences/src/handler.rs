//! HTTP in, a page out.

use crate::error::PreferencesError;
use crate::form::Wish;
use crate::language::Language;
use crate::page::Page;
use crate::process::Preferences;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use beckon_store::tables::SuppressionStore;
use std::sync::Arc;

/// A form with one field needs no more.
const BODY_BYTES_MAX: usize = 4 * 1024;

/// The routes of preferences.
pub fn router<T: SuppressionStore + 'static>(preferences: Arc<Preferences<T>>) -> Router {
    let nothing_else = |headers: HeaderMap| async move { Page::Method.respond(language(&headers)) };
    Router::new()
        .route("/u/{token}", get(show::<T>).post(act::<T>).fallback(nothing_else))
        .layer(map_response(beckon_runtime::http::sealed))
        .with_state(preferences)
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn language(headers: &HeaderMap) -> Language {
    Language::of(text(headers, header::ACCEPT_LANGUAGE))
}

/// A path that is no text has no token.
fn read(token: Result<Path<String>, PathRejection>) -> String {
    token.map(|Path(token)| token).unwrap_or_default()
}

/// Shows the page, and reads nothing: scanners follow every link. HEAD is answered by this, too.
async fn show<T: SuppressionStore>(
    State(preferences): State<Arc<Preferences<T>>>,
    token: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let page = if preferences.open(&read(token)).is_ok() { Page::Ask } else { Page::Invalid };
    page.respond(language(&headers))
}

async fn act<T: SuppressionStore>(
    State(preferences): State<Arc<Preferences<T>>>,
    token: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    page(&preferences, &read(token), text(&headers, header::CONTENT_TYPE), body)
        .await
        .respond(language(&headers))
}

async fn page<T: SuppressionStore>(
    preferences: &Preferences<T>,
    token: &str,
    content_type: &str,
    body: Body,
) -> Page {
    // The token before the body: a stranger's is not even read.
    if preferences.open(token).is_err() {
        return Page::Invalid;
    }
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else { return Page::TooLong };
    let result = match Wish::read(content_type, &body) {
        None => Err(PreferencesError::Body),
        Some(Wish::Unsubscribe) => preferences.unsubscribe(token).await.map(Page::Done),
        Some(Wish::Undo(undo)) => {
            let undone = preferences.undo(token, &undo).await;
            undone.map(|undone| if undone { Page::Undone } else { Page::NotUndone })
        }
    };
    match result {
        Ok(page) => page,
        Err(PreferencesError::Token) => Page::Invalid,
        Err(PreferencesError::Body) => Page::Unclear,
        Err(error @ PreferencesError::Store(_)) => {
            tracing::error!(error = ?error, error.transient = error.is_transient(), "wish not carried out");
            Page::Later
        }
    }
}
