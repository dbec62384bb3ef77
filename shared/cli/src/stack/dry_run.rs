//! `POST /admin/v1/mail/dry-run`, which `beckon serve` alone has: on AWS the command reads the tables itself, because no
//! function holds another.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use beckon_domain::DurationMs;
use beckon_domain::key::WriteKeyKind;
use beckon_wire::auth::basic_user;
use beckon_wire::problem::Problem;
use cart_mailer::{MailTables, Mailer, dry_run_told};
use serde_json::Value;
use std::sync::Arc;

/// Bytes of a body.
const BODY_BYTES_MAX: usize = 1_024;

/// The route, for whoever holds a secret key.
pub(super) fn router<T, S, M, A>(mailer: Arc<Mailer<T, S, M, A>>) -> Router
where
    T: MailTables + 'static,
    S: Send + Sync + 'static,
    M: Send + Sync + 'static,
    A: Send + Sync + 'static,
{
    Router::new().route("/admin/v1/mail/dry-run", post(answer::<T, S, M, A>)).with_state(mailer)
}

async fn answer<T, S, M, A>(State(mailer): State<Arc<Mailer<T, S, M, A>>>, request: Request) -> Response
where
    T: MailTables,
    S: Send + Sync,
    M: Send + Sync,
    A: Send + Sync,
{
    let (parts, body) = request.into_parts();
    let user = parts.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).and_then(basic_user);
    let key = mailer.secrets.find_key(user.as_deref(), mailer.clock.now()).await;
    match key.map(|key| key.map(|key| key.kind)) {
        Ok(Some(WriteKeyKind::Secret)) => {}
        Ok(Some(WriteKeyKind::Publishable)) => {
            return Problem::forbidden("a publishable key shows no mails: send a secret key (sk_)")
                .into_response();
        }
        Ok(None) => return Problem::unauthorized().into_response(),
        Err(_) => return Problem::internal().into_response(),
    }
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let ask = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    let within = ask["withinMs"].as_u64().map_or(DurationMs::ZERO, DurationMs::from_ms);
    match mailer.dry_run(within).await {
        Ok(dry) => axum::Json(dry_run_told(&dry)).into_response(),
        Err(error) => {
            tracing::error!(error = ?error, "the dry run ended");
            Problem::internal().into_response()
        }
    }
}
