//! HTTP in, HTTP out.

use crate::process::{Browser, Decider};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use beckon_runtime::fresh_id;
use beckon_store::tables::catalog::CatalogStore;
use beckon_store::tables::{ConfigStore, ProfileStore};
use beckon_wire::auth::Credentials;
use beckon_wire::limits::BODY_BYTES_MAX;
use beckon_wire::problem::Problem;
use std::sync::Arc;

/// The routes of the decisions function.
pub fn router<T>(decider: Arc<Decider<T>>, allowed_origins: &[String]) -> Router
where
    T: ProfileStore + ConfigStore + CatalogStore + 'static,
{
    let decide = post(|State(decider): State<Arc<Decider<T>>>, request: Request| async move {
        answer(&decider, request).await
    })
    .fallback(|| async { Problem::method_not_allowed() });
    let client = get(crate::client::serve).fallback(|| async { Problem::method_not_allowed() });
    Router::new()
        .route("/v1/decisions", decide)
        .route("/v1/beckon.js", client)
        .with_state(decider)
        .layer(beckon_runtime::http::cors(allowed_origins))
        .layer(map_response(beckon_runtime::http::sealed))
}

async fn answer<T>(decider: &Decider<T>, request: Request) -> Response
where
    T: ProfileStore + ConfigStore + CatalogStore,
{
    let request_id = fresh_id();
    let (parts, body) = request.into_parts();
    let credentials = Credentials::of(&parts.headers);
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let browser = Browser {
        has_gpc: beckon_runtime::http::has_gpc(&parts.headers),
        is_bot: agent.is_some_and(beckon_wire::bots::is_bot),
    };
    let result = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(bytes) => decider.decide(&bytes, &credentials, browser, &request_id).await.map_err(|error| {
            if error.is_transient() {
                tracing::error!(request.id = request_id, error = ?error, "nothing to decide by");
            }
            error.into_problem()
        }),
        Err(_) => Err(Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken"))),
    };
    match result {
        Ok(answer) => {
            let mut response = axum::Json(answer).into_response();
            let private = HeaderValue::from_static("private, no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, private);
            response
        }
        Err(problem) => problem.for_request(&request_id).into_response(),
    }
}
