//! HTTP in, a page out.

use crate::error::PreferencesError;
use crate::page::Page;
use crate::process::Preferences;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use beckon_store::tables::OutreachStore;
use std::sync::Arc;

/// A form with one field needs no more.
const BODY_BYTES_MAX: usize = 4 * 1024;

/// The routes of preferences.
pub fn router<T: OutreachStore + 'static>(preferences: Arc<Preferences<T>>) -> Router {
    Router::new().route("/u/{token}", get(show::<T>).post(unsubscribe::<T>)).with_state(preferences)
}

async fn show<T: OutreachStore>(
    State(preferences): State<Arc<Preferences<T>>>,
    Path(token): Path<String>,
) -> Response {
    match preferences.open(&token) {
        Ok(_) => Page::ASK.respond(StatusCode::OK),
        Err(_) => Page::INVALID.respond(StatusCode::NOT_FOUND),
    }
}

async fn unsubscribe<T: OutreachStore>(
    State(preferences): State<Arc<Preferences<T>>>,
    Path(token): Path<String>,
    body: Body,
) -> Response {
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let form = String::from_utf8_lossy(&bytes);
    match preferences.unsubscribe(&token, &form).await {
        Ok(()) => Page::DONE.respond(StatusCode::OK),
        Err(PreferencesError::Token) => Page::INVALID.respond(StatusCode::NOT_FOUND),
        Err(PreferencesError::Body) => Page::UNCLEAR.respond(StatusCode::BAD_REQUEST),
        Err(error @ PreferencesError::Store(_)) => {
            tracing::error!(error = ?error, error.transient = error.is_transient(), "contact not unsubscribed");
            Page::LATER.respond(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
