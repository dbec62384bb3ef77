//! The laptop's own pages beside the functions' routes: `/healthz`, `/live`, `/inbox`, `/bus`, `/metrics`, and a way in.

use crate::feed::Feed;
use crate::stack::{Stack, Tables};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use beckon_domain::key::WriteKeyKind;
use beckon_runtime::metrics::Registry;
use beckon_runtime::{Clock, Secrets};
use beckon_store::bus::memory::MemoryBus;
use beckon_store::bus::{BusEvent, SOURCE};
use beckon_store::objects::FailedEventStore;
use beckon_wire::auth::basic_user;
use beckon_wire::format_time;
use beckon_wire::problem::Problem;
use cart_mailer::send::recording::{Recorded, RecordingSender};
use cart_mailer::send::{Email, SendEmail};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::wrappers::{BroadcastStream, IntervalStream};

/// Bytes of a decisions answer that are looked at for the feed.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Events of the bus that are shown.
const BUS_EVENTS_SHOWN: usize = 1_000;
const PAGE_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; frame-src 'self'";
/// A mail is somebody's HTML: it may show styles and pictures and do nothing.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; sandbox";

#[derive(Clone)]
struct Pages {
    feed: Arc<Feed>,
    keys: Secrets,
    clock: Clock,
    inbox: RecordingSender,
    bus: MemoryBus,
    registry: Registry,
}

/// Everything that is served.
pub fn app<T: Tables, F: FailedEventStore + Clone + 'static>(
    stack: Arc<Stack<T, F>>,
    feed: Arc<Feed>,
    registry: Registry,
) -> Router {
    let pages = Pages {
        keys: stack.secrets.clone(),
        clock: stack.clock.clone(),
        feed: Arc::clone(&feed),
        inbox: stack.sender.clone(),
        bus: stack.bus.clone(),
        registry,
    };
    let tap = from_fn(move |request: Request, next: Next| {
        let feed = Arc::clone(&feed);
        async move { tap_decisions(request, next, &feed).await }
    });
    let own = Router::new()
        .route("/", get(|| async { Redirect::temporary("/live") }))
        .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/live", get(|| async { page(include_str!("../pages/live.html")) }))
        .route("/live/feed", get(live_feed))
        .route("/inbox", get(|| async { page(include_str!("../pages/inbox.html")) }))
        .route("/bus", get(bus_events))
        .route("/metrics", get(metrics))
        .route("/inbox/mails", get(inbox_mails))
        .route("/inbox/mails/{id}/html", get(mail_html))
        .route("/admin/v1/mail/test-send", post(test_send))
        .route("/assets/beckon.css", get(|| async { asset("text/css", include_str!("../pages/common.css")) }))
        .route(
            "/assets/live.js",
            get(|| async { asset("text/javascript", include_str!("../pages/live.js")) }),
        )
        .route(
            "/assets/inbox.js",
            get(|| async { asset("text/javascript", include_str!("../pages/inbox.js")) }),
        )
        .with_state(pages);
    let nothing =
        || async { Problem::not_found("see / for what there is to watch, and the README for the API") };
    stack.router().layer(tap).merge(own).fallback(nothing)
}

fn page(html: &'static str) -> Response {
    secured(Html(html).into_response(), PAGE_POLICY)
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

fn secured(mut response: Response, policy: &'static str) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cache-control"), "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn live_feed(State(pages): State<Pages>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (backlog, receiver) = pages.feed.watch();
    // A watcher that fell behind loses messages; its browser shows what comes next.
    let new = BroadcastStream::new(receiver).filter_map(|message| async move { message.ok() });
    let feed = pages.feed;
    let totals =
        IntervalStream::new(tokio::time::interval(Duration::from_secs(1))).map(move |_| feed.totals());
    let messages = futures_util::stream::iter(backlog).chain(futures_util::stream::select(new, totals));
    Sse::new(messages.map(|message| Ok(Event::default().data(message)))).keep_alive(KeepAlive::default())
}

async fn inbox_mails(State(pages): State<Pages>) -> Json<Vec<Value>> {
    Json(pages.inbox.mails().iter().rev().map(mail).collect())
}

/// What functions measured since the start, as Prometheus reads it.
async fn metrics(State(pages): State<Pages>) -> Response {
    let headers = [(header::CONTENT_TYPE, Registry::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, pages.registry.text()).into_response()
}

/// What others would hear of on EventBridge, newest first.
async fn bus_events(State(pages): State<Pages>) -> Json<Value> {
    let event = |event: &BusEvent| {
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        json!({ "source": SOURCE, "detail-type": event.detail_type, "time": format_time(event.at), "detail": detail })
    };
    let events: Vec<Value> = pages.bus.events().iter().rev().take(BUS_EVENTS_SHOWN).map(event).collect();
    Json(json!({ "count": pages.bus.put_count(), "events": events }))
}

fn mail(recorded: &Recorded) -> Value {
    let email = &recorded.email;
    let episode = email.tags.iter().find(|(name, _)| name == "episode").map(|(_, value)| value.as_str());
    json!({
        "id": recorded.id, "at": recorded.at.as_ms(), "from": email.from, "to": email.to, "subject": email.subject,
        "text": email.text, "headers": email.headers, "episode": episode,
    })
}

async fn mail_html(State(pages): State<Pages>, Path(id): Path<String>) -> Response {
    match pages.inbox.mails().into_iter().find(|recorded| recorded.id == id) {
        Some(recorded) => secured(Html(recorded.email.html).into_response(), MAIL_POLICY),
        None => Problem::not_found("no such mail").into_response(),
    }
}

/// A mail that somebody looks at before it is live: it lands in the inbox, and no ledger hears of it.
async fn test_send(State(pages): State<Pages>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let user = parts.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).and_then(basic_user);
    let key = pages.keys.find_key(user.as_deref(), pages.clock.now()).await.ok().flatten();
    if key.map(|key| key.kind) != Some(WriteKeyKind::Secret) {
        return Problem::unauthorized().into_response();
    }
    let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
    let Ok(told) = serde_json::from_slice::<Value>(&bytes) else {
        return Problem::bad_request("the body must be a JSON object with from, to, subject, text and html")
            .into_response();
    };
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let email = Email {
        from: text("from"),
        to: text("to"),
        subject: text("subject"),
        text: text("text"),
        html: text("html"),
        headers: Vec::new(),
        tags: Vec::new(),
    };
    match pages.inbox.send(&email).await {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err(error) => Problem::bad_request(error.to_string()).into_response(),
    }
}

/// Shows the answers of the decisions API to the feed, and passes them on untouched.
async fn tap_decisions(request: Request, next: Next, feed: &Feed) -> Response {
    let is_decision = request.uri().path() == "/v1/decisions";
    let response = next.run(request).await;
    if !is_decision || response.status() != StatusCode::OK {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(answer) = serde_json::from_slice(&bytes) {
        feed.decisions(&answer);
    }
    Response::from_parts(parts, Body::from(bytes))
}
