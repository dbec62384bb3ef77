//! What listens on 127.0.0.1: HTTP/1.1 within bounds, so that a client that is slow, hostile or many costs bounded memory and
//! others are answered all the same. On AWS, API Gateway stands there instead.

mod body;
mod seats;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use body::{Answered, Asked};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use seats::{Doing, Seat, Seats};
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// Files that the process keeps for what is no connection.
const OTHER_FILES: u64 = 128;
/// How long nothing is accepted when the system has no more files: it has some once a connection has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// What clients may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Open connections. One more, and the one that has waited for its client for longest is closed.
    pub(super) connection_count: usize,
    /// Bytes of a request's line and headers, and of what is read ahead of a body; beyond it 431.
    pub(super) head_bytes: usize,
    /// Headers of a request; beyond it 431.
    pub(super) header_count: usize,
    /// How long a connection may take to send a request's line and headers, also when it is kept open for the next one.
    pub(super) head_time: Duration,
    /// How long a body may take as a whole; beyond it 408.
    pub(super) body_time: Duration,
    /// Bytes of bodies in memory, of all connections together. Beyond it the oldest of them is closed.
    pub(super) body_bytes: usize,
    /// How long requests in flight are waited for when the listener is asked to end.
    pub(super) end_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let for_connections = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
        Self {
            connection_count: for_connections.clamp(1, 1_024),
            head_bytes: 32 * 1024,
            header_count: 100,
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(30),
            body_bytes: 64 * 1024 * 1024,
            end_time: Duration::from_secs(5),
        }
    }
}

/// Serves until `end` resolves; then accepts nothing more, and returns when what was asked is answered. Watchers of a stream
/// without an end are not waited for.
pub(super) async fn serve(listener: TcpListener, app: Router, bounds: Bounds, end: impl Future<Output = ()>) {
    let seats = Seats::new(bounds.connection_count, bounds.body_bytes);
    let (ending, ends) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let seat = Arc::new(seats.take());
                    connections.spawn(connection(stream, app.clone(), bounds, seat, ends.clone()));
                }
                Err(error) => {
                    tracing::warn!(error = ?error, "a connection was not accepted");
                    seats.make_room();
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = &mut end => break,
        }
    }
    drop(listener);
    // Nobody may be connected.
    let _ = ending.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(bounds.end_time, all).await.is_err() {
        tracing::warn!(connection_count = connections.len(), "some requests were not answered in time");
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    bounds: Bounds,
    seat: Arc<Seat>,
    mut ends: watch::Receiver<bool>,
) {
    let of_requests = Arc::clone(&seat);
    let service =
        service_fn(move |request| answer(app.clone(), request, Arc::clone(&of_requests), bounds.body_time));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        .max_headers(bounds.header_count)
        .max_buf_size(bounds.head_bytes);
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A client that breaks off, or breaks a rule, is nothing to speak of.
        _ = served.as_mut() => return,
        () = seat.lost() => return,
        _ = ends.wait_for(|is_ending| *is_ending) => {}
    }
    if seat.is_watching() {
        return;
    }
    served.as_mut().graceful_shutdown();
    tokio::select! {
        _ = served => {}
        () = seat.lost() => {}
    }
}

async fn answer(
    app: Router,
    request: Request<Incoming>,
    seat: Arc<Seat>,
    body_time: Duration,
) -> Result<Response<Answered>, Infallible> {
    seat.begin(Doing::Waiting);
    let (parts, incoming) = request.into_parts();
    let (asked, whole) = Asked::new(incoming, Arc::clone(&seat));
    let answer = app.oneshot(Request::from_parts(parts, Body::new(asked)));
    let response = tokio::select! {
        Ok(response) = answer => response,
        () = late(whole, body_time) => too_late(),
    };
    if is_endless(&response) {
        seat.begin(Doing::Watching);
    }
    Ok(response.map(|body| Answered::new(body, seat)))
}

/// Resolves when the body is not whole in time.
async fn late(whole: oneshot::Receiver<()>, body_time: Duration) {
    if tokio::time::timeout(body_time, whole).await.is_ok() {
        std::future::pending().await
    }
}

fn too_late() -> Response<Body> {
    let mut response = StatusCode::REQUEST_TIMEOUT.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn is_endless(response: &Response<Body>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

#[cfg(test)]
mod tests;
