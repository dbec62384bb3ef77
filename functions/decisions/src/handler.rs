//! HTTP in, HTTP out.

use crate::error::DecideError;
use crate::preview;
use crate::process::{Browser, Decider};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use beckon_runtime::fresh_id;
use beckon_store::tables::catalog::CatalogStore;
use beckon_store::tables::{ConfigStore, ProfileStore};
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::{EverybodyAsk, MintAsk};
use beckon_wire::limits::BODY_BYTES_MAX;
use beckon_wire::problem::Problem;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What is of one person no cache may keep.
const PRIVATE: &str = "private, no-store";
/// What is everybody's may be a minute old, and five more while a newer one is fetched.
const PUBLIC: &str = "public, max-age=60, stale-while-revalidate=300";
/// What was answered with less than there is should not last.
const DEGRADED: &str = "no-store";

/// The routes of the decisions function.
pub fn router<T>(decider: Arc<Decider<T>>, allowed_origins: &[String]) -> Router
where
    T: ProfileStore + ConfigStore + CatalogStore + 'static,
{
    let client = get(crate::client::serve).fallback(|| async { Problem::method_not_allowed() });
    Router::new()
        .route("/v1/beckon.js", client)
        .route("/v1/decisions", only(post(decide::<T>)))
        .route("/v1/decisions/{decisionId}/explain", only(get(explain::<T>)))
        .route("/v1/recommendations/{slot}", only(get(recommend::<T>)))
        .route("/v1/previews", only(post(make_preview::<T>)))
        .with_state(decider)
        .layer(beckon_runtime::http::cors(allowed_origins))
        .layer(map_response(beckon_runtime::http::sealed))
}

/// A route of one method: any other is answered with a problem.
fn only<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    route.fallback(|| async { Problem::method_not_allowed() })
}

async fn decide<T>(State(decider): State<Arc<Decider<T>>>, request: Request) -> Response
where
    T: ProfileStore + ConfigStore + CatalogStore,
{
    let request_id = fresh_id();
    let (parts, body) = request.into_parts();
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let browser = Browser {
        has_gpc: beckon_runtime::http::has_gpc(&parts.headers),
        is_bot: agent.is_some_and(beckon_wire::bots::is_bot),
    };
    let bytes = match body_of(body).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            decider.tell_refused(problem.status());
            return problem.for_request(&request_id).into_response();
        }
    };
    let credentials = Credentials::of(&parts.headers);
    let begun = decider.timer.elapsed();
    match decider.begin(&bytes, &credentials, browser, &request_id).await {
        Ok(decided) => {
            let rendered = async { json(&decided.response, PRIVATE) };
            // What is written goes out first, and the answer is rendered while it is under way.
            let ((), response) = tokio::join!(decided.beside.done(), rendered);
            decider.tell_decided(&decided.response, begun);
            response
        }
        Err(error) => {
            let response = refused(error, &request_id);
            decider.tell_refused(response.status().as_u16());
            response
        }
    }
}

async fn explain<T>(
    State(decider): State<Arc<Decider<T>>>,
    Path(decision_id): Path<String>,
    headers: HeaderMap,
) -> Response
where
    T: Send + Sync,
{
    let request_id = fresh_id();
    match decider.explained(&decision_id, &Credentials::of(&headers)).await {
        Ok(explained) => json(&explained, PRIVATE),
        Err(error) => refused(error, &request_id),
    }
}

async fn recommend<T>(
    State(decider): State<Arc<Decider<T>>>,
    Path(slot): Path<String>,
    parts: Parts,
) -> Response
where
    T: ConfigStore + CatalogStore,
{
    let request_id = fresh_id();
    let credentials = Credentials::of(&parts.headers);
    let answered = async {
        let ask = EverybodyAsk::parse(&slot, &parts.uri)?;
        decider.everybody(&ask, &credentials).await
    };
    match answered.await {
        Ok(everybody) => {
            let kept = if everybody.is_degraded { DEGRADED } else { PUBLIC };
            tagged(&parts.headers, &everybody.response, kept)
        }
        Err(error) => refused(error, &request_id),
    }
}

async fn make_preview<T>(State(decider): State<Arc<Decider<T>>>, request: Request) -> Response
where
    T: Send + Sync,
{
    let request_id = fresh_id();
    let (parts, body) = request.into_parts();
    let credentials = Credentials::of(&parts.headers);
    let made = async {
        let now = decider.clock.now();
        let ask = MintAsk::parse(&body_of(body).await?)?;
        let key = decider.key_of(&credentials, None, now).await?;
        credentials.admit(&key)?;
        Ok(preview::minted(&ask, &key, &decider.secrets, now)?)
    };
    match made.await {
        Ok(minted) => json(&minted, PRIVATE),
        Err(error) => refused(error, &request_id),
    }
}

async fn body_of(body: Body) -> Result<axum::body::Bytes, Problem> {
    let read = to_bytes(body, BODY_BYTES_MAX).await;
    read.map_err(|_| Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken")))
}

fn refused(error: DecideError, request_id: &str) -> Response {
    if error.is_transient() {
        tracing::error!(request.id = request_id, error = ?error, "nothing to decide by");
    }
    error.into_problem().for_request(request_id).into_response()
}

fn json<B: Serialize>(body: &B, cache_control: &'static str) -> Response {
    let mut response = axum::Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

/// An answer with the tag of its bytes; without them where the caller has them.
fn tagged<B: Serialize>(asked: &HeaderMap, body: &B, cache_control: &'static str) -> Response {
    let Ok(bytes) = serde_json::to_vec(body) else { return Problem::internal().into_response() };
    let digest: String = Sha256::digest(&bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{digest}\"");
    let has_it = asked.get_all(header::IF_NONE_MATCH).iter().any(|known| names(known, &tag));
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether `If-None-Match` names a tag. Caches may have weakened it (RFC 9110, section 13.1.2).
fn names(header: &HeaderValue, tag: &str) -> bool {
    let known = header.to_str().unwrap_or_default().split(',').map(str::trim);
    known.map(|known| known.strip_prefix("W/").unwrap_or(known)).any(|known| known == tag || known == "*")
}
