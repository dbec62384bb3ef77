//! HTTP in, HTTP out: paths, encodings and headers. What a request means is decided in `process`.

use crate::error::CollectError;
use crate::measuring::measures;
use crate::orders::Signed;
use crate::process::{Collector, Told};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use beckon_runtime::fresh_id;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ContactStore, ProductStore};
use beckon_wire::auth::Credentials;
use beckon_wire::capture::{CaptureAnswer, EventType, too_large};
use beckon_wire::limits::BODY_BYTES_MAX;
use beckon_wire::problem::Problem;
use beckon_wire::signature::SIGNATURE_HEADER;
use std::borrow::Cow;
use std::sync::Arc;

/// How long a browser may keep the settings of a source: as long as a key that was withdrawn may still be loaded.
const SETTINGS_CACHED: &str = "public, max-age=300";

/// The collector's routes.
pub fn router<S, C>(collector: Arc<Collector<S, C>>, allowed_origins: &[String]) -> Router
where
    S: EventStream + 'static,
    C: ContactStore + ProductStore + 'static,
{
    let single = |event_type: EventType| {
        post(move |State(collector): State<Arc<Collector<S, C>>>, request: Request| async move {
            answer(&collector, request, Some(event_type)).await
        })
        .fallback(method_not_allowed)
    };
    let batch = post(|State(collector): State<Arc<Collector<S, C>>>, request: Request| async move {
        answer(&collector, request, None).await
    });
    type Key = Result<Path<String>, PathRejection>;
    let settings = get(|State(collector): State<Arc<Collector<S, C>>>, key: Key| async move {
        // A path that is no text is no key.
        let key = key.map(|Path(key)| key).unwrap_or_default();
        match collector.settings(&key).await {
            Ok(settings) => {
                ([(header::CACHE_CONTROL, SETTINGS_CACHED)], axum::Json(settings)).into_response()
            }
            Err(error) => error.into_problem().for_request(&fresh_id()).into_response(),
        }
    });
    let back_office = post(|State(collector): State<Arc<Collector<S, C>>>, request: Request| async move {
        orders(&collector, request).await
    });
    // The one-letter paths are those of analytics.js in a browser, the words those of Segment's HTTP API.
    Router::new()
        .route("/v1/projects/{writeKey}/settings", settings.fallback(method_not_allowed))
        .route("/v1/batch", batch.clone().fallback(method_not_allowed))
        .route("/v1/b", batch.fallback(method_not_allowed))
        .route("/v1/t", single(EventType::Track))
        .route("/v1/i", single(EventType::Identify))
        .route("/v1/p", single(EventType::Page))
        .route("/v1/s", single(EventType::Screen))
        .route("/v1/a", single(EventType::Alias))
        .route("/v1/g", single(EventType::Group))
        .route("/v1/track", single(EventType::Track))
        .route("/v1/identify", single(EventType::Identify))
        .route("/v1/page", single(EventType::Page))
        .route("/v1/screen", single(EventType::Screen))
        .route("/v1/alias", single(EventType::Alias))
        .route("/v1/group", single(EventType::Group))
        .route("/v1/orders", back_office.fallback(method_not_allowed))
        .with_state(collector)
        .layer(beckon_runtime::http::cors(allowed_origins))
        .layer(map_response(beckon_runtime::http::sealed))
}

async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}

async fn answer<S: EventStream, C: ContactStore + ProductStore>(
    collector: &Collector<S, C>,
    request: Request,
    event_type: Option<EventType>,
) -> Response {
    let request_id = fresh_id();
    let (parts, body) = request.into_parts();
    let credentials = Credentials::of(&parts.headers);
    let result = async {
        let raw = read(body).await?;
        let bytes = decoded(&parts.headers, &raw)?;
        collector.collect(&bytes, &credentials, event_type, told(&parts.headers), &request_id).await
    };
    answered(collector, result.await, &request_id)
}

/// Orders of a back office: a secret key as the user of Basic auth, and a signature over the body as it was sent.
async fn orders<S: EventStream, C: ContactStore + ProductStore>(
    collector: &Collector<S, C>,
    request: Request,
) -> Response {
    let request_id = fresh_id();
    let (parts, body) = request.into_parts();
    let result = match read(body).await {
        Ok(raw) => {
            let signature = parts.headers.get(SIGNATURE_HEADER).and_then(|h| h.to_str().ok());
            let signed = Signed { raw: &raw, signature };
            let decoded = || decoded(&parts.headers, &raw);
            let credentials = Credentials::of(&parts.headers);
            collector.collect_orders(signed, decoded, &credentials, &request_id).await
        }
        Err(problem) => Err(problem.into()),
    };
    answered(collector, result, &request_id)
}

fn told(headers: &HeaderMap) -> Told<'_> {
    Told {
        user_agent: headers.get(header::USER_AGENT).and_then(|h| h.to_str().ok()),
        gpc: beckon_runtime::http::has_gpc(headers),
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    // A body that is cut off was so by the limit or by the client: in both cases too much for one request to tell
    // apart.
    to_bytes(body, BODY_BYTES_MAX + 1).await.map_err(|_| too_large())
}

fn answered<S, C>(
    collector: &Collector<S, C>,
    result: Result<CaptureAnswer, CollectError>,
    request_id: &str,
) -> Response {
    if collector.metrics.is_told() {
        collector.metrics.tell(&measures(&result), collector.clock.now());
    }
    match result {
        Ok(answer) => {
            let mut response = axum::Json(answer).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => {
            if error.is_transient() {
                tracing::warn!(request.id = request_id, error = ?error, "request not collected");
            }
            error.into_problem().for_request(request_id).into_response()
        }
    }
}

/// The body as it was before compression.
fn decoded<'a>(headers: &HeaderMap, raw: &'a [u8]) -> Result<Cow<'a, [u8]>, Problem> {
    let encoding = headers.get(header::CONTENT_ENCODING).map_or("", |h| h.to_str().unwrap_or("?"));
    beckon_wire::capture::decoded(encoding, raw)
}
